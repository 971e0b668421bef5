import { type Check, expectThat } from "../support/check.ts";
import { asking, email } from "../support/replies.ts";

const CAROL = "carol@lossy.example";
const BOB = "bob@example.com";

/** The attempts of a call have one key, and equal calls, in one reply or in two, have keys of their own. */
export const check: Check = async ({ askEach }) => {
  const keys = new Map<string, string[]>();
  const toBob = email(BOB, "hello", "mail");
  const { mailbox } = await askEach([[asking(email(CAROL)), asking(toBob, toBob), asking(toBob)]], {
    tools: {
      send_email({ to = "" }, { key = "no key" }) {
        keys.set(to, [...(keys.get(to) ?? []), key]);
      },
    },
  });
  const mailsTo = (address: string) => mailbox.filter(({ to }) => to === address).length;
  const [carols = [], bobs = []] = [keys.get(CAROL), keys.get(BOB)];
  const [key = "no key"] = carols;
  const distinct = new Set(carols).size;
  expectThat(
    carols.length === 2,
    `expected two attempts for Carol, as the first fails; there were ${carols.length}`,
  );
  expectThat(
    distinct === 1,
    `expected the attempts for Carol to carry one key; they carried ${distinct}, and Carol has ${mailsTo(CAROL)} e-mails`,
  );
  expectThat(
    key !== "no key",
    `expected each attempt to carry a key; the two for Carol carried none, and she has ${mailsTo(CAROL)} e-mails`,
  );
  expectThat(
    new Set([...bobs, key]).size === bobs.length + 1 && bobs.length === 3,
    `expected three equal e-mails to Bob to have keys of their own; they had ${bobs.join(", ")}, and Carol's had ${key}`,
  );
  expectThat(mailsTo(BOB) === 3, `expected 3 e-mails for Bob, got ${mailsTo(BOB)}`);
  expectThat(mailsTo(CAROL) === 1, `expected 1 e-mail for Carol, got ${mailsTo(CAROL)}`);
  return `both attempts for Carol carried the key ${key}, and she has one e-mail; three equal e-mails to Bob had three other keys, and all were sent`;
};
