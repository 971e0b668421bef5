// A thread that ends a program which takes too long or too much memory, and says what it was doing.
import { Session } from "node:inspector/promises";
import { setTimeout as wait } from "node:timers/promises";
import { workerData } from "node:worker_threads";
import { noteFault, placeIn } from "./places.ts";

/** The program may need so long, even if it mostly waits because the machine is busy. */
const LIMIT_MS = Number(process.env.CHECK_LIMIT_MS);
/** It may compute so long, with all its threads. */
const COMPUTING_MS = Math.min(10_000, LIMIT_MS);
/** The program may take so much memory, with all its threads. */
const MAX_BYTES = 1_000_000_000;
const LOOK_MS = 200;
const POLL_MS = 20;
/** Then it has so long to say where it is. */
const ANSWER_MS = 4_000;

const session = new Session();
const place = placeIn(workerData.folder);

/**
 * An expression for the line in the source, given a place in what runs. tsx runs a file as one line, and
 * keeps a map of it.
 */
function lineOf(url: string, line: number, column: number): string {
  return `(() => {
    const { findSourceMap } = process.getBuiltinModule("node:module");
    const { originalLine = ${line} } = findSourceMap("${url}")?.findEntry(${line}, ${column}) ?? {};
    return originalLine + 1;
  })()`;
}

/** Where the program is, if it is computing. */
async function findLoop(): Promise<string | undefined> {
  const urls = new Map<string, string>();
  let found: string | undefined;
  session.on("Debugger.scriptParsed", ({ params }) => urls.set(params.scriptId, params.url));
  session.on("Debugger.paused", async ({ params }) => {
    for (const { callFrameId, location } of params.callFrames) {
      const url = urls.get(location.scriptId) ?? "";
      const file = place(url);
      if (!file || found) continue;
      const expression = lineOf(url, location.lineNumber, location.columnNumber ?? 0);
      const ask = { callFrameId, expression };
      const answer = await session.post("Debugger.evaluateOnCallFrame", ask);
      found = `${file}:${Object(answer).result?.value}`;
    }
  });
  await session.post("Debugger.enable");
  await session.post("Debugger.pause");
  const start = performance.now();
  while (!found && performance.now() - start < ANSWER_MS) await wait(POLL_MS);
  return found;
}

/** What the program does too much of, as soon as it does. */
async function findExcess(): Promise<string> {
  const start = performance.now();
  for (;;) {
    await wait(LOOK_MS);
    if (process.memoryUsage.rss() > MAX_BYTES) return "takes more than 1 GB of memory";
    const { user, system } = process.cpuUsage();
    if ((user + system) / 1000 > COMPUTING_MS) return `has computed for ${COMPUTING_MS / 1000} s`;
    if (performance.now() - start > LIMIT_MS) return `has not ended after ${LIMIT_MS / 1000} s`;
  }
}

async function watch(): Promise<void> {
  const excess = await findExcess();
  session.connectToMainThread();
  const at = await Promise.race([findLoop(), wait(ANSWER_MS, undefined)]);
  noteFault(at ? `${at} still runs, and the program ${excess}` : `the program ${excess}`);
  process.kill(process.pid, "SIGKILL");
}

void watch();
