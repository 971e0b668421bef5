// Runs the cases of a JSON object, each with an exclusive runner that is watched, and reports how its
// batches ran and their outcomes. Then it holds a conversation with the chapter's own runner.
import { report } from "./report.ts";

type Chapter = typeof import("../../chapters/12-exclusive-tools/main.ts");
type Batch = Parameters<ReturnType<Chapter["exclusiveRunner"]>>[0];

/** The chapter, or a changed copy of it that stands in its folder. */
function load(name: string): Promise<Chapter> {
  return import(`../../chapters/12-exclusive-tools/${name}.ts`);
}

async function watch(name: string, limit: number, batches: readonly Batch[]) {
  const { exclusiveRunner, parallelRunner } = await load(name);
  const trail: string[] = [];
  const onStart = ({ id }: Batch[number]) => {
    trail.push(`${id}(`);
    return () => trail.push(")");
  };
  const together = parallelRunner(limit, onStart);
  const runBatch = exclusiveRunner(together, parallelRunner(1, onStart));
  const outcomes = await Promise.all(batches.map(runBatch));
  return { trail: trail.join(" "), outcomes };
}

const [, , cases = "{}"] = process.argv;
for (const [name, one] of Object.entries(JSON.parse(cases))) {
  const { chapter = "main", limit = 4, batches } = Object(one);
  report(name, await watch(chapter, limit, batches));
}

const { exclusiveRunner, runAgent } = await load("main");
await runAgent("a question", exclusiveRunner());
// The threads of the chapter's pool would keep the process.
process.stdout.write("", () => process.exit());
