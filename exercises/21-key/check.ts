import { join } from "node:path";
import { type Check, expectThat } from "../support/check.ts";
import { countMails, freshFolder } from "../support/folder.ts";
import { asking, email, type Reply } from "../support/replies.ts";

const mail = (id: string) => email("bob@example.com", "hello", id);
/** The second step uses an id of the first. */
const REPLIES: readonly Reply[] = [asking(mail("send"), mail("send_2")), asking(mail("send"))];
const WANTED = 3;

/** A run is killed between an e-mail and its line. The rerun sends what is missing, and so does another run. */
export const check: Check = async ({ ask }) => {
  const WORLD_DIR = freshFolder();
  const keys: (string | undefined)[] = [];
  const live = (journal: string, KILL_AT = "") => {
    return ask({
      replies: REPLIES,
      tools: {
        send_email(_args, { key }) {
          keys.push(key);
          return undefined;
        },
      },
      env: { WORLD_DIR, JOURNAL: join(WORLD_DIR, journal), KILL_AT },
      mayFail: KILL_AT !== "",
    });
  };
  const { code } = await live("journal.jsonl", "after step 1 call 0");
  expectThat(
    code !== 0,
    "expected the first run to be killed after the call 0 of step 1; it ended well",
  );
  await live("journal.jsonl");
  const came = countMails(WORLD_DIR);
  expectThat(
    came === WANTED,
    `the model asked for ${WANTED} e-mails to Bob, and call ids came twice; after a kill and a rerun, the mailbox has ${came}`,
  );
  const ended = new Set(keys).size;
  await live("other.jsonl");
  const more = countMails(WORLD_DIR) - came;
  expectThat(
    more === WANTED,
    `another run asked for ${WANTED} e-mails to Bob; the mailbox has ${more} more`,
  );
  return `${keys.length} calls of the tool carried ${new Set(keys).size} keys, ${ended} in the run that was killed and gone on with; the mailbox has each of the ${came + more} e-mails once`;
};
