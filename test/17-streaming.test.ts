import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import fc from "fast-check";
import OpenAI from "openai";
import { expect, test } from "vitest";
import { z } from "zod";
import { type ReplyMessage, readChat } from "../chapters/17-streaming/chat.ts";
import type { ReplyEvent, StreamedCall } from "../chapters/17-streaming/pieces.ts";
import { readResponse } from "../chapters/17-streaming/responses.ts";
import { ROOT } from "../scripts/chapters.ts";
import { serveBarrier } from "./support/barrier.ts";
import { copyBook } from "../scripts/copy.ts";
import { checkAnswered, ToolChatRequest } from "./support/chat.ts";
import { NASTY_REPLY, NASTY_RESULTS } from "./support/nasty.ts";
import { like } from "./support/worlds.ts";
import {
  type Api,
  call,
  type Item,
  itemsOf,
  lastOutputs,
  message,
  outputsOf,
  type ResponsesRequest,
  reasoning,
  runResponses,
  serveApi,
  serveResponses,
} from "./support/responses.ts";
import { run, start } from "../scripts/run.ts";

const FILE = "chapters/17-streaming/main.ts";
const CHAT = "chapters/17-streaming/chat-completions.ts";

// ── Replies as they stream ───────────────────────────────────────────────────────────────────────

/** Cuts a text into pieces of some letters each. */
function cut(text: string, letters: number): string[] {
  return text.match(new RegExp(`.{1,${letters}}`, "gsu")) ?? [];
}

/** How an API streams a reply: the events of each item, those of the end, and their bytes. */
type Wire = {
  item(item: Item, place: number, letters?: number): object[];
  end: object[];
  write(event: object): string;
  done: string;
};

const added = (output_index: number, item: object) => {
  return { type: "response.output_item.added", output_index, item };
};
const grown = (output_index: number, delta: string) => {
  return { type: "response.function_call_arguments.delta", output_index, delta };
};
const argued = (output_index: number, text: string) => {
  return { type: "response.function_call_arguments.done", output_index, arguments: text };
};
const ended = (output_index: number, item: object) => {
  return { type: "response.output_item.done", output_index, item };
};
const said = (output_index: number, content_index: number, delta: string) => {
  return { type: "response.output_text.delta", output_index, content_index, delta };
};
const completed = { type: "response.completed", response: {} };

const responses: Wire = {
  item(item, place, letters = 5) {
    if (item.type === "reasoning") return [added(place, item), ended(place, item)];
    if (item.type === "message") {
      const texts = item.content.flatMap((part) => ("text" in part ? part.text : []));
      const deltas = texts.flatMap((text, part) =>
        cut(text, letters).map((piece) => said(place, part, piece)),
      );
      return [added(place, { ...item, content: [] }), ...deltas, ended(place, item)];
    }
    return [
      added(place, { ...item, arguments: "", status: "in_progress" }),
      ...cut(item.arguments, letters).map((piece) => grown(place, piece)),
      argued(place, item.arguments),
      ended(place, item),
    ];
  },
  end: [completed],
  write: (event) => `event: ${Object(event).type}\ndata: ${JSON.stringify(event)}\n\n`,
  done: "",
};

function chunk(delta: object, finish_reason: string | null = null): object {
  return { object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason }] };
}

/** A piece of a call; what is left out is not sent. */
function piece(index?: number | null, text?: string, name?: string, id?: string | null): object {
  return chunk({ tool_calls: [{ index, id, function: { name, arguments: text } }] });
}

const chat: Wire = {
  item(item, place, letters = 5) {
    if (item.type === "reasoning") return [];
    if (item.type === "message") {
      const texts = item.content.flatMap((part) => ("text" in part ? part.text : []));
      return cut(texts.join(""), letters).map((content) => chunk({ content }));
    }
    const first = { index: place, id: item.call_id, type: "function" };
    return [
      chunk({ tool_calls: [{ ...first, function: { name: item.name, arguments: "" } }] }),
      ...cut(item.arguments, letters).map((text) => piece(place, text)),
    ];
  },
  end: [chunk({}, "tool_calls")],
  write: (event) => `data: ${JSON.stringify(event)}\n\n`,
  done: "data: [DONE]\n\n",
};

/** A whole reply. */
function eventsOf(wire: Wire, items: readonly Item[], letters?: number): object[] {
  return [...items.flatMap((item, place) => wire.item(item, place, letters)), ...wire.end];
}

// ── The readers alone ────────────────────────────────────────────────────────────────────────────

async function* replay<Event>(events: readonly object[], error?: Error): AsyncGenerator<Event> {
  for (const event of events) yield JSON.parse(JSON.stringify(event));
  if (error) throw error;
}

type Heard = {
  /** The events of calls, such as "0p 0c". */
  readonly trail: string;
  /** What each event says of the arguments. */
  readonly texts: string[];
  readonly calls: StreamedCall[];
  readonly text: string;
  readonly error?: string;
};

async function listen(stream: AsyncGenerator<ReplyEvent>): Promise<Heard> {
  const events: ReplyEvent[] = [];
  const error = await (async () => {
    for await (const event of stream) events.push(event);
  })().catch(String);
  const ofCalls = events.flatMap((event) => (event.type === "text" ? [] : [event]));
  return {
    trail: ofCalls.map(({ index, type }) => `${index}${type[0]}`).join(" "),
    texts: ofCalls.map(({ call: { arguments: text } }) => text),
    calls: ofCalls.flatMap((event) => (event.type === "complete" ? event.call : [])),
    text: events.flatMap((event) => (event.type === "text" ? event.text : [])).join(""),
    ...(error === undefined ? {} : { error }),
  };
}

async function hearResponse(events: readonly object[], error?: Error) {
  const kept: Parameters<typeof readResponse>[1] = [];
  return { ...(await listen(readResponse(replay(events, error), kept))), kept };
}

async function hearChat(events: readonly object[], error?: Error) {
  const kept: ReplyMessage[] = [];
  return { ...(await listen(readChat(replay(events, error), kept))), kept };
}

const LA = '{"location":"LA"}';
const weather = (id: string, text = LA) => call(id, "get_weather", text);
const streamed = (id: string, text = LA, name = "get_weather"): StreamedCall => {
  return { type: "function_call", id, name, arguments: text };
};
const BROKEN = "Error: the stream broke off within the reply";

const PLAIN = [weather("a"), call("b", "get_user_profile"), call("c", "get_user_profile", "")];

const WIRES = [
  ["Responses", responses, hearResponse],
  ["Chat Completions", chat, hearChat],
] as const;

test.each(WIRES)(
  "over %s, each call has its partials with the text so far, and completes before the next one begins",
  async (_, wire, hear) => {
    const { trail, texts, calls } = await hear(eventsOf(wire, PLAIN, 10));
    expect(trail).toBe("0p 0p 0c 1p 1c 2c");
    expect(texts).toEqual(['{"location', LA, LA, "{}", "{}", "{}"]);
    expect(calls).toEqual([
      streamed("a"),
      streamed("b", "{}", "get_user_profile"),
      streamed("c", "{}", "get_user_profile"),
    ]);
  },
);

test.each(WIRES)(
  "over %s, arguments that never parse complete as they are, once the reply is over",
  async (_, wire, hear) => {
    const items = [weather("a", '{"loc'), weather("b"), weather("c", "17")];
    const { calls } = await hear(eventsOf(wire, items));
    expect(calls.toSorted((one, other) => one.id.localeCompare(other.id))).toEqual([
      streamed("a", '{"loc'),
      streamed("b"),
      streamed("c", "17"),
    ]);
  },
);

test.each(WIRES)(
  "over %s, calls whose pieces come in any order keep their own, and none completes before its last piece",
  async (_, wire, hear) => {
    const texts = fc.array(fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }), {
      minLength: 1,
      maxLength: 5,
    });
    const order = fc.array(fc.nat(), { minLength: 80, maxLength: 80 });
    await fc.assert(
      fc.asyncProperty(
        texts,
        fc.integer({ min: 1, max: 9 }),
        order,
        async (all, letters, picks) => {
          // Places have gaps between them.
          const items = all.map((args, index) => weather(`id ${index}`, JSON.stringify(args)));
          const queues = items.map((item, index) => wire.item(item, 3 * index, letters));
          const mixed = picks.flatMap((pick) => {
            const open = queues.filter(({ length }) => length > 0);
            return open[pick % open.length]?.shift() ?? [];
          });
          const { trail, calls } = await hear([...mixed, ...queues.flat(), ...wire.end]);
          const byId = (one: { id: string }, other: { id: string }) =>
            one.id.localeCompare(other.id);
          expect(calls.toSorted(byId)).toEqual(
            all.map((args, index) => streamed(`id ${index}`, JSON.stringify(args))),
          );
          for (const index of items.keys()) {
            const own = trail.split(" ").filter((event) => Number.parseInt(event, 10) === index);
            expect(own.join(" ")).toMatch(/^(\dp )*\dc$/);
          }
        },
      ),
      { numRuns: 60 },
    );
  },
);

test.each(WIRES)(
  "over %s, a call that is cut off never completes, and what was whole before is kept",
  async (_, wire, hear) => {
    const events = [message("I'll look."), weather("a"), weather("b")].flatMap((item, place) =>
      wire.item(item, place),
    );
    const half = events.slice(0, wire === chat ? -2 : -4);
    for (const error of [undefined, new Error("other side closed")]) {
      const heard = await hear(half, error);
      expect(heard).toMatchObject({ calls: [streamed("a")], text: "I'll look.", error: BROKEN });
      expect(JSON.stringify(heard.kept)).toMatch(/I'll look\..*"a"/);
      expect(JSON.stringify(heard.kept)).not.toMatch(/"b"/);
    }
    expect(await hear([])).toMatchObject({ trail: "", text: "", kept: [], error: BROKEN });
  },
);

test.each(WIRES)(
  "over %s, calls that wait for the end complete in their order, and an empty text is no text",
  async (_, wire, hear) => {
    const nothing = [wire === chat ? chunk({ content: "" }) : said(0, 0, ""), ...wire.end];
    const reader =
      wire === chat ? readChat(replay(nothing), []) : readResponse(replay(nothing), []);
    expect(await reader.next()).toEqual({ done: true, value: undefined });
    const items = ["c", "a", "b"].map((id) => weather(id, ""));
    // Over Responses, a call waits for the end if nobody says that it is done.
    const undone = eventsOf(wire, items).filter((event) => !/\.done"/.test(JSON.stringify(event)));
    const { trail, calls } = await hear(undone);
    expect(trail).toBe("0c 1c 2c");
    expect(calls.map(({ id }) => id)).toEqual(["c", "a", "b"]);
  },
);

test.each(WIRES)(
  "over %s, after the last event of a reply, nothing can go wrong with it any more",
  async (_, wire, hear) => {
    const events = eventsOf(wire, [message("Hello"), weather("a")]);
    const whole = await hear(events);
    expect(whole.error).toBe(undefined);
    expect(await hear(events, new Error("other side closed"))).toEqual(whole);
    expect(await hear([...events, ...events])).toEqual(whole);
  },
);

// ── What only one of them does ───────────────────────────────────────────────────────────────────

const item = (id: string, text = LA) => weather(id, text);

test("over Responses, a call completes once, at whichever of its two ends comes first", async () => {
  const begun = [added(0, item("a", "")), grown(0, LA)];
  const one = ended(0, item("a"));
  const other = argued(0, LA);
  for (const ends of [[one], [other], [one, other], [other, one], [other, other, one]]) {
    const early = await hearResponse([...begun, ...ends]);
    expect(early.trail).toBe("0p 0c");
    const late = [...begun, ...ends, grown(0, "}"), completed];
    const { trail, calls, kept } = await hearResponse(late);
    expect({ trail, calls }).toEqual({ trail: "0p 0c", calls: [streamed("a")] });
    expect(kept).toEqual([expect.objectContaining({ call_id: "a", arguments: LA })]);
  }
  expect((await hearResponse([...begun, completed])).calls).toEqual([streamed("a")]);
  for (const end of [one, other]) {
    const { trail, calls } = await hearResponse([added(0, item("a", "")), end, completed]);
    expect({ trail, calls }).toEqual({ trail: "0c", calls: [streamed("a")] });
  }
});

test("over Responses, a call that was never announced comes with its item, and disturbs no other", async () => {
  const { trail, calls } = await hearResponse([
    added(0, item("a", "")),
    grown(0, '{"location":'),
    grown(1, '{"location":"Paris"}'),
    argued(1, '{"location":"Paris"}'),
    ended(1, item("b", '{"location":"Paris"}')),
    grown(0, '"LA"}'),
    ended(0, item("a")),
    completed,
  ]);
  expect(trail).toBe("0p 1c 0p 0c");
  expect(calls).toEqual([streamed("b", '{"location":"Paris"}'), streamed("a")]);
});

test("over Responses, another id at the same place is another call", async () => {
  const { calls, kept } = await hearResponse([
    added(0, item("a", "")),
    grown(0, LA),
    added(0, item("b", "")),
    grown(0, "{}"),
    ended(0, item("a")),
    argued(0, "{}"),
    completed,
  ]);
  expect(calls).toEqual([streamed("a"), streamed("b", "{}")]);
  expect(kept.map((one) => "call_id" in one && one.call_id)).toEqual(["a", "b"]);
});

test("over Responses, an item that says it is incomplete does not run, and ends with its reply", async () => {
  const cutOff = { ...item("b", '{"loc'), status: "incomplete" };
  const incomplete = { incomplete_details: { reason: "max_output_tokens" } };
  const heard = await hearResponse([
    ...responses.item(item("a"), 0),
    added(1, item("b", "")),
    grown(1, '{"loc'),
    ended(1, cutOff),
    { type: "response.incomplete", response: incomplete },
    completed,
  ]);
  expect(heard).toMatchObject({
    calls: [streamed("a")],
    kept: [item("a")],
    error: "Error: the reply is incomplete: max_output_tokens",
  });
});

test("over Responses, a failure within the stream is an error in the model's words", async () => {
  const failed = { type: "response.failed", response: { error: { message: "out of order" } } };
  for (const event of [failed, { type: "error", message: "out of order" }]) {
    const heard = await hearResponse([...responses.item(item("a"), 0), event, completed]);
    expect(heard).toMatchObject({
      calls: [streamed("a")],
      error: "Error: the model fails: out of order",
    });
  }
});

test("over Responses, all items are kept in their places, and each complete call has one of its own", async () => {
  const items = [
    reasoning("which tools"),
    message("I'll look."),
    item("same"),
    item("same", "{}"),
    message("And", "more."),
    item("last"),
  ];
  const events = eventsOf(responses, items);
  const inOrder = await hearResponse(events);
  expect(inOrder.kept).toEqual(items);
  expect(inOrder.text).toBe("I'll look.\nAnd\nmore.");
  const place = (event: object) => ("output_index" in event ? Number(event.output_index) : 9);
  const backwards = events.toSorted((one, other) => place(other) - place(one));
  const heard = await hearResponse([...backwards.slice(1), completed]);
  expect(heard.kept).toEqual(items);
  expect(heard.calls).toEqual([streamed("last"), streamed("same", "{}"), streamed("same")]);
  // Some servers never say that an item is done.
  const undone = events.filter(
    ({ output_index, type }: { output_index?: number; type?: string }) =>
      type !== "response.output_item.done" || output_index !== 3,
  );
  const made = (await hearResponse(undone)).kept[3];
  expect(made).toEqual({
    type: "function_call",
    call_id: "same",
    name: "get_weather",
    arguments: "{}",
  });
});

const END = chat.end;
const two = [streamed("a"), streamed("b", "{}")];

/** Streams of the same two calls, as servers that are almost compatible send them. */
const ODD: readonly (readonly [
  server: string,
  events: readonly object[],
  calls?: StreamedCall[],
])[] = [
  [
    "names no index",
    [piece(undefined, LA, "get_weather", "a"), piece(null, "{}", "get_weather", "b")],
  ],
  [
    "names an index only where a call begins",
    [
      piece(4, '{"location"', "get_weather", "a"),
      piece(null, ':"LA"}'),
      piece(7, "{}", "get_weather", "b"),
    ],
  ],
  [
    "has one index for all calls",
    [piece(0, LA, "get_weather", "a"), piece(0, "{}", "get_weather", "b")],
  ],
  [
    "has one index and no ids",
    [piece(0, LA, "get_weather", ""), piece(0, "{}", "get_weather", null)],
    [streamed("call_0"), streamed("call_1", "{}")],
  ],
  [
    "has one index, no ids and empty arguments",
    [piece(0, "", "get_user_profile"), piece(0, LA, "get_weather")],
    [streamed("call_0", "{}", "get_user_profile"), streamed("call_1")],
  ],
  [
    "gives each piece another id",
    [
      piece(0, "", "get_weather", "a"),
      piece(0, '{"location"', undefined, "x"),
      piece(0, ':"LA"}', undefined, "y"),
      piece(1, "{}", "get_weather", "b"),
    ],
  ],
  [
    "repeats the name with each piece",
    [
      piece(0, '{"location"', "get_weather", "a"),
      piece(0, ':"LA"}', "get_weather", "a"),
      piece(0, "", "get_weather", "a"),
      piece(1, "{", "get_weather", "b"),
      piece(1, "}", "get_weather"),
    ],
  ],
  [
    "says the name last",
    [
      piece(0, LA, undefined, "a"),
      piece(1, "{}", undefined, "b"),
      piece(1, "", "get_weather"),
      piece(0, "", "get_weather"),
    ],
  ],
  [
    "goes back to a call by its id",
    [
      piece(null, '{"loc', "get_weather", "a"),
      piece(null, "{", "get_weather", "b"),
      piece(null, 'ation":"LA"}', undefined, "a"),
      piece(null, "}", undefined, "b"),
    ],
  ],
  [
    "sends it all at once",
    [
      chunk({
        tool_calls: [0, 1].map((index) => ({
          index,
          id: "ab"[index],
          function: { name: "get_weather", arguments: [LA, "{}"][index] },
        })),
      }),
    ],
  ],
];

const SERVERS = ODD.map(([server, events, calls = two]) => [server, events, calls] as const);

test.each(SERVERS)(
  "a server of Chat Completions that %s is understood",
  async (_, events, calls) => {
    const heard = await hearChat([...events, ...END]);
    expect(heard.error).toBe(undefined);
    expect(heard.calls.toSorted((one, other) => one.id.localeCompare(other.id))).toEqual(calls);
  },
);

test("over Chat Completions, only a whole object completes before the end, since a number may go on", async () => {
  const next = piece(1, "", "get_weather", "b");
  const early = async (...texts: string[]) => {
    const pieces = texts.map((text) => piece(0, text, "get_weather", "a"));
    return (await hearChat([...pieces, next])).trail;
  };
  expect(await early(LA)).toBe("0p 0c");
  expect(await early("[]")).toBe("0p 0c");
  for (const text of ["", "1", "null", '"text"', '{"location":"LA"', "{}}"]) {
    expect(await early(text)).not.toContain("c");
  }
  // Until another call begins, more may come, and a call never runs with a part of what came for it.
  const twice = [piece(0, "{}", "get_weather", "a"), piece(0, LA)];
  const { trail, calls } = await hearChat([...twice, next, ...END]);
  expect(trail).toBe("0p 0p 0c 1c");
  expect(calls[0]?.arguments).toBe(`{}${LA}`);
  const after = [piece(0, LA, "get_weather", "a"), next, piece(0, " "), piece(1, "{}")];
  expect((await hearChat([...after, ...END])).trail).toBe("0p 0c 1p 1c");
  const back = [piece(0, '{"a":', "get_weather", "a"), next, piece(0, "1}"), piece(1, "{}")];
  expect((await hearChat([...back, ...END])).trail).toBe("0p 0p 0c 1p 1c");
});

test("over Chat Completions, a reply that was cut short or refused is an error, and what ran is kept", async () => {
  const calls = [...chat.item(item("a"), 0), ...chat.item(item("b", '{"loc'), 1)];
  for (const reason of ["length", "content_filter"]) {
    expect(await hearChat([...calls, chunk({}, reason)])).toMatchObject({
      calls: [streamed("a")],
      error: `Error: the reply is incomplete: ${reason}`,
    });
  }
  const refusal = [chunk({ refusal: "I can't " }), chunk({ refusal: "help." }), chunk({}, "stop")];
  expect(await hearChat(refusal)).toMatchObject({
    text: "",
    kept: [],
    error: "Error: the model refuses: I can't help.",
  });
});

test("over Chat Completions, the message goes back with what it must have and nothing else", async () => {
  const adorned = chunk({
    role: "assistant",
    content: "",
    reasoning_content: "hm",
    tool_calls: [
      {
        index: 0,
        id: "a",
        type: "function",
        function: { name: "get_weather", arguments: LA, parsed_arguments: {} },
      },
    ],
  });
  const others = [{ choices: [] }, {}, chunk({ content: null, tool_calls: null })];
  const { kept } = await hearChat([
    ...others,
    adorned,
    ...others,
    ...END,
    { choices: [], usage: {} },
  ]);
  const asked = { type: "function", id: "a", function: { name: "get_weather", arguments: LA } };
  expect(kept).toEqual([{ role: "assistant", content: null, tool_calls: [asked] }]);
  const texts = [chunk({ content: "First, " }), chunk({ content: "second." }), chunk({}, "stop")];
  expect((await hearChat(texts)).kept).toEqual([{ role: "assistant", content: "First, second." }]);
  expect((await hearChat([chunk({}, "stop")])).kept).toEqual([]);
});

// ── Through the SDK, cut anywhere ────────────────────────────────────────────────────────────────

/** A client whose reply comes in these chunks, and no others. */
function clientOf(chunks: readonly Uint8Array[]): OpenAI {
  const headers = { "content-type": "text/event-stream" };
  const body = () =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    });
  const fetch = async () => new Response(body(), { headers });
  return new OpenAI({ apiKey: "none", baseURL: "http://nowhere/v1", fetch });
}

const through = {
  Responses: async (client: OpenAI) => {
    const stream = await client.responses.create({ model: "m", input: "?", stream: true });
    return listen(readResponse(stream, []));
  },
  "Chat Completions": async (client: OpenAI) => {
    const stream = await client.chat.completions.create({
      model: "m",
      messages: [{ role: "user", content: "?" }],
      stream: true,
    });
    return listen(readChat(stream, []));
  },
};

const AWKWARD = [
  message("Ça va? 🌧 \u2028 data: [DONE]"),
  weather("one", JSON.stringify({ location: 'São "Paulo" \\ \n\n 🌧' })),
  weather("two", '{"location":"\\u5317\\u4eac"}'),
  weather("three", ""),
];

/** The same events in bytes, in all the ways in which servers write them. */
function bodiesOf(wire: Wire): string[] {
  const lines = eventsOf(wire, AWKWARD, 3).map(wire.write);
  const plain = lines.join("");
  const comments = `: hello\n\n${lines.join(": ping\n\n:\n\n")}`;
  return [plain + wire.done, plain, comments, plain.replaceAll("\n", "\r\n")];
}

test.each(WIRES)(
  "over %s, no border of a chunk matters, be it within a letter, an escape or a line",
  async (name, wire, hear) => {
    const { kept: _, ...whole } = await hear(eventsOf(wire, AWKWARD, 3));
    expect(whole.calls.map((one) => one.arguments)).toEqual([
      ...AWKWARD.slice(1, 3).map((one) => "arguments" in one && one.arguments),
      "{}",
    ]);
    for (const body of bodiesOf(wire)) {
      const bytes = new TextEncoder().encode(body);
      for (const size of [1, 2, 3, 7, 50, bytes.length]) {
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
          bytes.slice(index * size, (index + 1) * size),
        );
        expect(await through[name](clientOf(chunks))).toEqual(whole);
      }
    }
  },
);

test.each(WIRES)(
  "over %s, wherever a stream breaks off, no call completes with anything but its own arguments",
  async (name, wire, hear) => {
    const events = eventsOf(wire, AWKWARD, 3);
    const whole = await hear(events);
    const bytes = new TextEncoder().encode(events.map(wire.write).join(""));
    const last = bytes.length - wire.write(wire.end[0] ?? {}).length;
    for (let at = 0; at < last; at += 23) {
      const { calls, error } = await through[name](clientOf([bytes.slice(0, at)]));
      expect(calls).toEqual(whole.calls.slice(0, calls.length));
      expect(error).toBe(BROKEN);
    }
  },
);

// ── The whole chapter: many conversations in one process ─────────────────────────────────────────

/** Has a conversation over each question and prints how it ended; some see a terminal. */
function program(file: string): string {
  return `
import { runAgent } from "./${file}";
for (const question of JSON.parse(process.env.QUESTIONS)) {
  process.stdout.isTTY = question.includes("terminal");
  const end = await runAgent(question).then(
    (answer) => ({ answer }),
    (error) => ({ error: String(error) }),
  );
  console.log("END " + JSON.stringify([question, end]));
}
process.exit();
`;
}

/** The tools report to the barrier: e-mails always, the weather in places that are called so. */
const TOOLS = {
  "mock-tools/weather.ts": like("test/worlds/nasty-or-barred.ts"),
  "mock-tools/mailbox.ts": like("test/worlds/barred-mailbox.ts"),
};

const barred = (id: string) => weather(id, JSON.stringify({ location: `barrier ${id}` }));
const mail = (id: string) => call(id, "send_email", { from: "a", to: "b", message: id });

/** What a script has in hand: the stream of one reply, what the program prints, and the barrier. */
type Stage = {
  send(...events: readonly object[]): void;
  end(): void;
  breakOff(): void;
  /** Waits until the program has printed a text; false if it does not. */
  shown(text: string): Promise<boolean>;
  /** Decides who is let go of those who wait, whenever one more arrives. */
  watch(arrived: (waiting: readonly string[]) => readonly string[]): void;
  readonly log: string[];
};
type Script = (stage: Stage) => void | Promise<void>;

function whole(wire: Wire, ...items: Item[]): Script {
  return ({ send, end }) => {
    send(...eventsOf(wire, items));
    end();
  };
}

/** Five calls and an e-mail are complete, but not the last call: who starts, and when? */
function inTime(wire: Wire): Script {
  return async ({ send, end, shown, watch, log }) => {
    const hello = wire.item(message("Let me see."), 0);
    const half = wire === chat ? 1 : 2;
    send(...hello.slice(0, half));
    log.push((await shown("Agent: Let m")) ? "typed" : "not typed");
    const items = [mail("mail"), ...["a", "b", "c", "d", "e"].map(barred)];
    const [first, ...others] = wire.item(barred("f"), 7);
    const fifth = new Promise<void>((resolve) => {
      watch((waiting) => {
        if (log.includes("start mail")) return waiting;
        if (waiting.length === 4 && log.includes("start e")) resolve();
        return waiting.length === 4 && !log.includes("start e") ? waiting.slice(0, 1) : [];
      });
    });
    send(...hello.slice(half), ...items.flatMap((item, place) => wire.item(item, 1 + place)));
    if (first) send(first);
    // A program that starts nothing before the end would wait here for ever.
    await Promise.race([fifth, wait(20_000)]);
    log.push("the rest");
    send(...others, ...wire.end);
    end();
  };
}

/** An e-mail and a call are complete, another call is not, and the stream breaks off. */
function breaking(wire: Wire): Script {
  return async ({ send, breakOff, watch }) => {
    const started = new Promise<void>((resolve) => {
      watch((waiting) => {
        resolve();
        return waiting;
      });
    });
    const items = [mail("broken mail"), barred("before"), barred("half")];
    const events = items.flatMap((item, place) => wire.item(item, place));
    send(...events.slice(0, wire === chat ? -2 : -3));
    await Promise.race([started, wait(20_000)]);
    breakOff();
  };
}

const THOUGHTFUL = [
  reasoning("which tools"),
  message("I'll look."),
  weather("one"),
  reasoning("one more"),
  weather("two"),
  message("That's all."),
];

function scriptsFor(wire: Wire): Readonly<Record<string, readonly Script[]>> {
  const done = whole(wire, message("done"));
  return {
    nasty: [whole(wire, ...itemsOf(NASTY_REPLY)), done],
    thoughtful: [whole(wire, ...THOUGHTFUL), done],
    interleaved: [
      ({ send, end }) => {
        const place = (location: string) => JSON.stringify({ location });
        const [first, ...others] = wire.item(weather("first", place("a")), 0);
        const between = [
          ...wire.item(weather("second", place("b")), 1),
          ...wire.item(call("third", "teleport"), 2),
        ];
        send(...(first ? [first] : []), ...between, ...others, ...wire.end);
        end();
      },
      done,
    ],
    "in time, on a terminal": [inTime(wire), done],
    breaking: [breaking(wire)],
    "broken at once": [
      ({ send, breakOff }) => {
        send(...wire.item(message("I'll look."), 0));
        breakOff();
      },
    ],
    "two texts": [whole(wire, message("First,"), message("second."))],
  };
}

const End = z.tuple([
  z.string(),
  z.union([z.strictObject({ answer: z.string() }), z.strictObject({ error: z.string() })]),
]);

type Talk<Request> = {
  readonly requests: Request[];
  readonly printed: string;
  readonly end: z.infer<typeof End>[1];
};
type Talks<Request> = {
  readonly talks: Map<string, Talk<Request>>;
  readonly refusals: string[];
  /** Who started and ended at the barrier. */
  readonly log: readonly string[];
};

/** Plays the scripts of all questions against one process of a program. */
async function converse<Request>(
  wire: Wire,
  file: string,
  serve: (answer: (request: Request, response: ServerResponse) => void) => Promise<Api<Request>>,
  questionOf: (request: Request) => string,
): Promise<Talks<Request>> {
  const scripts = scriptsFor(wire);
  const questions = Object.keys(scripts);
  let stdout = "";
  let ended = false;
  const printed = new EventEmitter();
  let arrived = (waiting: readonly string[]) => waiting;
  const barrier = await serveBarrier((waiting) => arrived(waiting));
  const asked: string[] = [];
  const server = await serve((request, response) => {
    const question = questionOf(request);
    const step = asked.filter((one) => one === question).length;
    asked.push(question);
    response.setHeader("content-type", "text/event-stream");
    const script = scripts[question]?.[step];
    void script?.({
      send: (...events) => void response.write(events.map(wire.write).join("")),
      end: () => void response.end(wire.done),
      // Not before all that was sent is on its way.
      breakOff: () => void response.write(":\n\n", () => response.destroy()),
      shown: async (text) => {
        while (!ended && !stdout.includes(text)) await once(printed, "more");
        return stdout.includes(text);
      },
      watch: (decide) => {
        arrived = decide;
      },
      log: barrier.log,
    });
  });
  const source = readFileSync(join(ROOT, file), "utf8");
  // With more threads than lanes, only the lanes hold calls back.
  const roomy = source.replace("MAX_THREADS = 4", "MAX_THREADS = 5");
  const folder = copyBook({ "own.ts": program(file), [file]: roomy, ...TOOLS });
  const env = {
    OPENAI_BASE_URL: server.url,
    BARRIER_URL: barrier.url,
    NO_COLOR: "1",
    QUESTIONS: JSON.stringify(questions),
  };
  const child = start("own.ts", [], { folder, env });
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    printed.emit("more");
  });
  child.once("close", () => {
    ended = true;
    printed.emit("more");
  });
  child.stderr.pipe(process.stderr);
  // A program that waits for ever fails its tests before they fail by themselves.
  const late = setTimeout(() => child.kill("SIGKILL"), 45_000);
  await once(child, "close");
  clearTimeout(late);
  server.close();
  barrier.close();
  const parts = stdout.split(/^END (.*)\n/m);
  const talks = questions.map((question, index): [string, Talk<Request>] => {
    const [name, end] = End.parse(JSON.parse(parts[2 * index + 1] ?? "[]"));
    expect(name).toBe(question);
    const requests = server.requests.filter((request) => questionOf(request) === question);
    return [question, { requests, printed: parts[2 * index] ?? "", end }];
  });
  return { talks: new Map(talks), refusals: server.refusals, log: barrier.log };
}

const ChatRequest = ToolChatRequest.extend({ stream: z.literal(true) });
type ChatRequest = z.infer<typeof ChatRequest>;

function readRequest(body: unknown): ChatRequest {
  const request = ChatRequest.parse(body);
  checkAnswered(request.messages);
  return request;
}

const overResponses = converse<ResponsesRequest>(
  responses,
  FILE,
  (answer) => serveResponses((request) => (response) => answer(request, response)),
  ({ input: [first] }) =>
    first && "role" in first && typeof first.content === "string" ? first.content : "",
);
const overChat = converse<ChatRequest>(
  chat,
  CHAT,
  (answer) => serveApi(readRequest, (request, _, response) => answer(request, response)),
  ({ messages }) => messages[1]?.content ?? "",
);

async function talk<Request>(all: Promise<Talks<Request>>, question: string) {
  const found = (await all).talks.get(question);
  if (!found) throw new Error(`nobody asked ${question}`);
  return found;
}

test("a call starts while the reply streams, at most four at a time, and an e-mail when it is over", async () => {
  for (const ran of [overResponses, overChat]) {
    const log = (await ran).log.slice(1);
    const [first = "", ...others] = log.slice(0, 4);
    expect([first, ...others].toSorted()).toEqual(["start a", "start b", "start c", "start d"]);
    expect(log.slice(4, 8)).toEqual([
      first.replace("start", "end"),
      "start e",
      "the rest",
      "start mail",
    ]);
    expect(log.indexOf("start f")).toBeGreaterThan(8);
  }
});

test("on a terminal, texts are typed as they come, and the calls that had ended by the end are counted", async () => {
  const question = "in time, on a terminal";
  for (const { printed } of [await talk(overResponses, question), await talk(overChat, question)]) {
    expect(printed.slice(0, printed.indexOf("---"))).toMatch(
      /^\[Step 1\] Agent: Let me see\.\nThinking\.\.\.\nEvents: 0p .* 6c \(calls that ended before the reply: 1\)\n$/,
    );
    expect(printed).toContain("\n[Step 2] Agent: done\n");
  }
  expect([(await overResponses).log[0], (await overChat).log[0]]).toEqual(["typed", "typed"]);
});

test("results stand in the order asked, whatever started early, completed first or ended first", async () => {
  const [mixed, chatted] = [
    await talk(overResponses, "interleaved"),
    await talk(overChat, "interleaved"),
  ];
  const ids = ["first", "second", "third"];
  expect(lastOutputs(mixed.requests).map(({ id }) => id)).toEqual(ids);
  const last = chatted.requests.at(-1)?.messages.slice(-3) ?? [];
  expect(last.map((one) => "tool_call_id" in one && one.tool_call_id)).toEqual(ids);
  for (const { printed } of [mixed, chatted]) {
    expect(printed).toMatch(/^Events: .*1c.* 0c/m);
    expect(printed.match(/(?<="(result|code)": ").*(?=")/g)).toEqual([
      "calm in a",
      "calm in b",
      "tool_unavailable",
    ]);
  }
  const { requests } = await talk(overResponses, "in time, on a terminal");
  const calm = (id: string) => ({ id, output: `calm in barrier ${id}` });
  const outputs = [
    { id: "mail", output: "message sent" },
    ...["a", "b", "c", "d", "e", "f"].map(calm),
  ];
  expect(lastOutputs(requests)).toEqual(outputs);
  const { requests: asked } = await talk(overChat, "in time, on a terminal");
  expect(asked.at(-1)?.messages.slice(-7)).toEqual(
    outputs.map(({ id, output }) => {
      return { role: "tool", tool_call_id: id, content: JSON.stringify(output) };
    }),
  );
});

test("the nasty batch streams in, tools that there are beside some that there are not, and each call gets one result", async () => {
  const items = itemsOf(NASTY_REPLY);
  const outputs = outputsOf(NASTY_RESULTS);
  const { requests, printed, end } = await talk(overResponses, "nasty");
  expect(requests[1]?.input.slice(1, 1 + items.length)).toEqual(items);
  expect(lastOutputs(requests)).toEqual(outputs);
  expect(end).toEqual({ answer: "done" });
  const { requests: asked, ...others } = await talk(overChat, "nasty");
  const [calls, ...results] = asked[1]?.messages.slice(2) ?? [];
  const nameless = (id: string, index: number) => id || `call_${index}`;
  expect(calls).toEqual({
    role: "assistant",
    content: null,
    tool_calls: items.flatMap((item, index) => {
      if (item.type !== "function_call") return [];
      const { call_id, name, arguments: text } = item;
      const called = { name, arguments: text || "{}" };
      return { type: "function", id: nameless(call_id, index), function: called };
    }),
  });
  expect(
    results.map((one) => "tool_call_id" in one && [one.tool_call_id, JSON.parse(one.content)]),
  ).toEqual(outputs.map(({ id, output }, index) => [nameless(id, index), output]));
  expect(others.end).toEqual({ answer: "done" });
  for (const text of [printed, others.printed]) {
    const [, trail = ""] = /^Events: (.*)$/m.exec(text) ?? [];
    const completes = [...trail.matchAll(/(\d+)c/g)].map(([, index]) => Number(index));
    expect(completes.toSorted((one, other) => one - other)).toEqual([...items.keys()]);
  }
});

test("a stream that breaks off runs no half call and no e-mail, and keeps the results that there are", async () => {
  const breaking = [await talk(overResponses, "breaking"), await talk(overChat, "breaking")];
  const result = { id: "before", result: "calm in barrier before" };
  for (const { printed, end, requests } of breaking) {
    expect(printed).toMatch(/^\[Step 1\] Agent: .*\nThinking\.\.\.\nEvents: 0p .* 1c [2p ]*\n---/);
    expect(printed).toContain(`Function call results: ${JSON.stringify([result], null, 2)}\n`);
    expect(end).toEqual({ error: BROKEN });
    expect(requests).toHaveLength(1);
  }
  const log = [...(await overResponses).log, ...(await overChat).log];
  expect(log.filter((line) => /broken mail|half/.test(line))).toEqual([]);
});

test("a stream that breaks off before any call is complete is an error and prints nothing", async () => {
  const question = "broken at once";
  for (const one of [await talk(overResponses, question), await talk(overChat, question)]) {
    expect(one).toMatchObject({ printed: "", end: { error: BROKEN } });
    expect(one.requests).toHaveLength(1);
  }
});

test("what goes back is what came, and then one result for each call, in their order", async () => {
  const { requests, end } = await talk(overResponses, "thoughtful");
  const output = JSON.stringify("calm in LA");
  expect(requests[1]?.input).toEqual([
    { role: "user", content: "thoughtful" },
    ...THOUGHTFUL,
    { type: "function_call_output", call_id: "one", output },
    { type: "function_call_output", call_id: "two", output },
  ]);
  expect(end).toEqual({ answer: "done" });
  const { requests: asked } = await talk(overChat, "thoughtful");
  const called = { name: "get_weather", arguments: LA };
  expect(asked[1]?.messages.slice(1)).toEqual([
    { role: "user", content: "thoughtful" },
    {
      role: "assistant",
      content: "I'll look.That's all.",
      tool_calls: ["one", "two"].map((id) => ({ type: "function", id, function: called })),
    },
    { role: "tool", tool_call_id: "one", content: output },
    { role: "tool", tool_call_id: "two", content: output },
  ]);
});

test("a reply without calls is the answer, and nothing but its texts is printed", async () => {
  const step = "[Step 1] Agent:";
  expect(await talk(overResponses, "two texts")).toMatchObject({
    printed: `${step} First,\n${step} second.\n`,
    end: { answer: "First,\nsecond." },
  });
  expect(await talk(overChat, "two texts")).toMatchObject({
    printed: `${step} First,second.\n`,
    end: { answer: "First,second." },
  });
});

test("each request asks for a stream, and none is one that a real API would refuse", async () => {
  const { talks, refusals } = await overResponses;
  const requests = [...talks.values()].flatMap((one) => one.requests);
  expect(requests.map(({ stream }) => stream)).toEqual(requests.map(() => true));
  expect(refusals).toEqual([]);
  expect((await overChat).refusals).toEqual([]);
});

// ── As a reader meets it ─────────────────────────────────────────────────────────────────────────

test("the demo prints the same over either protocol, at whatever pace, and its calls in order", async () => {
  const env = { OFFLINE_TOKENS_PER_SECOND: "2000" };
  const [one, other] = await Promise.all([run(FILE, [], { env }), run(CHAT, [], { env })]);
  const trail = [0, 1, 2, 3].map((call) => `${`${call}p `.repeat(5)}${call}c`).join(" ");
  expect(one?.stdout).toContain(`\nEvents: ${trail}\n----------\n`);
  expect(one?.code).toBe(0);
  expect(other).toEqual(one);
});

test("a stream that breaks off ends the program with one line, after the results that there are", async () => {
  const { code, stdout, stderr } = await runResponses(FILE, [
    (response) => {
      const events = [message("I'll look."), weather("la"), weather("half")].flatMap(
        (item, place) => responses.item(item, place),
      );
      response.setHeader("content-type", "text/event-stream");
      const text = events.slice(0, -3).map(responses.write).join("");
      response.write(text, () => response.destroy());
    },
  ]);
  const results = JSON.stringify([{ id: "la", result: "sunny, 20 degrees" }], null, 2);
  expect(stdout).toBe(`Q: a question

[Step 1] Agent: I'll look.
Thinking...
Events: 0p 0p 0p 0p 0c 1p 1p 1p
----------
Function call results: ${results}
----------

`);
  const [, line, ...rest] = stderr.split("\n");
  expect(line).toMatch(/^error: the stream broke off within the reply: .+$/);
  expect(rest).toEqual([""]);
  expect(code).toBe(1);
});
