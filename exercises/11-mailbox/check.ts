import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";

const Prediction = z.object({
  trail: z.string(),
  mailbox: z.array(z.string()),
  results: z.array(z.string()),
});
const Mailbox = z.array(z.object({ to: z.string() }));
const Results = z.array(z.object({ id: z.string() }));

/** The person behind each id: the model numbers its calls in the order asked. */
const PEOPLE = new Map([
  ["send_email", "bob"],
  ["send_email_2", "carol"],
  ["send_email_3", "dan"],
]);

function readList<Value>(stdout: string, title: string, schema: z.ZodType<Value>): Value {
  const [, text = "[]"] = new RegExp(`${title}:\\s+(\\[\\n.*?^\\])`, "ms").exec(stdout) ?? [];
  return schema.parse(JSON.parse(text));
}

/** The prediction is what the demo prints. */
export const check: Check = async ({ predicted, run }) => {
  const [{ trail, mailbox, results }, { stdout, code }] = await Promise.all([
    predicted(Prediction),
    run([], { limit: 30_000 }),
  ]);
  expectThat(code === 0, `expected the demo to end well; it ended with ${code}`);
  const [, realTrail = ""] = /^The calls: (\S+)$/m.exec(stdout) ?? [];
  expectThat(
    trail === realTrail,
    `trail: the prediction ${trail || "nothing"} is not what the demo printed; the mode was parallel, and the limit is two`,
  );
  const names = readList(stdout, "Mail box", Mailbox).map(({ to }) => to.replace(/@.*/, ""));
  const had = mailbox.join(", ") || "nothing";
  expectThat(
    mailbox.toSorted().join() === names.toSorted().join(),
    `mailbox: expected each of bob, carol and dan once, got ${had}`,
  );
  expectThat(
    mailbox.join() === names.join(),
    `mailbox: the prediction ${had} is not what the demo printed; an e-mail arrives when its call ends, and a call in the queue starts late`,
  );
  const ids = readList(stdout, "Function call results", Results);
  const people = ids.map(({ id }) => PEOPLE.get(id) ?? id);
  expectThat(
    results.join() === people.join(),
    `results: the prediction ${results.join(", ") || "nothing"} is not what the model read; where does a lane put an outcome?`,
  );
  return `the trail was ${realTrail}, the mailbox filled in the order ${names.join(", ")}, and the results stood in the order ${people.join(", ")}, as predicted`;
};
