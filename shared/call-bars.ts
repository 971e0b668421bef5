// Turns the notes of calls into bars. It needs nothing of Node, so that a page can draw them as well.
import type { CallNote } from "../mock-tools/notes.ts";
import type { Bar } from "./bars.ts";

/** A bar, and the arguments of its call as JSON. */
export type CallBar = Bar & { readonly arguments: string };

/** The times that the notes do not contain: each thread's end, each run's first reply, the present. */
type Moments = {
  readonly threads: ReadonlyMap<number, number>;
  readonly runs: readonly number[];
  readonly latest: number;
};

/** Turns notes of calls into bars, in the order in which the calls began. */
export function makeBars(said: readonly CallNote[], { threads, runs, latest }: Moments): CallBar[] {
  // A streamed first reply may end after its first call has begun.
  const runOf = (start: number) => Math.max(1, runs.filter((at) => at <= start).length);
  const starts = said.flatMap((note) => (note.type === "start" ? [note] : []));
  const lasts = said.flatMap((note) => (note.type === "end" ? [[note.call, note] as const] : []));
  const endOf = new Map(lasts);
  return starts
    .map(({ call, label, arguments: args, thread, at: start }): CallBar => {
      const end = endOf.get(call);
      const bar = { label, arguments: args, start, run: runOf(start) };
      const lost = threads.get(thread);
      if (!end && lost !== undefined) return { ...bar, end: lost, how: "lost" };
      if (!end) return { ...bar, end: latest, how: "running" };
      return { ...bar, end: end.at, how: end.how };
    })
    .toSorted((one, other) => one.start - other.start);
}
