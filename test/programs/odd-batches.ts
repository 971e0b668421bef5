// Lets a chapter run batches of random calls of a tool that does odd things, and reports how many calls
// there were, or the smallest batch that breaks the promise: every call gets one outcome, in the order
// asked, and no call harms another. odd-batches.ts 05-error-recovery outputs 100
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { listen } from "../../scripts/serve.ts";
import { anyBatch, type Case } from "../support/odd-calls.ts";
import { type Answer, talks } from "../support/talks.ts";
import { report } from "./report.ts";

const [folder, name = "", runs = "100"] = process.argv.slice(2);
const talk = talks.get(name);
if (!talk) throw new Error(`expected ${[...talks.keys()].join(", ")}, got ${name}`);

let batch: readonly Case[] = [];
let bodies: unknown[] = [];
const server = createServer(async (request, response) => {
  bodies.push(JSON.parse(await text(request)));
  talk.send(bodies.length === 1 ? batch.map(({ call }) => call) : [], response);
});
const { url } = await listen(server);
process.env.OPENAI_BASE_URL = `${url}/v1`;
process.env.OPENAI_PROTOCOL = name.includes("chat") ? "chat" : "responses";

type Chapter = { runAgent(question: string): Promise<string> };
const { runAgent }: Chapter = await import(`../../chapters/${folder}/main.ts`);

/** Before chapter 05, failures are texts, and only their place shows what they mean. */
function expected({ outcome }: Case, answer: Answer | undefined): string | undefined {
  return name === "texts" && !outcome.startsWith("result ") ? answer?.outcome : outcome;
}

let count = 0;
const promise = fc.asyncProperty(anyBatch, async (cases) => {
  batch = cases;
  bodies = [];
  assert.equal(await runAgent("a question"), "done");
  assert.equal(bodies.length, 2);
  const { ids, answers } = talk.read(bodies[1]);
  // Native ids are settled: an id that an API would refuse is replaced, in both places by the same one.
  if (name === "texts" || name === "outputs")
    assert.deepEqual(
      ids,
      cases.map(({ call }) => call.id),
    );
  else assert.equal(new Set(ids).size, cases.length);
  assert.deepEqual(
    answers.map(({ id }) => id),
    ids,
  );
  const wanted = cases.map((one, index) => expected(one, answers[index]));
  assert.deepEqual(
    answers.map(({ outcome }) => outcome),
    wanted,
  );
  count += cases.length;
});
const { failed, seed, counterexample, errorInstance } = await fc.check(promise, {
  numRuns: Number(runs),
});
report("calls", failed ? { seed, counterexample, error: String(errorInstance) } : count);
// The threads of the chapter's pool would keep the process.
process.exit();
