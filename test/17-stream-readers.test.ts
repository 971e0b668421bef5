// What the readers of a streamed reply (responses.ts, chat.ts, pieces.ts and reply.ts of chapter 17) promise:
// every call completes once, with its own arguments, as soon as that is certain; a call that
// was cut off never completes; and complete items are kept for the next request.
import fc from "fast-check";
import OpenAI from "openai";
import { expect, test } from "vitest";
import { type ReplyMessage, readChat } from "../chapters/17-streaming/chat.ts";
import type { ReplyEvent, StreamedCall } from "../chapters/17-streaming/pieces.ts";
import { readReply } from "../chapters/17-streaming/reply.ts";
import { readResponse } from "../chapters/17-streaming/responses.ts";
import { call, type Item, message, reasoning } from "./support/responses.ts";
import {
  added,
  argued,
  chat,
  chunk,
  completed,
  ended,
  grown,
  piece,
  responses,
  said,
  streamItems,
  streamReply,
  type Wire,
} from "./support/streams.ts";

/** Eight times as long is linear, sixty-four times is quadratic. This limit lies between them. */
const LINEAR = 23;

const LA = '{"location":"LA"}';
const BROKEN = "Error: the stream broke off within the reply";
const NOTHING = "Error: expected a stream of events, got none";

const WIRES = [
  ["Responses", responses, hearResponse],
  ["Chat Completions", chat, hearChat],
] as const;

// ── What both do ─────────────────────────────────────────────────────────────────────────────────

test.each(WIRES)(
  "over %s, each call has its partials with the text so far, and completes before the next one begins [R2]",
  async (_, wire, hear) => {
    const items = [weather("a"), call("b", "get_user_profile"), call("c", "get_user_profile", "")];
    const { trail, texts, calls } = await hear(streamReply(wire, items, 10));
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
  "over %s, arguments that never parse complete as they are, once the reply is over [R6]",
  async (_, wire, hear) => {
    const items = [weather("a", '{"loc'), weather("b"), weather("c", "17")];
    const { calls } = await hear(streamReply(wire, items));
    expect(calls.toSorted(byId)).toEqual([
      streamed("a", '{"loc'),
      streamed("b"),
      streamed("c", "17"),
    ]);
  },
);

test.each(WIRES)(
  "over %s, calls whose pieces come in any order keep their own, and none completes before its last piece [R5]",
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
    const events = streamItems(wire, [message("I'll look."), weather("a"), weather("b")]);
    const half = events.slice(0, wire === chat ? -2 : -4);
    for (const error of [undefined, new Error("other side closed")]) {
      const heard = await hear(half, error);
      expect(heard).toMatchObject({ calls: [streamed("a")], text: "I'll look.", error: BROKEN });
      expect(JSON.stringify(heard.kept)).toMatch(/I'll look\..*"a"/);
      expect(JSON.stringify(heard.kept)).not.toMatch(/"b"/);
    }
    expect(await hear([])).toMatchObject({ trail: "", text: "", kept: [], error: NOTHING });
  },
);

test.each(WIRES)(
  "over %s, calls that wait for the end complete in their order, and an empty text is no text [R3]",
  async (_, wire, hear) => {
    const nothing = [wire === chat ? chunk({ content: "" }) : said(0, 0, ""), ...wire.end];
    const reader =
      wire === chat ? readChat(replay(nothing), []) : readResponse(replay(nothing), []);
    expect(await reader.next()).toEqual({ done: true, value: undefined });
    const items = ["c", "a", "b"].map((id) => weather(id, ""));
    // Over Responses, a call waits for the end of the reply if no event says that it is done.
    const undone = streamReply(wire, items).filter(
      (event) => !/\.done"/.test(JSON.stringify(event)),
    );
    const { trail, calls } = await hear(undone);
    expect(trail).toBe("0c 1c 2c");
    expect(calls.map(({ id }) => id)).toEqual(["c", "a", "b"]);
  },
);

test.each(WIRES)(
  "over %s, after the last event of a reply, errors are ignored, and the stream is read to its end",
  async (_, wire, hear) => {
    const events = streamReply(wire, [message("Hello"), weather("a")]);
    const whole = await hear(events);
    expect(whole.error).toBe(undefined);
    expect(await hear(events, new Error("other side closed"))).toEqual(whole);
    expect(await hear([...events, ...events])).toEqual(whole);
    let left = true;
    const stream = async function* <Event>(): AsyncGenerator<Event> {
      yield* replay<Event>([...events, chunk({})]);
      left = false;
    };
    await listen(wire === chat ? readChat(stream(), []) : readResponse(stream(), []));
    expect(left).toBe(false);
  },
);

test.each(WIRES)(
  "over %s, a stream may be cut into chunks anywhere, even within a letter, an escape or a line",
  async (name, wire, hear) => {
    const { kept: _, ...whole } = await hear(streamReply(wire, AWKWARD, 8));
    expect(whole.calls.map((one) => one.arguments)).toEqual([
      ...AWKWARD.slice(1, 3).map((one) => "arguments" in one && one.arguments),
      "{}",
    ]);
    for (const body of bodiesOf(wire)) {
      const bytes = new TextEncoder().encode(body);
      for (const size of [1, 7]) {
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
          bytes.slice(index * size, (index + 1) * size),
        );
        expect(await throughSdk[name](chunks)).toEqual(whole);
      }
    }
  },
);

test.each(WIRES)(
  "over %s, wherever a stream breaks off, no call completes with anything but its own arguments [R10]",
  async (name, wire, hear) => {
    const events = streamReply(wire, AWKWARD, 8);
    const whole = await hear(events);
    const bytes = new TextEncoder().encode(events.map(wire.write).join(""));
    const last = bytes.length - wire.write(wire.end[0] ?? {}).length;
    for (let at = 0; at < last; at += 47) {
      const { calls, error } = await throughSdk[name]([bytes.slice(0, at)]);
      expect(calls).toEqual(whole.calls.slice(0, calls.length));
      expect([BROKEN, ...(calls.length === 0 ? [NOTHING] : [])]).toContain(error);
    }
  },
);

test.each(WIRES)(
  "over %s, an id that the API would refuse is replaced where the call begins, and a valid one never is",
  async (_, wire, hear) => {
    const most = wire === chat ? 40 : 64;
    const ids = ["a", "", "x".repeat(most), "y".repeat(most + 1), "a", "call_0", "b"];
    const { calls, kept } = await hear(
      streamReply(
        wire,
        ids.map((id) => weather(id)),
      ),
    );
    const settled = ["a", "call_1", "x".repeat(most), "call_3", "call_4", "call_0", "b"];
    expect(calls.map(({ id }) => id)).toEqual(settled);
    expect(idsIn(kept)).toEqual(settled);
  },
);

test.each(WIRES)(
  "over %s, a call without an id, or with one that is not a text, gets an id",
  async (_, wire, hear) => {
    const odd = [undefined, null, 7, {}].flatMap((id, place) =>
      wire.item(weather("odd"), place).map((event) => renamed(event, id)),
    );
    const { calls, kept } = await hear([...odd, ...wire.end]);
    const settled = ["call_0", "call_1", "call_2", "call_3"];
    expect(calls.map(({ id }) => id)).toEqual(settled);
    expect(idsIn(kept)).toEqual(settled);
  },
);

test.each(WIRES)(
  "over %s, our call keeps its made-up id even if the server uses the same id later",
  async (_, wire, hear) => {
    const { calls } = await hear(
      streamReply(
        wire,
        ["", "call_0", "call_1"].map((id) => weather(id)),
      ),
    );
    expect(calls.map(({ id }) => id)).toEqual(["call_0", "call_1", "call_2"]);
  },
);

test.each(WIRES)(
  "over %s, an error names an event that does not belong to a reply",
  async (_, wire, hear) => {
    for (const event of oddEvents(wire)) {
      const odd = JSON.parse(JSON.stringify(event));
      const { error } = await hear([...wire.item(weather("a"), 0), odd, ...wire.end]);
      const what = wire === chat ? "a chunk of a reply" : "an event of a reply";
      expect(error).toBe(`Error: expected ${what}, got ${JSON.stringify(event)}`);
    }
  },
);

test.each(WIRES)(
  "over %s, eight times as many calls, or letters of one call, take some eight times as long",
  async (_, wire) => {
    const calls = (count: number) =>
      Array.from({ length: count }, (_, index) => weather(`id ${index}`));
    expect(
      await growth((scale) => read(wire, streamReply(wire, calls(2_000 * scale), 20))),
    ).toBeLessThan(LINEAR);
    const long = (count: number) => weather("a", JSON.stringify({ location: "x".repeat(count) }));
    expect(
      await growth((scale) => read(wire, streamReply(wire, [long(1_000 * scale)], 1))),
    ).toBeLessThan(LINEAR);
  },
);

test("a reader of replies tells of each call at once, and returns all that completed, in their order", async () => {
  const told: string[] = [];
  const before: string[][] = [];
  const read = (error?: Error) => {
    const events: ReplyEvent[] = [
      { type: "text", text: "Hello" },
      { type: "partial", index: 0, call: streamed("a", '{"loc') },
      { type: "complete", index: 1, call: streamed("b") },
      { type: "complete", index: 0, call: streamed("a") },
      { type: "partial", index: 2, call: streamed("c", "{") },
    ];
    const stream = async function* (): AsyncGenerator<ReplyEvent> {
      for (const event of events) {
        before.push([...told]);
        yield event;
      }
      if (error) throw error;
    };
    return readReply(
      stream(),
      (text) => told.push(text),
      ({ id }) => told.push(id),
    );
  };
  const whole = {
    events: ["0p", "1c", "0c", "2p"],
    calls: [streamed("a"), streamed("b")],
    error: undefined,
  };
  expect(await read()).toEqual(whole);
  expect(before).toEqual([[], ["Hello"], ["Hello"], ["Hello", "b"], ["Hello", "b", "a"]]);
  const error = new Error("broken");
  expect(await read(error)).toEqual({ ...whole, error });
});

// ── What only Responses does ─────────────────────────────────────────────────────────────────────

test("over Responses, a call completes once, at whichever of its two ends comes first [R4]", async () => {
  const begun = [added(0, weather("a", "")), grown(0, LA)];
  const one = ended(0, weather("a"));
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
    const { trail, calls } = await hearResponse([added(0, weather("a", "")), end, completed]);
    expect({ trail, calls }).toEqual({ trail: "0c", calls: [streamed("a")] });
  }
});

test("over Responses, a call that was never announced comes with its item, and disturbs no other", async () => {
  const { trail, calls } = await hearResponse([
    added(0, weather("a", "")),
    grown(0, '{"location":'),
    grown(1, '{"location":"Paris"}'),
    argued(1, '{"location":"Paris"}'),
    ended(1, weather("b", '{"location":"Paris"}')),
    grown(0, '"LA"}'),
    ended(0, weather("a")),
    completed,
  ]);
  expect(trail).toBe("0p 1c 0p 0c");
  expect(calls).toEqual([streamed("b", '{"location":"Paris"}'), streamed("a")]);
});

test("over Responses, another id at the same place is another call", async () => {
  const { calls, kept } = await hearResponse([
    added(0, weather("a", "")),
    grown(0, LA),
    added(0, weather("b", "")),
    grown(0, "{}"),
    ended(0, weather("a")),
    argued(0, "{}"),
    completed,
  ]);
  expect(calls).toEqual([streamed("a"), streamed("b", "{}")]);
  expect(kept.map((one) => "call_id" in one && one.call_id)).toEqual(["a", "b"]);
});

test("over Responses, an item that says it is incomplete does not run, and ends with its reply", async () => {
  const cutOff = { ...weather("b", '{"loc'), status: "incomplete" };
  const incomplete = { incomplete_details: { reason: "max_output_tokens" } };
  const heard = await hearResponse([
    ...responses.item(weather("a"), 0),
    added(1, weather("b", "")),
    grown(1, '{"loc'),
    ended(1, cutOff),
    { type: "response.incomplete", response: incomplete },
    completed,
  ]);
  expect(heard).toMatchObject({
    calls: [streamed("a")],
    kept: [weather("a")],
    error: "Error: the reply is incomplete: max_output_tokens",
  });
});

test("over Responses, a failure within the stream is an error in the model's words", async () => {
  const failed = { type: "response.failed", response: { error: { message: "out of order" } } };
  for (const event of [failed, { type: "error", message: "out of order" }]) {
    const heard = await hearResponse([...responses.item(weather("a"), 0), event, completed]);
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
    weather("one"),
    weather("two", "{}"),
    message("And", "more."),
    weather("last"),
  ];
  const events = streamReply(responses, items);
  const inOrder = await hearResponse(events);
  expect(inOrder.kept).toEqual(items);
  expect(inOrder.text).toBe("I'll look.\nAnd\nmore.");
  const place = (event: object) => ("output_index" in event ? Number(event.output_index) : 9);
  const backwards = events.toSorted((one, other) => place(other) - place(one));
  const heard = await hearResponse([...backwards.slice(1), completed]);
  expect(heard.kept).toEqual(items);
  expect(heard.calls).toEqual([streamed("last"), streamed("two", "{}"), streamed("one")]);
  // Some servers never say that an item is done.
  const undone = events.filter((event) => {
    return !(/item\.done"/.test(JSON.stringify(event)) && place(event) === 3);
  });
  const made = (await hearResponse(undone)).kept[3];
  expect(made).toEqual({
    type: "function_call",
    call_id: "two",
    name: "get_weather",
    arguments: "{}",
  });
});

const THREE = [message("I'll look."), weather("a"), call("b", "get_user_profile")];

/** The last event, with all items in it. */
function completedWith(...output: object[]): object {
  return { type: "response.completed", response: { output } };
}

test("over Responses, the output of the last event counts where no other event has brought it", async () => {
  const all = await hearResponse(streamReply(responses, THREE));
  const { trail, text, calls, kept } = await hearResponse([completedWith(...THREE)]);
  expect({ trail, text, calls, kept }).toEqual({
    trail: "0c 1c",
    text: "I'll look.",
    calls: all.calls,
    kept: THREE,
  });
  const dones = THREE.map((item, place) => ended(place, item));
  for (const last of [
    { type: "response.completed" },
    { type: "response.completed", response: null },
    { type: "response.completed", response: { output: null } },
  ]) {
    expect(await hearResponse([...dones, last])).toEqual({
      ...all,
      trail: "0c 1c",
      texts: [LA, "{}"],
    });
    expect(await hearResponse([last])).toMatchObject({ calls: [], text: "", kept: [] });
  }
});

test("over Responses, what the events have brought does not count twice, whatever its places and ids", async () => {
  const spaced = (item: Item) =>
    item.type === "function_call"
      ? { ...item, arguments: item.arguments.replace(":", ": ") }
      : item;
  const others = THREE.map((item) => ({
    ...spaced(item),
    id: `${item.id}_x`,
    call_id: `${item.id}_y`,
  }));
  const ways = [
    streamReply(responses, THREE).slice(0, -1),
    THREE.flatMap((item, place) => responses.item(item, place + 5)),
    THREE.flatMap((item) => responses.item(item, 0)),
    THREE.map((item, place) => ended(place, item)),
    // No event says that an item is done.
    THREE.flatMap((item, place) => responses.item(item, place)).filter(
      (event) => !/\.done"/.test(JSON.stringify(event)),
    ),
  ];
  for (const events of ways)
    for (const output of [[], THREE, others]) {
      const heard = await hearResponse([...events, completedWith(...output)]);
      expect(heard.text).toBe("I'll look.");
      expect(heard.calls.map((one) => [one.id, JSON.parse(one.arguments)])).toEqual([
        ["a", { location: "LA" }],
        ["b", {}],
      ]);
      expect(heard.kept.map((item) => [item.type, "call_id" in item ? item.call_id : ""])).toEqual([
        ["message", expect.anything()],
        ["function_call", "a"],
        ["function_call", "b"],
      ]);
    }
});

test("over Responses, each call counts once, whatever part of it the events bring before the last one", async () => {
  const bring = (item: Item, place: number, way: number) => {
    const events = responses.item(item, place);
    const done = /"response\.output_item\.done"/;
    const ways = [
      [],
      events,
      events.slice(-1),
      events.slice(0, -1),
      events.slice(0, -2),
      events.filter((event) => !/_arguments/.test(JSON.stringify(event))),
      [...events, ...events.filter((event) => done.test(JSON.stringify(event)))],
    ];
    return ways[way % ways.length] ?? [];
  };
  const oneCall = fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 6 }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(oneCall, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(0, 3),
      fc.boolean(),
      async (all, shift, renames) => {
        const items = all.map(([args], index) => weather(`id ${index}`, `{"location":"${args}"}`));
        const events = all.flatMap(([, way], index) => {
          const item = items[index];
          return item ? bring(item, index + shift, way) : [];
        });
        const output = items.map((item) => ({
          ...item,
          ...(renames && { id: `${item.id}_x`, call_id: `${item.id}_y` }),
        }));
        const { calls, kept } = await hearResponse([...events, completedWith(...output)]);
        const texts = items.map((item) => "arguments" in item && item.arguments);
        expect(calls.map((one) => one.arguments).toSorted()).toEqual(texts.toSorted());
        expect(new Set(calls.map(({ id }) => id)).size).toBe(all.length);
        expect(idsIn(kept).toSorted()).toEqual(calls.map(({ id }) => id).toSorted());
      },
    ),
    { numRuns: 300 },
  );
});

test("over Responses, the last event completes what the others have begun, and adds what they have left out", async () => {
  const half = [
    said(0, 0, "I'll "),
    added(1, weather("a", "")),
    grown(1, LA.slice(0, 5)),
    ...responses.item(weather("c", "{}"), 3),
  ];
  const output = [message("I'll look."), weather("a"), weather("b"), weather("c", "{}")];
  const { text, calls, kept } = await hearResponse([...half, completedWith(...output)]);
  expect(text).toBe("I'll look.");
  expect(calls.toSorted(byId)).toEqual([streamed("a"), streamed("b"), streamed("c", "{}")]);
  expect(kept).toEqual(output);
  const twins = [weather("a"), weather("b"), weather("c")];
  const twice = await hearResponse([...responses.item(weather("b"), 0), completedWith(...twins)]);
  expect(twice.calls.map(({ id }) => id).toSorted()).toEqual(["a", "b", "c"]);
});

test("over Responses, a text that came in pieces alone is kept, and an incomplete item is not", async () => {
  const cutOff = { ...weather("b", '{"loc'), status: "incomplete" };
  const { text, calls, kept } = await hearResponse([
    said(0, 0, "Hel"),
    said(0, 0, "lo"),
    said(0, 1, "there"),
    added(1, weather("b", "")),
    ended(1, cutOff),
    completedWith(cutOff, { ...message("half"), status: "incomplete" }),
  ]);
  expect({ text, calls }).toEqual({ text: "Hello\nthere", calls: [] });
  expect(kept).toEqual([{ ...message("Hello\nthere"), id: expect.stringMatching(/^msg_/) }]);
});

test("over Responses, a refusal without an item of its own counts as a refusal", async () => {
  const refusal = { ...message(), content: [{ type: "refusal", refusal: "No." }] };
  for (const event of [
    completedWith(weather("a"), refusal),
    { type: "response.refusal.done", output_index: 0, content_index: 0, refusal: "No." },
  ]) {
    const heard = await hearResponse([event, completed]);
    expect(heard).toMatchObject({ calls: [], error: "Error: the model refuses: No." });
  }
});

// ── What only Chat Completions does ──────────────────────────────────────────────────────────────

const TWO = [streamed("a"), streamed("b", "{}")];

/** Streams of the same two calls, as servers that are almost compatible send them. */
const SERVERS: readonly (readonly [
  server: string,
  events: readonly object[],
  calls: StreamedCall[],
])[] = [
  [
    "names no index",
    [piece(undefined, LA, "get_weather", "a"), piece(null, "{}", "get_weather", "b")],
    TWO,
  ],
  [
    "names an index only where a call begins",
    [
      piece(4, '{"location"', "get_weather", "a"),
      piece(null, ':"LA"}'),
      piece(7, "{}", "get_weather", "b"),
    ],
    TWO,
  ],
  [
    "has one index for all calls",
    [piece(0, LA, "get_weather", "a"), piece(0, "{}", "get_weather", "b")],
    TWO,
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
    TWO,
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
    TWO,
  ],
  [
    "says the name last",
    [
      piece(0, LA, undefined, "a"),
      piece(1, "{}", undefined, "b"),
      piece(1, "", "get_weather"),
      piece(0, "", "get_weather"),
    ],
    TWO,
  ],
  [
    "goes back to a call by its id",
    [
      piece(null, '{"loc', "get_weather", "a"),
      piece(null, "{", "get_weather", "b"),
      piece(null, 'ation":"LA"}', undefined, "a"),
      piece(null, "}", undefined, "b"),
    ],
    TWO,
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
    TWO,
  ],
];

test.each(SERVERS)(
  "a server of Chat Completions that %s is understood",
  async (_, events, calls) => {
    const heard = await hearChat([...events, ...chat.end]);
    expect(heard.error).toBe(undefined);
    expect(heard.calls.toSorted(byId)).toEqual(calls);
  },
);

test("over Chat Completions, a name with each piece takes no longer than a name with the first", async () => {
  const pieces = (text: string) => [
    ...[...text].map((letter) => piece(0, letter, "get_weather")),
    ...chat.end,
  ];
  // Lists within lists take a parser longest.
  const long = (lists: number) =>
    JSON.stringify({ lists: Array.from({ length: lists }, () => []) });
  const { calls } = await hearChat(pieces(long(3_000)));
  expect(calls.map((one) => one.arguments)).toEqual([long(3_000)]);
  expect(await growth((scale) => read(chat, pieces(long(500 * scale))))).toBeLessThan(LINEAR);
});

test("over Chat Completions, brackets in a text, escapes and white space end no call too early or too late", async () => {
  const texts = fc.json().filter((text) => /^[{[]/.test(text));
  const spaces = fc.string({ unit: fc.constantFrom(" ", "\n", "\t", "\r"), maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(texts, spaces, fc.nat(), async (text, space, at) => {
      const cut = at % (text.length + 1);
      const parts = [text.slice(0, cut), text.slice(cut) + space].map((part) =>
        piece(0, part, "get_weather", "a"),
      );
      const next = piece(1, "", "get_weather", "b");
      expect((await hearChat([...parts, next])).trail).toMatch(/^(0p )+0c$/);
      const half = piece(0, text.slice(0, -1), "get_weather", "a");
      expect((await hearChat([half, next])).trail).not.toContain("c");
      const odd = piece(0, `${text}${space}}`, "get_weather", "a");
      expect((await hearChat([odd, next])).trail).not.toContain("c");
    }),
  );
});

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
  // Until another call begins, more may come, and a call must never run with only a part.
  const twice = [piece(0, "{}", "get_weather", "a"), piece(0, LA)];
  const { trail, calls } = await hearChat([...twice, next, ...chat.end]);
  expect(trail).toBe("0p 0p 0c 1c");
  expect(calls[0]?.arguments).toBe(`{}${LA}`);
  const after = [piece(0, LA, "get_weather", "a"), next, piece(0, " "), piece(1, "{}")];
  expect((await hearChat([...after, ...chat.end])).trail).toBe("0p 0c 1p 1c");
  const back = [piece(0, '{"a":', "get_weather", "a"), next, piece(0, "1}"), piece(1, "{}")];
  expect((await hearChat([...back, ...chat.end])).trail).toBe("0p 0p 0c 1p 1c");
});

test("over Chat Completions, a reply that was cut short or refused is an error, and what ran is kept", async () => {
  const calls = streamItems(chat, [weather("a"), weather("b", '{"loc')]);
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
  const usage = { choices: [], usage: {} };
  const { kept } = await hearChat([...others, adorned, ...others, ...chat.end, usage]);
  const asked = { type: "function", id: "a", function: { name: "get_weather", arguments: LA } };
  expect(kept).toEqual([{ role: "assistant", content: null, tool_calls: [asked] }]);
  const texts = [chunk({ content: "First, " }), chunk({ content: "second." }), chunk({}, "stop")];
  expect((await hearChat(texts)).kept).toEqual([{ role: "assistant", content: "First, second." }]);
  expect((await hearChat([chunk({}, "stop")])).kept).toEqual([]);
});

// ── Helpers ──────────────────────────────────────────────────────────────────────────────────────

function weather(id: string, text = LA): Item {
  return call(id, "get_weather", text);
}

function streamed(id: string, text = LA, name = "get_weather"): StreamedCall {
  return { type: "function_call", id, name, arguments: text };
}

function byId(one: StreamedCall, other: StreamedCall): number {
  return one.id.localeCompare(other.id);
}

/** A stream of these events, which then ends or breaks off. */
async function* replay<Event>(events: readonly object[], error?: Error): AsyncGenerator<Event> {
  for (const event of events) yield JSON.parse(JSON.stringify(event));
  if (error) throw error;
}

/** The ids of the calls in what goes back. */
function idsIn(kept: readonly (Item | ReplyMessage | object)[]): unknown[] {
  return kept.flatMap((one) => {
    if ("call_id" in one) return [one.call_id];
    return "tool_calls" in one && Array.isArray(one.tool_calls)
      ? one.tool_calls.map(({ id }) => id)
      : [];
  });
}

/** An event whose call has another id. No schema allows that. */
function renamed(event: object, id: unknown): object {
  return JSON.parse(JSON.stringify(event), function (this: object, key, value) {
    if (value === "odd" && (key === "call_id" || key === "id")) return id;
    return value;
  });
}

/** Events that break a promise of the API. */
function oddEvents(wire: Wire): readonly unknown[] {
  const odd = [null, "?", 7, []];
  if (wire === chat) {
    const calls = [null, { function: { arguments: {} } }, { function: { name: 7 } }];
    const deltas = [
      ...calls.map((one) => ({ tool_calls: [one] })),
      { tool_calls: {} },
      { content: [{ type: "text", text: "parts" }] },
      { content: 7 },
      { refusal: {} },
    ];
    return [...odd, { choices: [null] }, { choices: 7 }, ...deltas.map((delta) => chunk(delta))];
  }
  const items = [
    null,
    "?",
    {},
    { type: "function_call", call_id: "b", arguments: "{}" },
    { type: "function_call", call_id: "b", name: "get_weather" },
    { type: "function_call", call_id: "b", name: "get_weather", arguments: {} },
    { type: "message" },
    { type: "message", content: null },
    { type: "message", content: "text" },
    { type: "message", content: [null] },
    { type: "message", content: [{ type: "output_text", text: null }] },
  ];
  return [
    ...odd.filter((one) => !Array.isArray(one)),
    {},
    added(1, JSON.parse("null")),
    { type: "response.output_text.delta", output_index: 0, content_index: 0 },
    { type: "response.function_call_arguments.delta", output_index: 0, delta: {} },
    ...items.map((item) => ({ type: "response.output_item.done", output_index: 1, item })),
    ...items.map((item) => ({ type: "response.completed", response: { output: [item] } })),
  ];
}

/** Reads events that come one by one, without a copy of any. */
async function read(wire: Wire, events: readonly object[]): Promise<void> {
  const stream = async function* <Event>(): AsyncGenerator<Event> {
    for (const event of events) yield Object(event);
  };
  const reader = wire === chat ? readChat(stream(), []) : readResponse(stream(), []);
  for await (const _ of reader);
}

/**
 * How many times longer something takes at eight times its size: 8 if it is linear, 64 if it is quadratic. The
 * The smallest of several measurements, in CPU time of this process, which other processes do not lengthen.
 */
async function growth(work: (scale: number) => Promise<void>): Promise<number> {
  const time = async (scale: number) => {
    const before = process.cpuUsage();
    await work(scale);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const small: number[] = [];
  const large: number[] = [];
  for (let attempt = 0; attempt < 3; attempt++) {
    small.push(await time(1));
    large.push(await time(8));
  }
  return Math.min(...large) / Math.min(...small);
}

type Heard = {
  /** The events of calls, such as "0p 0c". */
  readonly trail: string;
  /** The arguments in each event. */
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

/** A client whose reply comes in these chunks of bytes. */
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

/** The events that come out of the SDK for these chunks of bytes. */
const throughSdk = {
  Responses: async (chunks: readonly Uint8Array[]) => {
    const request = { model: "m", input: "?", stream: true } as const;
    return listen(readResponse(await clientOf(chunks).responses.create(request), []));
  },
  "Chat Completions": async (chunks: readonly Uint8Array[]) => {
    const messages = [{ role: "user", content: "?" } as const];
    const request = { model: "m", messages, stream: true } as const;
    return listen(readChat(await clientOf(chunks).chat.completions.create(request), []));
  },
};

const AWKWARD = [
  message("Ça va? 🌧 \u2028 data: [DONE]"),
  weather("one", JSON.stringify({ location: 'São "Paulo" \\ \n\n 🌧' })),
  weather("two", '{"location":"\\u5317\\u4eac"}'),
  weather("three", ""),
];

/** The same events as bytes, in all the ways in which servers write them. */
function bodiesOf(wire: Wire): string[] {
  const lines = streamReply(wire, AWKWARD, 8).map(wire.write);
  const plain = lines.join("");
  const comments = `: hello\n\n${lines.join(": ping\n\n:\n\n")}`;
  return [plain + wire.done, plain, comments, plain.replaceAll("\n", "\r\n")];
}
