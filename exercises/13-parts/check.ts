import { setTimeout as wait } from "node:timers/promises";
import { type Check, expectThat } from "../support/check.ts";
import { makeMeeting } from "../support/meet.ts";
import { asking, call, email } from "../support/replies.ts";

function letter(to: unknown, message: string) {
  return call(message, "send_email", { from: "weather-bot@example.com", to, message });
}

/** E-mails to two people overlap; those to one person, or to somebody unknown yet, keep their order. */
export const check: Check = async ({ ask }) => {
  const meeting = makeMeeting(2, "the e-mails to Bob and Carol");
  const trail: string[] = [];
  const { feedback } = await ask({
    replies: [
      asking(email("Bob"), email("Carol"), call("list", "list_emails")),
      asking(letter("Dave", "1"), letter("Dave", "2")),
      asking(call("list", "list_emails"), letter("Eve", "3"), call("list", "list_emails")),
      asking(
        call("me", "get_user_profile"),
        letter("Jack", "4"),
        letter({ $from: "me", path: "name" }, "5"),
        letter("Jack", "6"),
      ),
    ],
    tools: {
      get_user_profile: () => ({ name: "Jack" }),
      send_email: async ({ message = "" }) => {
        if (message === "hello") return meeting.come();
        trail.push(`(${message}`);
        // A call that does not wait for this one starts meanwhile.
        await wait(100);
        trail.push(`${message})`);
        return undefined;
      },
    },
  });
  meeting.expectAll();
  const seen = feedback.map(({ results }) => {
    return results.flatMap(({ id, result }) => (id === "list" ? Object(result).length : []));
  });
  expectThat(
    seen[0]?.[0] === 2,
    `expected list_emails to see both e-mails that were asked for before it; it saw ${seen[0]?.[0]}`,
  );
  const trailOf = (...messages: string[]) => {
    return trail.filter((mark) => messages.some((one) => mark.includes(one))).join(" ");
  };
  expectThat(
    trailOf("1", "2") === "(1 1) (2 2)",
    `expected two e-mails to Dave one after the other, (1 1) (2 2); they ran as ${trailOf("1", "2")}`,
  );
  expectThat(
    seen[2]?.join() === "4,5",
    `expected a list before an e-mail to see 4 mails, and one after it 5; they saw ${seen[2]?.join(" and ")}`,
  );
  expectThat(
    trailOf("4", "5", "6") === "(4 4) (5 5) (6 6)",
    `expected (4 4) (5 5) (6 6), as the address of 5 is not known when the reply comes; the e-mails ran as ${trailOf("4", "5", "6")}`,
  );
  return "the e-mails to Bob and Carol ran at the same time, those to one person or to an unknown one kept their order, and a list saw all e-mails before it";
};
