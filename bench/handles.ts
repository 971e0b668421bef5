import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { copyBook } from "../scripts/copy.ts";
import { type Candidate, interleave, type Spread, startInstantModel } from "./measure.ts";

const FILE = "chapters/19-background-tools/main.ts";
const STUDY = { name: "study_climate", arguments: '{"location":"Lima"}' };
const AWAIT = { name: "await_processes", arguments: '{"ids":["study"]}' };

type Chapter = { parallelRunner(): (calls: readonly object[]) => Promise<object[]> };

/** The chapter with its setting, which it reads when it is loaded. */
async function load(background: string): Promise<Chapter> {
  process.env.BACKGROUND = background;
  return import(pathToFileURL(join(copyBook(), FILE)).href);
}

/** From the call of a study to its handle, and to its result: awaited, or of an ordinary call. */
export async function measureHandles(): Promise<Record<string, Spread>> {
  await startInstantModel();
  const measure = (chapter: Chapter): Candidate => {
    return async () => {
      const run = chapter.parallelRunner();
      const call = (id: string, what: object) => ({ type: "function_call", id, ...what });
      const start = performance.now();
      await run([call("study", STUDY)]);
      const first = performance.now() - start;
      await run([call("await", AWAIT)]);
      return { first, last: performance.now() - start };
    };
  };
  const candidates = { on: measure(await load("on")), off: measure(await load("off")) };
  const results = await interleave(candidates, 7);
  delete process.env.BACKGROUND;
  return results;
}
