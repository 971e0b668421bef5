// The tools of the reader's program ask the check how their calls end.
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { z } from "zod";
import { listen } from "../../scripts/serve.ts";

/** A call of a tool that has begun in the reader's program. */
export type Running = {
  /** The idempotency key, if the program gives one. */
  readonly key?: string | undefined;
  /** The thread that it runs in; 0 is the program itself. */
  readonly thread: number;
  /** Aborted when the call is cancelled, or when its thread or its process ends. */
  readonly signal: AbortSignal;
};

/**
 * What a call of a tool does: its result, or an error with the cause that a tool would give it. If it
 * returns nothing, the call does what the tool always does.
 */
type Act = (args: Record<string, string>, running: Running) => unknown;

/** What the tools do. A tool that is not named here does what it always does. */
export type Tools = {
  readonly get_weather?: Act;
  readonly get_user_profile?: Act;
  readonly send_email?: Act;
  readonly study_climate?: Act;
  readonly study_season?: Act;
};

/** The file and the function of each of these tools. */
const PLACES = {
  get_weather: ["weather.ts", "forecast"],
  get_user_profile: ["profile.ts", "lookUpProfile"],
  send_email: ["mailbox.ts", "deliver"],
  study_climate: ["climate.ts", "studyClimate"],
  study_season: ["climate.ts", "studySeason"],
} as const;

/** The text of a file of mock-tools, before it is wrapped. */
type Read = (file: string) => string;

function wrap(tool: string, name: string): string {
  return `export function ${name}(args, context = {}) {
  return askCheck("${tool}", args, context, () => usual.${name}(args, context));
}
`;
}

function wrapFile(file: string): string {
  const own = Object.entries(PLACES).filter(([, [other]]) => other === file);
  return `import * as usual from "./usual-${file}";
import { askCheck } from "../exercises/support/remote.ts";
export * from "./usual-${file}";
${own.map(([tool, [, name]]) => wrap(tool, name)).join("")}`;
}

/** The files that make the tools of a copy of the book ask the check. */
export function wrappedTools(read: Read): Record<string, string> {
  const wrapped = new Set(Object.values(PLACES).map(([file]) => file));
  const files = [...wrapped].flatMap((file) => [
    [`mock-tools/usual-${file}`, read(`mock-tools/${file}`)],
    [`mock-tools/${file}`, wrapFile(file)],
  ]);
  return Object.fromEntries(files);
}

const Body = z.object({
  args: z.record(z.string(), z.string()),
  key: z.string().optional(),
  thread: z.number(),
});

async function act(run: Act | undefined, body: unknown, signal: AbortSignal): Promise<object> {
  try {
    const { args, ...running } = Body.parse(body);
    const value = await run?.(args, { ...running, signal });
    return value === undefined ? { type: "usual" } : { type: "return", value };
  } catch (error) {
    const { message, cause } = Object(error);
    return { type: "throw", message: message ?? String(error), cause };
  }
}

/** Serves what the tools do: the settings for the reader's program, and a function that ends it. */
export async function serveTools(
  tools: Tools,
): Promise<{ env: Record<string, string>; close: () => void }> {
  const acts = new Map<string, Act>(Object.entries(tools));
  const server = createServer(async (request, response) => {
    const left = new AbortController();
    response.on("close", () => left.abort());
    const said = await act(acts.get(request.url?.slice(1) ?? ""), await json(request), left.signal);
    response.setHeader("connection", "close");
    response.end(JSON.stringify(said));
  });
  const { url, close } = await listen(server);
  return { env: { CHECK_URL: url, CHECK_TOOLS: [...acts.keys()].join(" ") }, close };
}
