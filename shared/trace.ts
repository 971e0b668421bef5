// Spans, by the OpenTelemetry API. They cost next to nothing until somebody asks for a trace.
import { type Attributes, context, type Span, trace } from "@opentelemetry/api";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";

/** The operations of the GenAI conventions that the book has; a span's name begins with its own. */
const OPERATIONS = ["invoke_agent", "chat", "execute_tool"];

/** Whose protocol the requests speak, whoever answers them. */
const PROVIDER = { "gen_ai.provider.name": "openai" };

const tracer = trace.getTracer("the-agent-loop");

/** Takes `--trace FILE` off the command line, so that what is left of it is the question. */
function takeFile(): string | undefined {
  const at = process.argv.indexOf("--trace");
  const file = at < 0 ? undefined : process.argv[at + 1];
  if (file === undefined) return process.env.TRACE_FILE || undefined;
  process.argv.splice(at, 2);
  return file;
}

const file = takeFile();
const endpoint = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
const timeline = file !== undefined || process.stderr.isTTY;

// The SDK takes longer to load than the rest of a chapter, so only who asks for a trace pays for it.
if (endpoint || timeline) {
  const { record } = await import("./trace/record.ts");
  record({ file, endpoint, timeline });
}

/** Milliseconds since 1970, with a fraction. By whole ones, a call might seem to outlive its batch. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Starts a span under the one that is active here; whoever calls this ends it. */
export function startSpan(name: string, attributes: Attributes): Span {
  const [operation = ""] = name.split(" ");
  const known = OPERATIONS.includes(operation) && { "gen_ai.operation.name": operation };
  const remote = operation === "chat";
  return tracer.startSpan(name, {
    kind: remote ? SpanKind.CLIENT : SpanKind.INTERNAL,
    attributes: { ...known, ...(remote && PROVIDER), ...attributes },
    startTime: now(),
  });
}

/** Ends a span, as failed if there is an error. */
export function endSpan(span: Span, error?: { readonly code: string; readonly message: string }) {
  if (error) {
    span.setAttribute("error.type", error.code);
    span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  }
  span.end(now());
}

/** Runs something inside a span, which is the parent of all that starts meanwhile. */
export async function inSpan<Value>(
  name: string,
  attributes: Attributes,
  run: (span: Span) => Promise<Value>,
): Promise<Value> {
  const span = startSpan(name, attributes);
  try {
    const value = await context.with(trace.setSpan(context.active(), span), run, undefined, span);
    endSpan(span);
    return value;
  } catch (error) {
    const { name: code, message } = error instanceof Error ? error : new Error(String(error));
    endSpan(span, { code, message });
    throw error;
  }
}

/** Calls a hook. What it throws goes to stderr, since a watcher must not harm what it watches. */
export function tell<Value>(hook: () => Value): Value | undefined {
  const complain = (error: unknown): void => console.error(`hook: ${error}`);
  try {
    const value = hook();
    if (value instanceof Promise) value.catch(complain);
    return value;
  } catch (error) {
    complain(error);
    return undefined;
  }
}
