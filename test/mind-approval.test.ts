// What the offline model says about e-mails that people did not approve.
import { expect, test } from "vitest";
import type { Exchange } from "../shared/offline/mind/conversation.ts";
import { plan } from "../shared/offline/mind/plan.ts";
import { TOOLS } from "./support/small-world.ts";

const BOB = "Send an email to bob@example.com saying hello.";
const BOTH = `${BOB} Send one to eve@example.com saying goodbye.`;

function mail(to: string, result: unknown): Exchange {
  const message = to.startsWith("bob") ? "hello" : "goodbye";
  return { name: "send_email", args: { from: "a@example.com", to, message }, result };
}

function failed(code: string, message: string) {
  return { error: { class: "any", code, message } };
}

const DENIED = failed("approval_denied", "not today");
const LATE = failed("tool_completion_timeout", "nobody approved it in time");
const BROKEN = failed("tool_error", "the mailbox is full");

test.each([
  [
    "one was denied",
    BOB,
    [mail("bob@example.com", DENIED)],
    "I didn't send the e-mail: not today.",
  ],
  [
    "nobody approved one",
    BOB,
    [mail("bob@example.com", LATE)],
    "I didn't send the e-mail: nobody approved it in time.",
  ],
  [
    "one of two was denied",
    BOTH,
    [mail("bob@example.com", "message sent"), mail("eve@example.com", DENIED)],
    "Done! I've sent the e-mail to bob@example.com. I didn't send the e-mail to eve@example.com: not today.",
  ],
  [
    "one was denied, and nobody approved the other",
    BOTH,
    [mail("bob@example.com", DENIED), mail("eve@example.com", LATE)],
    "I didn't send the e-mail to bob@example.com: not today. I didn't send the e-mail to eve@example.com: nobody approved it in time.",
  ],
  [
    "one was denied, and the other could not be sent",
    BOTH,
    [mail("bob@example.com", DENIED), mail("eve@example.com", BROKEN)],
    "I didn't send the e-mail to bob@example.com: not today. Sending the e-mail to eve@example.com failed: the mailbox is full. I don't know whether it was sent.",
  ],
  [
    "one could not be sent",
    BOB,
    [mail("bob@example.com", BROKEN)],
    "Sending the e-mail failed: the mailbox is full. I don't know whether it was sent.",
  ],
])("it does not ask again, and tells what became of it: %s", (_, question, exchanges, answer) => {
  const { calls, text } = plan({ question, exchanges, tools: TOOLS });
  expect(calls).toEqual([]);
  expect(text).toBe(answer);
});
