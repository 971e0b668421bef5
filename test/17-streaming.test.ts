// A call starts as soon as its own arguments are complete, while the reply still streams; results stand
// in the order asked; and a stream that breaks off runs nothing that might have effects.
// The readers alone are in 17-stream-readers.test.ts. Here, one process a protocol has a conversation
// over each script below, with tools that report to a barrier.
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { z } from "zod";
import { ROOT } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";
import { run, start } from "../scripts/run.ts";
import { readReports } from "./programs/report.ts";
import { serveBarrier } from "./support/barrier.ts";
import { checkAnswered, ToolChatRequest } from "./support/chat.ts";
import { NASTY_REPLY, NASTY_RESULTS } from "./support/nasty.ts";
import { printed } from "./support/pages.ts";
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
  serveApi,
  serveResponses,
  settle,
} from "./support/responses.ts";
import { chat, responses, streamItems, streamReply, type Wire } from "./support/streams.ts";
import { like } from "./support/worlds.ts";

const FILE = "chapters/17-streaming/main.ts";

// ── When calls run ───────────────────────────────────────────────────────────────────────────────

test("a call starts while the reply streams, at most four at a time, and an e-mail when it is over [R7]", async () => {
  for (const { log } of await both) {
    const [, first = "", ...others] = log.slice(0, 5);
    expect([first, ...others].toSorted()).toEqual(["start a", "start b", "start c", "start d"]);
    expect(log.slice(5, 9)).toEqual([
      first.replace("start", "end"),
      "start e",
      "the rest",
      "start mail",
    ]);
    expect(log.indexOf("start f")).toBeGreaterThan(8);
  }
});

test("results stand in the order asked, whatever started early, completed first or ended first", async () => {
  const asked = await overResponses;
  const chatted = await overChat;
  const ids = ["first", "second", "third"];
  expect(lastOutputs(asked.talk("interleaved").requests).map(({ id }) => id)).toEqual(ids);
  expect(lastResults(chatted.talk("interleaved").requests).map(({ id }) => id)).toEqual(ids);
  for (const { talk } of [asked, chatted]) {
    const { printed: text } = talk("interleaved");
    expect(text).toMatch(/^Events: .*1c.* 0c/m);
    expect(text.match(/(?<="(result|code)": ").*(?=")/g)).toEqual([
      "calm in a",
      "calm in b",
      "tool_unavailable",
    ]);
  }
  const places = ["a", "b", "c", "d", "e", "f"];
  const outputs = [
    { id: "mail", output: "message sent" },
    ...places.map((id) => ({ id, output: `calm in ${id}` })),
  ];
  expect(lastOutputs(asked.talk("in time, on a terminal").requests)).toEqual(outputs);
  expect(lastResults(chatted.talk("in time, on a terminal").requests)).toEqual(outputs);
});

test("the nasty batch streams in, tools that there are beside some that there are not, and each call gets one result [R1 R8 R9]", async () => {
  const items = settle(itemsOf(NASTY_REPLY));
  const outputs = settle(outputsOf(NASTY_RESULTS));
  const over = (await overResponses).talk("nasty");
  expect(over.requests[1]?.input.slice(1, 1 + items.length)).toEqual(items);
  expect(lastOutputs(over.requests)).toEqual(outputs);
  const chatted = (await overChat).talk("nasty");
  expect(chatted.requests[1]?.messages[2]).toEqual({
    role: "assistant",
    content: null,
    tool_calls: items.flatMap((item) => {
      if (item.type !== "function_call") return [];
      const { call_id: id, name, arguments: text } = item;
      return { type: "function", id, function: { name, arguments: text || "{}" } };
    }),
  });
  expect(lastResults(chatted.requests)).toEqual(outputs);
  for (const { printed: text, end } of [over, chatted]) {
    const [, trail = ""] = /^Events: (.*)$/m.exec(text) ?? [];
    const completes = [...trail.matchAll(/(\d+)c/g)].map(([, index]) => Number(index));
    expect(completes.toSorted((one, other) => one - other)).toEqual([...items.keys()]);
    expect(end).toEqual({ answer: "done" });
  }
});

// ── What is printed ──────────────────────────────────────────────────────────────────────────────

test("the demo prints the same over either protocol and at any pace, and its calls in order [R13]", async () => {
  const env = { OPENAI_PROTOCOL: "chat", OFFLINE_TOKENS_PER_SECOND: "2000" };
  const { code, stdout } = await run(FILE, [], { env });
  expect(stdout).toBe(printed("17"));
  const trail = [0, 1, 2, 3].map((call) => `${`${call}p `.repeat(5)}${call}c`).join(" ");
  expect(stdout).toContain(`\nEvents: ${trail}\n----------\n`);
  expect(code).toBe(0);
});

test("on a terminal, texts are typed as they come", async () => {
  for (const { talk, log } of await both) {
    expect(log[0]).toBe("typed");
    const { printed: text } = talk("in time, on a terminal");
    expect(text.slice(0, text.indexOf("---"))).toMatch(
      /^\[Step 1\] Agent: Let me see\.\nThinking\.\.\.\nEvents: 0p .* 6c\n$/,
    );
    expect(text).toContain("\n[Step 2] Agent: done\n");
  }
});

test("a reply without calls is the answer, and nothing but its texts is printed", async () => {
  const step = "[Step 1] Agent:";
  expect((await overResponses).talk("two texts")).toMatchObject({
    printed: `${step} First,\n${step} second.\n`,
    end: { answer: "First,\nsecond." },
  });
  expect((await overChat).talk("two texts")).toMatchObject({
    printed: `${step} First,second.\n`,
    end: { answer: "First,second." },
  });
});

// ── What breaks off ──────────────────────────────────────────────────────────────────────────────

test("a stream that breaks off runs no half call and no e-mail, and ends the program with one line after the results that there are", async () => {
  const results = JSON.stringify([{ id: "before", result: "calm in before" }], null, 2);
  for (const { log, last, stderr, code } of await both) {
    expect(
      last.printed.replace(/(?<=\nEvents: )(0p )+0c (1p )+1c (2p ?)+\n/, "as they should\n"),
    ).toBe(`Q: breaking

[Step 1] Agent: I'll look.
Thinking...
Events: as they should
----------
Function call results: ${results}
----------

`);
    expect(stderr.split("\n")).toEqual([
      expect.stringMatching(/^model: /),
      expect.stringMatching(/^error: the stream broke off within the reply: .+$/),
      "",
    ]);
    expect(code).toBe(1);
    expect(last.requests).toHaveLength(1);
    expect(log.filter((line) => /broken mail|half/.test(line))).toEqual([]);
  }
});

test("a stream that breaks off before any call has started is an error and prints nothing", async () => {
  for (const { talk, log } of await both) {
    const { requests, printed: text, end } = talk("broken at once");
    expect(end).toEqual({ error: "Error: the stream broke off within the reply" });
    expect(text).toBe("");
    expect(requests).toHaveLength(1);
    expect(log).not.toContain("start lost mail");
  }
});

// ── What goes back ───────────────────────────────────────────────────────────────────────────────

test("what goes back is what came, and then one result for each call, in their order", async () => {
  const output = JSON.stringify("calm in LA");
  const over = (await overResponses).talk("thoughtful");
  expect(over.requests[1]?.input).toEqual([
    { role: "user", content: "thoughtful" },
    ...THOUGHTFUL,
    { type: "function_call_output", call_id: "one", output },
    { type: "function_call_output", call_id: "two", output },
  ]);
  expect(over.end).toEqual({ answer: "done" });
  const chatted = (await overChat).talk("thoughtful");
  const called = { name: "get_weather", arguments: '{"location":"LA"}' };
  expect(chatted.requests[1]?.messages.slice(1)).toEqual([
    { role: "user", content: "thoughtful" },
    {
      role: "assistant",
      content: "I'll look.That's all.",
      tool_calls: ["one", "two"].map((id) => ({ type: "function", id, function: called })),
    },
    { role: "tool", tool_call_id: "one", content: output },
    { role: "tool", tool_call_id: "two", content: output },
  ]);
  expect(chatted.end).toEqual({ answer: "done" });
});

test("an id that the API would refuse is replaced when its call begins, in the reply and in the result", async () => {
  const over = (await overResponses).talk("odd ids");
  const chatted = (await overChat).talk("odd ids");
  const ids = ["call_0", "same", "call_2", "call_3", "fine"];
  expect(lastOutputs(over.requests).map(({ id }) => id)).toEqual(ids);
  expect(lastResults(chatted.requests).map(({ id }) => id)).toEqual(ids);
  expect([over.end, chatted.end]).toEqual([{ answer: "done" }, { answer: "done" }]);
});

test("a reply that comes as a whole with the last event is read like any other", async () => {
  const { talk } = await overResponses;
  const called = talk("in the last event");
  expect(called.printed).toMatch(
    /^\[Step 1\] Agent: I'll look\.\n\[Step 1\] Agent: That's all\.\nThinking\.\.\.\nEvents: 0c 1c\n/,
  );
  expect(lastOutputs(called.requests)).toEqual(
    ["one", "two"].map((id) => ({ id, output: "calm in LA" })),
  );
  expect(called.requests[1]?.input.slice(1, 1 + THOUGHTFUL.length)).toEqual(THOUGHTFUL);
  expect(called.end).toEqual({ answer: "All\nin the last event." });
});

test("a server that never ends its stream is not waited for once the reply is whole", async () => {
  for (const { talk } of await both) {
    expect(talk("never ended")).toMatchObject({ end: { answer: "done" } });
    expect(talk("never ended").requests).toHaveLength(2);
  }
});

test("an error names a stream that is not a reply, and what was expected", async () => {
  const over = ["an event of a reply", await overResponses] as const;
  const chatted = ["a chunk of a reply", await overChat] as const;
  for (const [what, { talk }] of [over, chatted]) {
    expect(talk("null in the stream").end).toEqual({ error: `Error: expected ${what}, got null` });
    for (const question of ["no stream", "no content", "no body"])
      expect(talk(question).end).toEqual({
        error: "Error: expected a stream of events, got none",
      });
  }
});

test("each request asks for a stream, and none is one that a real API would refuse", async () => {
  const { requests, refusals } = await overResponses;
  expect(requests.map(({ stream }) => stream)).toEqual(requests.map(() => true));
  // Over Chat Completions, a request without a stream is refused below.
  expect([refusals, (await overChat).refusals]).toEqual([[], []]);
});

// ── The scripts: what the model streams, and when ────────────────────────────────────────────────

/** What a script can use: the stream of one reply, the program's output, and the barrier. */
type Stage = {
  send(...events: readonly object[]): void;
  /** Ends the stream, if necessary with another text than that of its events. */
  end(text?: string, status?: number): void;
  breakOff(): void;
  /** Waits until the program has printed a text; false if it never does. */
  shown(text: string): Promise<boolean>;
  /** Decides which waiting calls leave the barrier, whenever one more arrives. */
  watch(arrived: (waiting: readonly string[]) => readonly string[]): void;
  readonly log: string[];
};
type Script = (stage: Stage) => void | Promise<void>;

function weather(id: string, location: string): Item {
  return call(id, "get_weather", { location });
}

function barred(id: string): Item {
  return weather(id, `barrier ${id}`);
}

function mail(id: string): Item {
  return call(id, "send_email", { from: "a", to: "b", message: id });
}

/** After this time, a program that does not do what is expected fails its own test, and not all of them. */
function orGiveUp<Value>(done: Promise<Value>): Promise<Value | undefined> {
  return Promise.race([done, wait(15_000, undefined, { ref: false })]);
}

/** Calls with some ids that the API would refuse: empty, repeated, too long. */
function oddIds(wire: Wire): Item[] {
  const ids = ["", "same", "same", "x".repeat(wire === chat ? 41 : 65), "fine"];
  return ids.map((id) => weather(id, "LA"));
}

function whole(wire: Wire, ...items: Item[]): Script {
  return ({ send, end }) => {
    send(...streamReply(wire, items));
    end();
  };
}

/** The first call is complete last, and one of the others has no tool. */
function interleaved(wire: Wire): Script {
  return ({ send, end }) => {
    const [begin = {}, ...pieces] = wire.item(weather("first", "a"), 0);
    const others = streamItems(wire, [weather("second", "b"), call("third", "teleport")], 1);
    send(begin, ...others, ...pieces, ...wire.end);
    end();
  };
}

/** An e-mail and five calls are complete, but not the last call: which of them start, and when? */
function inTime(wire: Wire): Script {
  return async ({ send, end, shown, watch, log }) => {
    const hello = wire.item(message("Let me see."), 0);
    const half = wire === chat ? 1 : 2;
    send(...hello.slice(0, half));
    log.push((await orGiveUp(shown("Agent: Let m"))) ? "typed" : "not typed");
    const fifth = new Promise<void>((resolve) => {
      watch((waiting) => {
        if (log.includes("start mail")) return waiting;
        if (waiting.length === 4 && log.includes("start e")) resolve();
        return waiting.length === 4 && !log.includes("start e") ? waiting.slice(0, 1) : [];
      });
    });
    const calls = [mail("mail"), ...["a", "b", "c", "d", "e"].map(barred)];
    const [begin = {}, ...pieces] = wire.item(barred("f"), 1 + calls.length);
    send(...hello.slice(half), ...streamItems(wire, calls, 1), begin);
    // One call has started, ended and made room for the fifth before the reply is whole.
    await orGiveUp(fifth);
    log.push("the rest");
    send(...pieces, ...wire.end);
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
    const items = [message("I'll look."), mail("broken mail"), barred("before"), barred("half")];
    send(...streamItems(wire, items).slice(0, wire === chat ? -2 : -3));
    await orGiveUp(started);
    breakOff();
  };
}

/** An e-mail is complete, and nothing that may start early is. */
function brokenAtOnce(wire: Wire): Script {
  return ({ send, breakOff }) => {
    const [begin = {}] = wire.item(barred("half"), 2);
    send(...streamItems(wire, [message("I'll look."), mail("lost mail")]), begin);
    breakOff();
  };
}

const THOUGHTFUL = [
  reasoning("which tools"),
  message("I'll look."),
  weather("one", "LA"),
  reasoning("one more"),
  weather("two", "LA"),
  message("That's all."),
];

/** All items of a reply in its last event, and no other event. */
function inTheLastEvent(...output: Item[]): Script {
  return ({ send, end }) => {
    send({ type: "response.completed", response: { output } });
    end();
  };
}

/** A whole reply whose stream never ends. */
function unended(wire: Wire, ...items: Item[]): Script {
  return ({ send }) => send(...streamReply(wire, items));
}

/** What the model streams over each question, reply by reply. */
function scriptsFor(wire: Wire) {
  const done = whole(wire, message("done"));
  const nullInTheStream: Script = ({ send, end }) => {
    send(...streamItems(wire, [mail("lost mail")]), JSON.parse("null"));
    end();
  };
  const scripts: Record<string, readonly Script[]> = {
    "in time, on a terminal": [inTime(wire), done],
    nasty: [whole(wire, ...itemsOf(NASTY_REPLY)), done],
    thoughtful: [whole(wire, ...THOUGHTFUL), done],
    interleaved: [interleaved(wire), done],
    "two texts": [whole(wire, message("First,"), message("second."))],
    "odd ids": [whole(wire, ...oddIds(wire)), done],
    "in the last event": [
      inTheLastEvent(...THOUGHTFUL),
      inTheLastEvent(message("All"), message("in the last event.")),
    ],
    "never ended": [unended(wire, weather("one", "LA")), unended(wire, message("done"))],
    "null in the stream": [nullInTheStream],
    "no stream": [({ end }) => end("null")],
    "no content": [({ end }) => end("", 204)],
    "no body": [({ end }) => end("")],
    "broken at once": [brokenAtOnce(wire)],
    breaking: [breaking(wire)],
  };
  return new Map<string, readonly Script[]>(Object.entries(scripts));
}

// ── The process: a conversation over each script ─────────────────────────────────────────────────

const End = z.union([
  z.strictObject({ answer: z.string() }),
  z.strictObject({ error: z.string() }),
]);
/** The question that is asked last, and as a reader would ask it. */
const last = "breaking";

/** Plays the scripts of all questions against one process of the chapter. */
async function converse<Request>(
  protocol: "responses" | "chat",
  serve: (answer: (request: Request, response: ServerResponse) => void) => Promise<Api<Request>>,
  questionOf: (request: Request) => string,
) {
  const wire = { responses, chat }[protocol];
  const scripts = scriptsFor(wire);
  const questions = [...scripts.keys()].filter((question) => question !== last);
  let stdout = "";
  let stderr = "";
  let ended = false;
  const news = new EventEmitter();
  let arrived = (waiting: readonly string[]) => waiting;
  const barrier = await serveBarrier((waiting) => arrived(waiting));
  const asked: string[] = [];
  const server = await serve((request, response) => {
    const question = questionOf(request);
    const script = scripts.get(question)?.[asked.filter((one) => one === question).length];
    asked.push(question);
    response.setHeader("content-type", "text/event-stream");
    void script?.({
      send: (...events) => void response.write(events.map(wire.write).join("")),
      end: (text = wire.done, status = 200) => {
        response.statusCode = status;
        response.end(text);
      },
      // Only after everything that was sent has left.
      breakOff: () => void response.write(":\n\n", () => response.destroy()),
      shown: async (text) => {
        while (!ended && !stdout.includes(text)) await once(news, "printed");
        return stdout.includes(text);
      },
      watch: (decide) => {
        arrived = decide;
      },
      log: barrier.log,
    });
  });
  const env = {
    OPENAI_BASE_URL: server.url,
    OPENAI_PROTOCOL: protocol,
    BARRIER_URL: barrier.url,
    NO_COLOR: "1",
    QUESTIONS: JSON.stringify(questions),
  };
  const child = start("test/programs/17-conversations.ts", [last], { folder: copyOfBook(), env });
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    news.emit("printed");
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  // A program that waits for ever is ended here, before the tests reach their own time limit.
  const late = setTimeout(() => child.kill("SIGKILL"), 45_000);
  const [code]: unknown[] = await once(child, "close");
  clearTimeout(late);
  ended = true;
  news.emit("printed");
  server.close();
  barrier.close();

  const requestsOver = (question: string) => {
    return server.requests.filter((request) => questionOf(request) === question);
  };
  const reports = readReports(stdout);
  return {
    /** What the model was asked, what was printed, and how it ended. */
    talk: (question: string) => {
      const { printed: text = "", value } = reports.get(question) ?? {};
      return { requests: requestsOver(question), printed: text, end: End.parse(value) };
    },
    last: { requests: requestsOver(last), printed: stdout.slice(stdout.indexOf(`Q: ${last}`)) },
    requests: server.requests,
    refusals: server.refusals,
    /** The starts and ends at the barrier, with the notes of the scripts. */
    log: barrier.log,
    stderr,
    code,
  };
}

/** The book with tools that report to a barrier, and with more threads than lanes: only lanes hold back. */
function copyOfBook(): string {
  const source = readFileSync(join(ROOT, FILE), "utf8");
  const roomy = source.replace("MAX_THREADS = 4", "MAX_THREADS = 8");
  expect(roomy).not.toBe(source);
  return copyBook({
    [FILE]: roomy,
    "mock-tools/weather.ts": like("test/worlds/nasty-or-barred.ts"),
    "mock-tools/mailbox.ts": like("test/worlds/barred-mailbox.ts"),
  });
}

const ChatRequest = ToolChatRequest.extend({ stream: z.literal(true) });
type ChatRequest = z.infer<typeof ChatRequest>;

function readRequest(body: unknown): ChatRequest {
  const request = ChatRequest.parse(body);
  checkAnswered(request.messages);
  return request;
}

/** The results at the end of the last request over Chat Completions, like `lastOutputs`. */
function lastResults(requests: readonly ChatRequest[]) {
  const messages = requests.at(-1)?.messages ?? [];
  const first = messages.findLastIndex((one) => !("tool_call_id" in one)) + 1;
  return messages.slice(first).flatMap((one) => {
    if (!("tool_call_id" in one)) return [];
    const output: unknown = JSON.parse(one.content);
    return [{ id: one.tool_call_id, output }];
  });
}

const overResponses = converse<ResponsesRequest>(
  "responses",
  (answer) => serveResponses((request) => (response) => answer(request, response)),
  ({ input: [first] }) =>
    first && "role" in first && typeof first.content === "string" ? first.content : "",
);
const overChat = converse<ChatRequest>(
  "chat",
  (answer) => serveApi(readRequest, (request, _, response) => answer(request, response)),
  ({ messages }) => messages[1]?.content ?? "",
);
/** What is the same over both. */
const both = Promise.all([overResponses, overChat]);
