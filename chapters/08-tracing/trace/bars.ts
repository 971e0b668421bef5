import type { Attributes, HrTime } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";

/** A span as a bar in a picture; times are microseconds since the first span began. */
export type Bar = {
  readonly id: string;
  readonly parent: string | undefined;
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** The number of the agent's run, from 1 up. */
  readonly run: number;
  /** Lane 0 holds spans that never overlap. Calls use the lanes from 1 up; a lane is free when its call ends. */
  readonly lane: number;
  readonly failed: boolean;
  readonly attributes: Attributes;
};

function microseconds([seconds, nanoseconds]: HrTime): number {
  return seconds * 1e6 + nanoseconds / 1e3;
}

/** Lays out spans as bars, in the order in which they start, parents before children. */
export function layOut(spans: readonly ReadableSpan[]): Bar[] {
  const timed = spans.map((span) => {
    return { span, from: microseconds(span.startTime), to: microseconds(span.endTime) };
  });
  timed.sort((one, other) => one.from - other.from || other.to - one.to);
  const first = timed[0]?.from ?? 0;
  const lanesOfRuns = new Map<string, number[]>();
  return timed.map(({ span, from, to }) => {
    const { traceId, spanId } = span.spanContext();
    const ends = lanesOfRuns.get(traceId) ?? [];
    lanesOfRuns.set(traceId, ends);
    let lane = 0;
    if (span.name.startsWith("execute_tool ")) {
      const free = ends.findIndex((end) => end <= from);
      lane = free < 0 ? ends.length + 1 : free + 1;
      ends[lane - 1] = to;
    }
    return {
      id: spanId,
      parent: span.parentSpanContext?.spanId,
      name: span.name,
      start: from - first,
      end: to - first,
      run: [...lanesOfRuns.keys()].indexOf(traceId) + 1,
      lane,
      failed: "error.type" in span.attributes,
      attributes: span.attributes,
    };
  });
}
