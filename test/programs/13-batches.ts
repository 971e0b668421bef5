// Runs a batch for each line of its input, a case as JSON, and prints how it went, as JSON on a line.
// Its tools must be those of test/worlds/held.ts.
import { EventEmitter, once } from "node:events";
import { createInterface } from "node:readline";
import { setImmediate as quiet } from "node:timers/promises";
import { BroadcastChannel } from "node:worker_threads";
import { dependencyRunner } from "../../chapters/13-dependency-detection/main.ts";
import type { End, Held } from "../worlds/held.ts";

export type Case = {
  readonly calls: readonly { id: string; name: string; arguments: string }[];
  /** At most the number of the pool's threads. Otherwise calls that are under way might not be held. */
  readonly limit?: number;
  /** The names that are released first, second …. The others follow in the order of their names. */
  readonly ends?: readonly string[];
  readonly results?: Readonly<Record<string, unknown>>;
  /** The errors that tools throw instead. */
  readonly errors?: Readonly<Record<string, string>>;
  /** The error that the watcher throws at the start of each call. */
  readonly broken?: string;
};

const THREADS = 4;

const events = new EventEmitter();
const channel = new BroadcastChannel("held");
const held: Held[] = [];
channel.onmessage = (message) => {
  held.push(Object(message).data);
  events.emit("held");
};

/** The name of a call: its place, the message of an e-mail, or otherwise the tool's name. */
function nameOf({ tool, args }: Held): string {
  const { location, message } = Object(args);
  return location ?? message ?? tool;
}

/** Removes the next call to release from the held calls. */
function takeNext(ends: readonly string[]): Held {
  const names = held.map(nameOf).toSorted();
  const name = ends.find((one) => names.includes(one)) ?? names[0];
  const index = held.findIndex((one) => nameOf(one) === name);
  const [next] = held.splice(index, 1);
  if (!next) throw new Error("expected a call that is held, got none");
  return next;
}

/** Releases a held call and waits until the runner knows. Returns the call's name and arguments. */
async function letGo({ ends = [], results = {}, errors = {} }: Case): Promise<[string, unknown]> {
  const next = takeNext(ends);
  const name = nameOf(next);
  const result = Object.hasOwn(results, name) ? results[name] : `done ${name}`;
  const error = Object.hasOwn(errors, name) ? errors[name] : undefined;
  channel.postMessage({ to: next.thread, result, error } satisfies End);
  await once(events, "end");
  return [name, next.args];
}

async function drive(one: Case) {
  const states: string[][] = [];
  const received: [string, unknown][] = [];
  const ended: number[] = [];
  let underWay = 0;
  const runBatch = dependencyRunner(one.limit, (_, index) => {
    if (one.broken !== undefined) throw new Error(one.broken);
    underWay++;
    return () => {
      underWay--;
      ended.push(index);
      events.emit("end");
    };
  });
  const batch = runBatch(one.calls.map((call) => ({ type: "function_call", ...call })));
  // Its rejection is not lost: it is awaited below.
  batch.catch(() => undefined);
  // When the loop is quiet, everything that can happen without another end has happened.
  for (await quiet(); underWay > 0; await quiet()) {
    while (held.length < Math.min(underWay, THREADS)) await once(events, "held");
    states.push(held.map(nameOf).toSorted());
    received.push(await letGo(one));
  }
  const outcomes = await Promise.race([batch, quiet(["nothing, since calls wait for each other"])]);
  return { states, received, ended, outcomes };
}

for await (const line of createInterface({ input: process.stdin })) {
  const report = await drive(JSON.parse(line)).catch((error: unknown) => ({
    error: String(error),
  }));
  console.log(JSON.stringify(report));
}
// The threads of the chapter's pool would keep the process.
process.exit();
