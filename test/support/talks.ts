// The forms in which a model and the chapters talk: how calls are sent, and how results come back.
import type { ServerResponse } from "node:http";
import { z } from "zod";
import { complete } from "../../scripts/serve.ts";
import type { Item } from "./responses.ts";
import { chat, responses, streamReply, type Wire } from "./streams.ts";

/** A call in the shape of chapter 04. */
export type Call = { readonly id: string; readonly name: string; readonly arguments: string };

/** A result in the form in which it is compared. */
export function written(value: unknown): string {
  return `result ${JSON.stringify(value)}`;
}

const Result = z.union([
  z.strictObject({ result: z.unknown() }),
  z.strictObject({
    error: z.strictObject({ class: z.string(), code: z.string(), message: z.string() }),
  }),
]);

/** The outcome of a call, in the words of a case. */
function readOutcome(entry: unknown): string {
  const outcome = Result.parse(entry);
  return "error" in outcome ? outcome.error.code : written(outcome.result);
}

/** A native output is a failure if it has an error, otherwise a result. */
function readOutput(json: string): string {
  const output: unknown = JSON.parse(json);
  const failure = Result.options[1].safeParse(output);
  return readOutcome(failure.success ? output : { result: output });
}

/** The outcome of a call: its result as JSON, or the code of its failure. */
export type Answer = { readonly id: string; readonly outcome: string };

/** One form in which a chapter and a model talk. */
export type Talk = {
  /** Writes a reply with these calls, or the last message if there are none. */
  send(calls: readonly Call[], response: ServerResponse): void;
  /** Reads the ids of the calls in the program, and its answers to them, in order. */
  read(body: unknown): { readonly ids: readonly string[]; readonly answers: readonly Answer[] };
};

const Outputs = z.object({
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
});
const Listed = z.array(z.looseObject({ id: z.string() }));

/** Chapters 04 to 13: calls are JSON in a message, results JSON in another. */
function talkInOutputs(read: (entry: object) => string): Talk {
  return {
    send(calls, response) {
      const items = calls.map((call) => ({ type: "function_call", ...call }));
      const done = { type: "message", text: "done" };
      const outputs = items.length > 0 ? items : [done];
      complete(response, { content: JSON.stringify({ outputs }) });
    },
    read(body) {
      const { messages } = Outputs.parse(body);
      const [asked = "", answered = ""] = messages.slice(-2).map(({ content }) => content);
      const results = Listed.parse(JSON.parse(answered.replace(/^Function call results: /, "")));
      const answers = results.map(({ id, ...entry }) => ({ id, outcome: read(entry) }));
      return { ids: Listed.parse(JSON.parse(asked).outputs).map(({ id }) => id), answers };
    },
  };
}

const ToolChat = z.object({
  messages: z.array(
    z.looseObject({
      tool_calls: z.array(z.object({ id: z.string() })).optional(),
      tool_call_id: z.string().optional(),
      content: z.string().nullable(),
    }),
  ),
});

function readChat(body: unknown): ReturnType<Talk["read"]> {
  const { messages } = ToolChat.parse(body);
  return {
    ids: messages.flatMap(({ tool_calls = [] }) => tool_calls.map(({ id }) => id)),
    answers: messages.flatMap(({ tool_call_id: id, content }) => {
      return id === undefined ? [] : [{ id, outcome: readOutput(content ?? "") }];
    }),
  };
}

const Input = z.object({
  input: z.array(z.looseObject({ type: z.string().optional(), call_id: z.string().optional() })),
});

function readInput(body: unknown): ReturnType<Talk["read"]> {
  const { input } = Input.parse(body);
  return {
    ids: input.flatMap(({ type, call_id: id }) => (type === "function_call" && id ? [id] : [])),
    answers: input.flatMap(({ type, call_id: id, output }) => {
      if (type !== "function_call_output" || id === undefined) return [];
      return [{ id, outcome: readOutput(String(output)) }];
    }),
  };
}

function itemsOf(calls: readonly Call[]): Item[] {
  const items = calls.map(
    ({ id, ...call }) => ({ type: "function_call", call_id: id, ...call }) as const,
  );
  const content = { type: "output_text" as const, text: "done", annotations: [] };
  const done = { type: "message", id: "m", role: "assistant", status: "completed" } as const;
  return items.length > 0 ? items : [{ ...done, content: [content] }];
}

function stream(wire: Wire): Talk["send"] {
  return (calls, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const event of streamReply(wire, itemsOf(calls), 40)) response.write(wire.write(event));
    response.end(wire.done);
  };
}

/** The ways to talk, by their names. */
export const talks: ReadonlyMap<string, Talk> = new Map<string, Talk>([
  ["texts", talkInOutputs((entry) => written(Object(entry).result))],
  ["outputs", talkInOutputs(readOutcome)],
  ["streamed chat", { send: stream(chat), read: readChat }],
  ["streamed responses", { send: stream(responses), read: readInput }],
  [
    "chat",
    {
      send(calls, response) {
        const tool_calls = calls.map(({ id, ...call }) => ({
          type: "function",
          id,
          function: call,
        }));
        complete(response, calls.length > 0 ? { tool_calls } : { content: "done" });
      },
      read: readChat,
    },
  ],
  [
    "responses",
    {
      send(calls, response) {
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ id: "r", object: "response", output: itemsOf(calls) }));
      },
      read: readInput,
    },
  ],
]);
