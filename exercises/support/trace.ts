// Reads the trace that a program of chapter 08 leaves in a file.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

const Trace = z.object({
  traceEvents: z.array(
    z.looseObject({
      name: z.string(),
      /** The number of the agent's run. */
      pid: z.number(),
      /** Microseconds since the first span began. Only spans have it. */
      ts: z.number().optional(),
      args: z.record(z.string(), z.unknown()),
    }),
  ),
});

/** A span: its name, the agent's run, and its attributes with "span.id" and "parent.id". */
export type Span = {
  readonly name: string;
  readonly run: number;
  readonly attributes: Readonly<Record<string, unknown>>;
};

function readSpans(file: string): Span[] {
  if (!existsSync(file)) return [];
  const { traceEvents } = Trace.parse(JSON.parse(readFileSync(file, "utf8")));
  const spans = traceEvents.filter(({ ts }) => ts !== undefined);
  return spans.map(({ name, pid, args }) => ({ name, run: pid, attributes: args }));
}

/**
 * Runs a program with a setting that makes it leave a trace.
 *
 * @returns what the run returned, and the spans in the order in which they started
 */
export async function traced<Value>(
  run: (env: { readonly TRACE_FILE: string }) => Promise<Value>,
): Promise<{ ended: Value; spans: Span[] }> {
  const folder = mkdtempSync(join(tmpdir(), "trace-"));
  const file = join(folder, "trace.json");
  try {
    const ended = await run({ TRACE_FILE: file });
    return { ended, spans: readSpans(file) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
