import { writeFileSync } from "node:fs";
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { BatchSpanProcessor, InMemorySpanExporter } from "@opentelemetry/sdk-trace";
import { SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { columnsOf } from "../../../shared/columns.ts";
import { printStatus } from "../../../shared/print.ts";
import { layOut } from "./bars.ts";
import { chromeTrace } from "./chrome.ts";
import { drawTimeline } from "./timeline.ts";

/** Where spans go: a file in Chrome's format, an OTLP endpoint, a picture on stderr. */
export type Targets = {
  readonly file: string | undefined;
  readonly endpoint: string | undefined;
  readonly timeline: boolean;
};

function write({ file, timeline }: Targets, spans: ReadableSpan[]): void {
  const bars = layOut(spans);
  if (bars.length === 0) return;
  if (timeline) console.error(`\n${drawTimeline(bars, columnsOf(process.stderr))}`);
  try {
    if (file !== undefined) writeFileSync(file, chromeTrace(bars));
  } catch (error) {
    printStatus(`error: the trace is lost: ${error}`);
    process.exitCode = 1;
  }
}

/**
 * Records all spans from here on, and exports them when the program has nothing left to do. If the
 * program ends earlier, for example after Ctrl-C, the file and the picture are still made.
 *
 * @param endOpenSpans ends the spans that are still open then
 */
export function record(targets: Targets, endOpenSpans: () => void): void {
  // By default, the program would wait ten seconds for an endpoint that does not answer.
  process.env.OTEL_EXPORTER_OTLP_TIMEOUT ||= "2000";
  const memory = new InMemorySpanExporter();
  const service = process.env.OTEL_SERVICE_NAME || "the-agent-loop";
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": service }),
    spanProcessors: [
      new SimpleSpanProcessor({ exporter: memory }),
      // The exporter itself reads the endpoint and its other settings from the environment.
      ...(targets.endpoint ? [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })] : []),
    ],
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  let done = false;
  const show = (): void => {
    if (done) return;
    done = true;
    endOpenSpans();
    write(targets, memory.getFinishedSpans());
  };
  process.once("exit", show);
  process.once("beforeExit", async () => {
    show();
    // Sends the remaining spans. The answer is printed already, so a missing endpoint only warns.
    await provider.shutdown().catch((error) => printStatus(`trace: ${error}`));
  });
}
