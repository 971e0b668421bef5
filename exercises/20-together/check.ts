import { type Check, expectThat } from "../support/check.ts";
import { freshFolder } from "../support/folder.ts";
import { asking, email, saying, weather } from "../support/replies.ts";

const PATIENCE_MS = 5_000;
/** Three other programs run meanwhile. */
const LIMIT_MS = 60_000;

type Pending = { readonly key: string; readonly text: string };

/** The pending calls, as approve.ts lists them. */
function readPending(stdout: string): Pending[] {
  return stdout.split("\n").flatMap((line) => {
    const [, key, text] = /^(\S+) {2}(.*)$/.exec(line) ?? [];
    return key && text ? [{ key, text }] : [];
  });
}

/** While the forecast runs, both e-mails are pending. Eve's is approved and sent while Bob's is pending. */
export const check: Check = async ({ ask, run }) => {
  const env = { APPROVALS_DIR: freshFolder() };
  const approve = (...words: readonly string[]) => run(words, { file: "approve.ts", env });
  const listPending = async () => readPending((await approve()).stdout);
  const sent: string[] = [];
  const heard = { begun: false, pending: "", late: "" };
  let keys: readonly string[] = [];
  let isOver = false;
  let patience: NodeJS.Timeout | undefined;
  // Without this, the program would wait for a minute and more.
  const denyAll = async () => {
    heard.late = heard.begun
      ? "Eve's e-mail was approved, and it was not sent while Bob's was pending"
      : `LA's forecast needs nobody's consent, and it had not begun after ${PATIENCE_MS / 1_000} seconds; an e-mail was pending`;
    while (!isOver) for (const { key } of await listPending()) await approve(key, "no");
  };
  const beginPatience = () => {
    clearTimeout(patience);
    patience = setTimeout(denyAll, PATIENCE_MS);
  };
  const { feedback } = await ask({
    replies(step) {
      if (step > 0) return saying("done");
      beginPatience();
      return asking(email("bob@example.com"), email("eve@example.com"), weather("LA"));
    },
    tools: {
      async get_weather() {
        if (heard.late) return "sunny";
        clearTimeout(patience);
        heard.begun = true;
        const pending = await listPending();
        const found = ["bob", "eve"].map((name) => {
          return pending.find(({ text }) => text.includes(`${name}@example.com`));
        });
        keys = found.flatMap((one) => one?.key ?? []);
        heard.pending = found.flatMap((one) => one?.text ?? []).join(" and ");
        const [, eve] = keys;
        if (eve) await approve(eve, "yes");
        beginPatience();
        return "sunny";
      },
      async send_email({ to = "" }) {
        sent.push(to);
        clearTimeout(patience);
        const [bob] = keys;
        if (to.startsWith("eve") && bob) void approve(bob, "yes");
        return undefined;
      },
    },
    env,
    limit: LIMIT_MS,
  });
  isOver = true;
  clearTimeout(patience);
  expectThat(
    !heard.begun || keys.length === 2,
    `while the forecast ran, expected the e-mails to Bob and Eve to be pending; pending was ${heard.pending || "nothing"}`,
  );
  expectThat(heard.late === "", heard.late);
  expectThat(
    sent.join() === "eve@example.com,bob@example.com",
    `Eve's e-mail was approved first and Bob's later; they were sent in the order ${sent.join(", ") || "of none"}`,
  );
  const came = feedback[0]?.results.map(({ id }) => id).join(", ");
  const asked = "bob@example.com, eve@example.com, LA";
  expectThat(came === asked, `expected the results of ${asked}, in this order; got ${came}`);
  return `two e-mails were pending while the forecast ran; Eve's was approved and sent first, and the results came as ${came}`;
};
