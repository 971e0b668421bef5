// The forms in which the chapters and a model talk: how a reply is sent, and what comes back.
import type { ServerResponse } from "node:http";
import { z } from "zod";
import { complete } from "../../scripts/serve.ts";
import {
  call as callItem,
  type Item,
  message,
  reasoning,
  respond,
} from "../../test/support/responses.ts";
import { responses, streamReply } from "../../test/support/streams.ts";
import type { Reply } from "./replies.ts";

/** What the program says of a call: its id, and its result or its error. */
export type Result = {
  readonly id: string;
  readonly result?: unknown;
  readonly error?: unknown;
  readonly [more: string]: unknown;
};

/** What goes back to the model after a reply: the results of its calls, or another text. */
export type Feedback = { readonly results: readonly Result[]; readonly text: string };

/** The form of one chapter. */
export type Talk = {
  send(reply: Reply, response: ServerResponse): void;
  /** How many replies the model has sent before this request. */
  step(request: unknown): number;
  /** What the request sends back after the last of these replies. */
  read(request: unknown): Feedback;
};

// ── Chapters 01 to 13: all in the text of messages ───────────────────────────────────────────────

const Chat = z.object({ messages: z.array(z.object({ role: z.string(), content: z.string() })) });
const Results = z.array(z.looseObject({ id: z.string() }));

/** The results in a text; none if it holds another text, or more than results. */
function readResults(text: string): Result[] {
  const [, many, one] = /^Function call results?: (?:(\[\n.*\])|(.*))$/s.exec(text) ?? [];
  try {
    if (many !== undefined) return Results.parse(JSON.parse(many));
    return one === undefined ? [] : [{ id: "", result: JSON.parse(one) }];
  } catch {
    return [];
  }
}

function talkInText(write: (outputs: readonly object[], more: object) => object): Talk {
  return {
    send({ calls = [], text, more = {}, raw }, response) {
      const items = calls.map((one) => ({ type: "function_call", ...one }));
      const texts = text === undefined ? [] : [{ type: "message", text }];
      complete(response, { content: raw ?? JSON.stringify(write([...texts, ...items], more)) });
    },
    step(request) {
      return Chat.parse(request).messages.filter(({ role }) => role === "assistant").length;
    },
    read(request) {
      const text = Chat.parse(request).messages.at(-1)?.content ?? "";
      return { results: readResults(text), text };
    },
  };
}

/** Chapters 02 and 03: a reply is one message or one call. */
const single = talkInText(([response], more) => ({ ...more, response }));
/** Chapters 04 to 13: a reply is a list of outputs. */
const outputs = talkInText((list, more) => ({ ...more, outputs: list }));

// ── Chapters 14 and later: the items of the Responses API ────────────────────────────────────────

const Input = z.object({
  input: z.array(
    z.looseObject({
      type: z.string().optional(),
      role: z.string().optional(),
      call_id: z.string().optional(),
      output: z.string().optional(),
    }),
  ),
});

const isSaid = ({ type, role }: { type?: string | undefined; role?: string | undefined }) => {
  return role !== "user" && type !== "function_call_output";
};

function parseOutput(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    // In chapter 18 an output is a text.
    return output;
  }
}

function readOutput(id: string, output: string): Result {
  const value = parseOutput(output);
  const { error } = Object(value);
  return error === undefined ? { id, result: value } : { id, ...Object(value) };
}

function itemsOf({ calls = [], text, thought }: Reply): Item[] {
  const thoughts = thought === undefined ? [] : [reasoning(thought)];
  const texts = text === undefined ? [] : [message(text)];
  const items = calls.map(({ id, name, arguments: args }) => callItem(id, name, args));
  return [...thoughts, ...texts, ...items];
}

function talkInItems(send: Talk["send"]): Talk {
  return {
    send,
    step(request) {
      const { input } = Input.parse(request);
      return input.filter((item, index) => {
        const before = input[index - 1];
        return isSaid(item) && (!before || !isSaid(before));
      }).length;
    },
    read(request) {
      const { input } = Input.parse(request);
      const last = input.slice(input.findLastIndex(isSaid) + 1);
      const results = last.flatMap(({ call_id: id, output }) => {
        return id === undefined || output === undefined ? [] : readOutput(id, output);
      });
      return { results, text: JSON.stringify(last) };
    },
  };
}

const native = talkInItems((reply, response) => respond(response, itemsOf(reply)));

const streamed = talkInItems((reply, response) => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const events = streamReply(responses, itemsOf(reply), 40);
  for (const event of reply.breaks ? events.slice(0, -1) : events) {
    response.write(responses.write(event));
  }
  response.end(responses.done);
});

/** The form of a chapter, by its number. */
export function talkOf(number: string): Talk {
  if (number < "04") return single;
  if (number < "14") return outputs;
  return number === "17" ? streamed : native;
}
