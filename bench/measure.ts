import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createInterface } from "node:readline";

/** The arguments with which Node runs a TypeScript file. */
export const LOADER = process.features.typescript ? [] : ["--import", "tsx"];

/** The median, minimum and maximum of some measurements, in their own unit. */
export type Spread = { readonly median: number; readonly min: number; readonly max: number };

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => Number(sorted[index]?.toFixed(3));
  return { median: at(sorted.length >> 1), min: at(0), max: at(sorted.length - 1) };
}

/** Something to measure. One run gives one number for each of its figures. */
export type Candidate = () => Promise<Readonly<Record<string, number>>>;

/**
 * Runs the candidates in turn, A B C A B C …, so that a slow phase of the machine affects all alike.
 * One round before the first is not counted.
 *
 * @returns the spread of each figure, named "candidate figure"
 */
export async function interleave(
  candidates: Readonly<Record<string, Candidate>>,
  rounds: number,
): Promise<Record<string, Spread>> {
  const values = new Map<string, number[]>();
  for (let round = 0; round <= rounds; round++) {
    for (const [name, run] of Object.entries(candidates)) {
      for (const [figure, value] of Object.entries(await run())) {
        const key = `${name} ${figure}`;
        if (round > 0) values.set(key, [...(values.get(key) ?? []), value]);
      }
    }
  }
  return Object.fromEntries([...values].map(([key, list]) => [key, spread(list)]));
}

/** Starts the model that replies at once. Clients that are imported afterwards ask it. */
export async function startInstantModel(): Promise<void> {
  const file = join(import.meta.dirname, "instant-model.ts");
  const stdio = ["ignore", "pipe", "inherit"] as const;
  const server = spawn(process.execPath, [...LOADER, file], { stdio: [...stdio] });
  process.on("exit", () => server.kill());
  [process.env.OPENAI_BASE_URL] = await once(createInterface(server.stdout), "line");
}

/** Runs a function once. Returns its time and the event loop's longest stall meanwhile, in ms. */
export async function timed(run: () => Promise<unknown>): Promise<{ ms: number; stall: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  // The monitor counts from its first tick on, and would miss a stall that begins earlier.
  await new Promise((resolve) => setTimeout(resolve, 5));
  const start = performance.now();
  await run();
  const ms = performance.now() - start;
  await new Promise((resolve) => setTimeout(resolve, 5));
  delay.disable();
  return { ms, stall: delay.max / 1e6 };
}
