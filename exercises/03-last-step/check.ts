import { type Check, expectThat } from "../support/check.ts";
import { asking, type Reply, saying, weather } from "../support/replies.ts";

const MAX = 10;
const NOTE = "This is the last step: reply with a message.";
const BAD: Reply = { raw: "Let me look." };
const CALL = asking(weather("LA"));

const lastLine = (text = "") => text.trimEnd().split("\n").at(-1);

/** The line is in the last request only, after a result or an error, and the last reply's call does not run. */
export const check: Check = async ({ askEach }) => {
  let calls = 0;
  const { runs } = await askEach(
    [
      () => CALL,
      (step) => (step === MAX - 2 ? BAD : CALL),
      (step) => (step === MAX - 1 ? saying("nine cities") : CALL),
    ],
    {
      tools: {
        get_weather() {
          calls++;
          return "mild";
        },
      },
    },
  );
  for (const { feedback } of runs) {
    const last = lastLine(feedback[MAX - 2]?.text);
    expectThat(
      last === NOTE,
      `expected request ${MAX} to end with the line "${NOTE}"; it ends with "${last}"`,
    );
    const early = feedback.findIndex(({ text }) => text.includes(NOTE)) + 2;
    expectThat(
      early === MAX,
      `expected the line in request ${MAX} only; request ${early} has it too`,
    );
  }
  const ran = `${calls} of the 28 calls ran`;
  const [stubborn, , obedient] = runs;
  expectThat(
    stubborn?.error?.includes("Max step reached"),
    `expected the error "Max step reached" after a call in the last reply, got ${stubborn?.error ?? stubborn?.answer}`,
  );
  expectThat(
    obedient?.answer === "nine cities",
    `expected the last reply's message to be the answer, got ${obedient?.answer ?? obedient?.error}`,
  );
  expectThat(
    calls === 26,
    `expected all calls to run but the two in a last reply, which is 26; ${ran}`,
  );
  return `request ${MAX} ended with the line, after a result and after an error, and no other did; ${ran}, none of a last reply`;
};
