import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "../scripts/chapters.ts";
import { type Candidate, interleave, type Spread, startInstantModel } from "./measure.ts";

const FILE = "chapters/19-background-tools/main.ts";
const STUDY = { name: "study_climate", arguments: '{"location":"Lima"}' };
const AWAIT = { name: "await_processes", arguments: '{"ids":["study"]}' };

type Chapter = { parallelRunner(): (calls: readonly object[]) => Promise<object[]> };

/** The time from the call of a study to its handle, to its awaited result, and to the result of an ordinary call. */
export async function measureHandles(): Promise<Record<string, Spread>> {
  await startInstantModel();
  const chapter: Chapter = await import(pathToFileURL(join(ROOT, FILE)).href);
  const measure = (background: string): Candidate => {
    return async () => {
      // The chapter reads this setting at each call.
      process.env.BACKGROUND = background;
      const run = chapter.parallelRunner();
      const call = (id: string, what: object) => ({ type: "function_call", id, ...what });
      const start = performance.now();
      await run([call("study", STUDY)]);
      const first = performance.now() - start;
      await run([call("await", AWAIT)]);
      return { first, last: performance.now() - start };
    };
  };
  const results = await interleave({ on: measure("on"), off: measure("off") }, 7);
  delete process.env.BACKGROUND;
  return results;
}
