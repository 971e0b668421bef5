// Spans, by the OpenTelemetry API. They cost next to nothing until somebody asks for a trace.
import { type Attributes, context, type Span, trace } from "@opentelemetry/api";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { addSettings } from "../../shared/settings.ts";
import { printStatus } from "../../shared/print.ts";
import { hideSecrets } from "../../shared/secrets.ts";
import { replaceTimeline } from "../../shared/timeline.ts";
import { messageOf } from "../../mock-tools/plain.ts";

/** What the GenAI conventions call the subject of each operation that the book has. */
const SUBJECTS = new Map([
  ["invoke_agent", "gen_ai.agent.name"],
  ["chat", "gen_ai.request.model"],
  ["execute_tool", "gen_ai.tool.name"],
]);

/** Whose protocol the requests speak, whoever answers them. */
const PROVIDER = { "gen_ai.provider.name": "openai" };

const tracer = trace.getTracer("the-agent-loop");

addSettings({
  "--trace FILE": "write a trace to this file",
  TRACE_FILE: "the same",
  OTEL_EXPORTER_OTLP_ENDPOINT: "send the spans there, for example to http://localhost:4318",
  OTEL_EXPORTER_OTLP_TIMEOUT: "wait so many milliseconds for that endpoint",
  OTEL_SERVICE_NAME: "what the spans call this program",
});

/** Takes `--trace FILE` off the command line, so that what is left of it is the question. */
function takeFile(): string | undefined {
  const at = process.argv.indexOf("--trace");
  if (at < 0) return process.env.TRACE_FILE || undefined;
  const [, file] = process.argv.splice(at, 2);
  if (file) return file;
  console.error("error: expected a file after --trace, got nothing");
  process.exit(1);
}

/** The endpoint for spans. The exporter would take another one, without a word, for one that is no URL. */
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

// This chapter's own timeline has bars for more than calls.
replaceTimeline();

const open = new Set<Span>();

/** Ends the spans of what the program leaves unfinished, as when Ctrl-C ends it. */
function endOpenSpans(): void {
  const error = { code: "interrupted", message: "the program ended first" };
  // Children were started after their parents, and end before them.
  for (const span of [...open].toReversed()) endSpan(span, error);
}

// The SDK takes longer to load than the rest of a chapter, so it waits for somebody to look.
if (endpoint || timeline) {
  const { record } = await import("./trace/record.ts");
  record({ file, endpoint, timeline }, endOpenSpans);
}

/** Milliseconds since 1970, with a fraction. By whole ones, a call might seem to outlive its batch. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * Starts a span under the one that is active here; whoever calls this ends it.
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

/** Ends a span, as failed if there is an error. */
export function endSpan(span: Span, error?: { readonly code: string; readonly message: string }) {
  open.delete(span);
  if (error) {
    span.setAttribute("error.type", error.code);
    span.setStatus({ code: SpanStatusCode.ERROR, message: hideSecrets(error.message) });
  }
  span.end(now());
}

/** Runs something inside a span, which is the parent of all that starts meanwhile. */
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

/** Tells a watcher. What it throws goes to stderr, since it must not harm what it watches. */
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
