import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";
import { countMails, freshFolder } from "../support/folder.ts";

const Prediction = z.object({ responses: z.number(), chat: z.number(), mails: z.number() });

/** Three programs at once take longer on a busy machine. The pace of the stream does not matter. */
const LIMIT_MS = 60_000;
const FAST = { OFFLINE_TOKENS_PER_SECOND: "1000" };

/** How many results a run has printed. */
function countResults(stdout: string): number {
  return [...stdout.matchAll(/^ {4}"result":/gm)].length;
}

/** The prediction is what the demo prints over both protocols, and what lies in the mailbox. */
export const check: Check = async ({ predicted, run }) => {
  const WORLD_DIR = freshFolder();
  const mail = "Send an email to bob@example.com saying hello.";
  const prediction = await predicted(Prediction);
  const [overResponses, overChat] = await Promise.all([
    run([], { env: FAST, limit: LIMIT_MS }),
    run([], { env: { ...FAST, OPENAI_PROTOCOL: "chat" }, limit: LIMIT_MS }),
    run([mail], { env: { ...FAST, WORLD_DIR }, limit: LIMIT_MS }),
  ]);
  const [responses, chat] = [overResponses, overChat].map(({ stdout }) => countResults(stdout));
  expectThat(
    prediction.responses === responses,
    `responses: the prediction is ${prediction.responses}, but over the Responses API each call has an event that says it is complete`,
  );
  expectThat(
    prediction.chat === chat,
    `chat: the prediction is ${prediction.chat}, but over Chat Completions no event says that a call is complete; what has come after each of the three?`,
  );
  expectThat(
    prediction.mails === countMails(WORLD_DIR),
    `mails: the prediction is ${prediction.mails}; the call was complete, and the reply was not: does this tool's call start before the end?`,
  );
  const sent = `${prediction.mails} e-mails were sent`;
  return `the reply broke off: ${responses} forecasts ran over the Responses API, ${chat} over Chat Completions, and ${sent}, as predicted`;
};
