// Spans, made with the OpenTelemetry API. They cost almost nothing if no trace is asked for.
import { type Attributes, context, type Span, trace } from "@opentelemetry/api";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { addSettings } from "../../shared/settings.ts";
import { printStatus } from "../../shared/print.ts";
import { hideSecrets } from "../../shared/secrets.ts";
import { replaceTimeline } from "../../shared/timeline.ts";
import { messageOf } from "../../mock-tools/plain.ts";

/** The attribute that names an operation's subject, by OpenTelemetry's GenAI conventions. */
const SUBJECTS = new Map([
  ["invoke_agent", "gen_ai.agent.name"],
  ["chat", "gen_ai.request.model"],
  ["execute_tool", "gen_ai.tool.name"],
]);

/** The provider whose protocol the requests speak, even if another server answers. */
const PROVIDER = { "gen_ai.provider.name": "openai" };

const tracer = trace.getTracer("the-agent-loop");

addSettings({
  "--trace FILE": "write a trace to this file",
  TRACE_FILE: "another way to set that file",
  OTEL_EXPORTER_OTLP_ENDPOINT: "send the spans to this endpoint, for example http://localhost:4318",
  OTEL_EXPORTER_OTLP_TIMEOUT: "how many milliseconds to wait for that endpoint",
  OTEL_SERVICE_NAME: "the name of this program in the spans",
});

/** Removes `--trace FILE` from the command line, so that only the question is left. */
function takeFile(): string | undefined {
  const at = process.argv.indexOf("--trace");
  if (at < 0) return process.env.TRACE_FILE || undefined;
  const [, file] = process.argv.splice(at, 2);
  if (file) return file;
  console.error("error: expected a file after --trace, got nothing");
  process.exit(1);
}

/** The endpoint for spans. It is checked, because the exporter silently replaces an invalid URL. */
function readEndpoint(): string | undefined {
  const endpoint = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (!endpoint || (/^https?:/i.test(endpoint) && URL.canParse(endpoint))) return endpoint;
  printStatus(`error: expected an http URL in OTEL_EXPORTER_OTLP_ENDPOINT, got ${endpoint}`);
  process.exit(1);
}

const file = takeFile();
const endpoint = readEndpoint();
const asked = process.argv.includes("--timeline");
const timeline = file !== undefined || asked || process.stderr.isTTY;

// This chapter draws a timeline of its own, which shows more than calls.
replaceTimeline();

const open = new Set<Span>();

/** Ends the spans that are still open when the program ends, for example after Ctrl-C. */
function endOpenSpans(): void {
  const error = { code: "interrupted", message: "the program ended first" };
  // Children started after their parents, so the reverse order ends them first.
  for (const span of [...open].toReversed()) endSpan(span, error);
}

// The SDK takes longer to load than the rest of the chapter, so it is loaded only for a trace.
if (endpoint || timeline) {
  const { record } = await import("./trace/record.ts");
  record({ file, endpoint, timeline }, endOpenSpans);
}

/** Milliseconds since 1970, with a fraction. If they were whole, a call might seem to end after its batch. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * Starts a span as a child of the active span. The caller must end it.
 *
 * @param name an operation and its subject, such as "chat gpt" or "execute_tool get_weather"
 */
export function startSpan(name: string, attributes: Attributes = {}): Span {
  const [operation = "", ...words] = name.split(" ");
  const subject = words.join(" ");
  const key = SUBJECTS.get(operation);
  const remote = operation === "chat";
  const span = tracer.startSpan(name, {
    kind: remote ? SpanKind.CLIENT : SpanKind.INTERNAL,
    attributes: {
      ...(key && { "gen_ai.operation.name": operation }),
      ...(key && subject && { [key]: subject }),
      ...(remote && PROVIDER),
      ...attributes,
    },
    startTime: now(),
  });
  open.add(span);
  return span;
}

/** Ends a span, and marks it as failed if there is an error. */
export function endSpan(span: Span, error?: { readonly code: string; readonly message: string }) {
  open.delete(span);
  if (error) {
    span.setAttribute("error.type", error.code);
    span.setStatus({ code: SpanStatusCode.ERROR, message: hideSecrets(error.message) });
  }
  span.end(now());
}

/** Runs a function inside a span. Spans that start meanwhile are its children. */
export async function inSpan<Value>(
  name: string,
  run: (span: Span) => Promise<Value>,
): Promise<Value> {
  const span = startSpan(name);
  try {
    const value = await context.with(trace.setSpan(context.active(), span), () => run(span));
    endSpan(span);
    return value;
  } catch (error) {
    const { name: code, message } = error instanceof Error ? error : new Error(String(error));
    endSpan(span, { code, message });
    throw error;
  }
}

/** Calls a watcher. If it throws, the error goes to stderr, since a watcher must not break a call. */
export function tell<Value>(watch: () => Value): Value | undefined {
  const complain = (error: unknown): void => printStatus(`watcher: ${messageOf(error)}`);
  try {
    const value = watch();
    if (value instanceof Promise) value.catch(complain);
    return value;
  } catch (error) {
    complain(error);
    return undefined;
  }
}
