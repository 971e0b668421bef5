// Follows from outside which calls the workers run.
import type { noteFrom } from "../../shared/timeline.ts";

/** A call that has begun in a worker, and when, in milliseconds since 1970. */
type Begun = { readonly pid: number; readonly at: number };

export type Watch = {
  readonly note: typeof noteFrom;
  /** Resolves when so many forecasts have begun, with the process id of the last one. */
  forecasts(count: number): Promise<number>;
  /** How many calls have begun, including those that began again. */
  begun(): number;
  /** How many calls the chosen processes ran at a moment. */
  ranAt(moment: number, isAsked: (pid: number) => boolean): number;
};

/** Makes a watch that has seen no call yet. */
export function openWatch(): Watch {
  const begun = new Map<string, Begun>();
  const ended = new Map<string, number>();
  const forecasts: number[] = [];
  const waiting = new Map<number, (pid: number) => void>();
  return {
    note(pid, said) {
      const call = `${pid} ${said.call}`;
      if (said.type === "end") return void ended.set(call, said.at);
      begun.set(call, { pid, at: said.at });
      if (said.label.startsWith("get_weather")) waiting.get(forecasts.push(pid))?.(pid);
    },
    async forecasts(count) {
      return forecasts[count - 1] ?? new Promise((resolve) => waiting.set(count, resolve));
    },
    begun: () => begun.size,
    ranAt(moment, isAsked) {
      const ran = [...begun].filter(([call, { pid, at }]) => {
        return isAsked(pid) && at <= moment && (ended.get(call) ?? Infinity) > moment;
      });
      return ran.length;
    },
  };
}
