import type { Bar } from "./bars.ts";

/**
 * Writes bars in Chrome's trace format, which Perfetto and chrome://tracing open: a process for
 * each run of the agent, and in it a thread for each lane, since bars of one thread must not overlap.
 */
export function chromeTrace(bars: readonly Bar[]): string {
  const names = new Map<string, object>();
  const events = bars.map(({ id, parent, name, start, end, run, lane, attributes }) => {
    const place = { pid: run, tid: lane };
    const thread = { name: lane === 0 ? "agent" : `lane ${lane}` };
    names.set(`${run}`, { ph: "M", name: "process_name", pid: run, args: { name: `run ${run}` } });
    names.set(`${run} ${lane}`, { ph: "M", name: "thread_name", ...place, args: thread });
    const [cat] = name.split(" ");
    const args = { ...attributes, "span.id": id, "parent.id": parent };
    return { ph: "X", name, cat, ...place, ts: start, dur: end - start, args };
  });
  const lines = [...names.values(), ...events].map((event) => JSON.stringify(event));
  return `{"displayTimeUnit":"ms","traceEvents":[\n${lines.join(",\n")}\n]}\n`;
}
