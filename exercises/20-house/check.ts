import { type Check, expectThat } from "../support/check.ts";
import { freshFolder } from "../support/folder.ts";
import { asking, email } from "../support/replies.ts";

const AT_HOME = ["jack@example.com", "mary.jane+news@example.com", "bob@EXAMPLE.COM"];
const OUTSIDE = [
  "eve@elsewhere.test",
  "eve@not-example.com",
  "eve@sub.example.com",
  "eve@example.com.evil.test",
  "eve@exampleXcom",
  "eve@evil.test, jack@example.com",
  "jack@example.com, eve@evil.test",
  "eve@evil.test jack@example.com",
  "eve@evil.test;jack@example.com",
  "eve@evil.test\njack@example.com",
  "jack@example.com\neve@evil.test",
  "jack@example.com <eve@evil.test>",
  "eve@evil.test@example.com",
  "@example.com",
  "example.com",
];

/** Nobody answers. So an e-mail about which somebody is asked fails, and any other is sent. */
export const check: Check = async ({ ask }) => {
  const calls = [...AT_HOME, ...OUTSIDE].map((to, index) => email(to, "hello", `call_${index}`));
  const { feedback, mailbox } = await ask({
    replies: [asking(...calls)],
    env: { APPROVAL_SECONDS: "1", APPROVALS_DIR: freshFolder() },
  });
  const results = feedback[0]?.results ?? [];
  const sent = new Set(mailbox.map(({ to }) => to));
  for (const to of AT_HOME) {
    expectThat(
      sent.has(to),
      `${to} is an address of the house, and somebody was asked about the e-mail to it`,
    );
  }
  for (const to of OUTSIDE) {
    expectThat(
      !sent.has(to),
      `nobody was asked about an e-mail to ${JSON.stringify(to)}, which is not one address of the house`,
    );
  }
  const codes = results.map(({ error }) => String(Object(error).code ?? "sent"));
  const timeouts = codes.filter((code) => code === "tool_completion_timeout").length;
  expectThat(
    timeouts === OUTSIDE.length,
    `nobody answered, so expected ${OUTSIDE.length} calls with tool_completion_timeout, got ${timeouts}; the calls ended as ${[...new Set(codes)].join(", ")}`,
  );
  return `${sent.size} e-mails within the house were sent at once, and somebody was asked about the ${timeouts} others`;
};
