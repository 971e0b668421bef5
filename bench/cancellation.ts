import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { copyBook } from "../scripts/copy.ts";
import { interleave, type Spread, startInstantModel } from "./measure.ts";

const CHAPTER = "chapters/10-cancellation/main.ts";

/** A tool that reports its start. Then it looks at the flag, except in the place "deaf". */
const TOOL = `
const channel = new BroadcastChannel("bench");
export async function forecast({ location }, { cancelled } = {}) {
  channel.postMessage("started");
  while (location === "deaf" || Atomics.load(cancelled, 0) === 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return "";
}
`;

/** The time from the user's abort to the end of the batch, in ms, for a tool that looks and a deaf one. */
export async function measureCancellation(): Promise<Record<string, Spread>> {
  await startInstantModel();
  const folder = copyBook({ "mock-tools/weather.ts": TOOL });
  const chapter = await import(pathToFileURL(join(folder, CHAPTER)).href);
  const channel = new BroadcastChannel("bench");
  const cancel = (location: string) => async () => {
    const user = new AbortController();
    let start = 0;
    channel.onmessage = () => {
      start = performance.now();
      user.abort();
    };
    const call = { type: "function_call", id: "1", name: "get_weather" };
    const calls = [{ ...call, arguments: JSON.stringify({ location }) }];
    await chapter.serialRunner(calls, user.signal);
    return { ms: performance.now() - start };
  };
  const results = await interleave({ aware: cancel("aware"), deaf: cancel("deaf") }, 15);
  channel.close();
  return results;
}
