// The desk shows runs as they were recorded: nothing is added, nothing is left out, and nothing is stale.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readRun, type Run } from "../desk/runs.ts";
import { renderTimelines } from "../desk/timeline.ts";
import { renderTranscript } from "../desk/transcript.ts";
import { placesOf } from "../desk/calls.ts";
import { chapters, findChapter, ROOT } from "../scripts/chapters.ts";
import { pack, packReply, unpack, unpackReplies } from "../scripts/recording.ts";
import { printed } from "./support/pages.ts";

const NUMBERS = chapters().map(({ number }) => number);
const MAX_BYTES = 61_440;

/** The recorded run of a chapter; it fails with the command that records one. */
function runOf(number: string): Run {
  const run = readRun(number);
  if (!run) throw new Error(`no run is recorded: npm run bench runs ${number}`);
  return run;
}

function textOf(html: string): string {
  const text = html.replaceAll(/<[^>]*>/g, "");
  return text.replaceAll(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
}

/** The console blocks of a chapter's page. */
function blocksOf(number: string): string[] {
  const page = join(ROOT, "chapters", findChapter(number).folder, "README.md");
  const blocks = readFileSync(page, "utf8").matchAll(/^```console\n(.*?)^```$/gms);
  return [...blocks].map(([, text = ""]) => text.trimEnd());
}

/** The texts of the pieces that a transcript is shown in. */
function piecesOf(html: string): string[] {
  return [...html.matchAll(/<pre class="said.*?<\/pre>/gs)].map(([piece]) => textOf(piece));
}

test.each(NUMBERS)("the recorded transcript of %s is the one of its page", (number) => {
  const block = `$ npx tsx ${findChapter(number).file}\n${printed(number)}`.trimEnd();
  expect(runOf(number).transcript, `npm run bench runs ${number} records it again`).toBe(block);
});

test.each(NUMBERS)("the recording of %s is small and names no folder of its machine", (number) => {
  const json = readFileSync(join(ROOT, "bench/runs", `${number}.json`), "utf8");
  expect(Buffer.byteLength(json)).toBeLessThanOrEqual(MAX_BYTES);
  expect(json).not.toMatch(/[" (]\/(tmp|home|root|work|Users|private)\/|[A-Z]:\\\\/);
});

test.each(NUMBERS)(
  "each exchange and each bar of %s belongs to one step of the transcript",
  (number) => {
    const { parts, recording } = runOf(number);
    for (const [index, { steps, wires }] of parts.entries()) {
      const linked = steps.flatMap(({ wire }) => wire ?? []);
      expect(linked).toEqual(wires);
      const bars = steps.flatMap(({ ran }) => ran.map(({ bar }) => bar));
      expect(bars).toHaveLength(recording.sections[index]?.bars.length ?? Number.NaN);
      expect(new Set(bars)).toEqual(new Set(recording.sections[index]?.bars));
    }
  },
);

test.each(NUMBERS)(
  "times of %s are whole milliseconds since the first request or call",
  (number) => {
    const { sections, base } = runOf(number).recording;
    const own = sections.map(({ exchanges, bars }) => [...exchanges, ...bars]);
    const asked = base?.asked.map(({ replies, bars }) => [...replies, ...bars]) ?? [];
    for (const spans of [...own, ...asked].filter(({ length }) => length > 0)) {
      expect(Math.min(...spans.map(({ start }) => start))).toBe(0);
      for (const { start, end } of spans) {
        expect([start, end].every(Number.isInteger)).toBe(true);
        expect(end).toBeGreaterThanOrEqual(start);
      }
    }
  },
);

test.each(NUMBERS)("the base of %s was asked the same questions", (number) => {
  const { transcript, recording } = runOf(number);
  const questions = [...transcript.matchAll(/^Q: (.*)$/gm)].map(([, question]) => question);
  const { base = "" } = findChapter(number);
  expect(recording.base?.number ?? "").toBe(base);
  const asked = recording.base?.asked.map(({ question }) => question);
  expect(asked).toEqual(base ? [...new Set(questions)] : undefined);
});

const entry = fc.constantFrom("a", "b", "c").map((content) => ({ role: "user", content }));
const request = fc.record({
  model: fc.constantFrom("offline", "other"),
  messages: fc.array(entry, { maxLength: 6 }),
});

test("requests are stored by what they add, and come back exactly as they were sent", () => {
  fc.assert(
    fc.property(fc.array(request, { maxLength: 6 }), (bodies) => {
      const packed = bodies.map((body, index) => pack(body, bodies.slice(0, index)));
      expect(JSON.stringify(unpack(packed))).toBe(JSON.stringify(bodies));
    }),
  );
});

const reply = fc.record(
  {
    id: fc.constantFrom(1, 2, 3),
    tools: fc.constantFrom("none", "some"),
    output: fc.array(entry, { maxLength: 3 }),
  },
  { requiredKeys: ["output"] },
);

test("replies are stored by what differs, and come back exactly as they came", () => {
  const streamed = fc.constant(undefined);
  fc.assert(
    fc.property(fc.array(fc.oneof(reply, streamed), { maxLength: 6 }), (bodies) => {
      const packed = bodies.map((body, index) => body && packReply(body, bodies.slice(0, index)));
      expect(JSON.stringify(unpackReplies(packed))).toBe(JSON.stringify(bodies));
    }),
  );
  const first = { id: 1, tools: ["a long list of tools"], output: "a" };
  const second = { ...first, id: 2, output: "b" };
  expect(packReply(second, [first])).toEqual({ like: 0, changes: { id: 2, output: "b" } });
});

test("a request that adds to the one before holds nothing but that", () => {
  const [a, b, c] = ["a", "b", "c"].map((content) => ({ role: "user", content }));
  const [first, second] = [
    { input: [a, b], tools: [] },
    { input: [a, b, c], tools: [] },
  ];
  expect(pack(second, [first])).toEqual({ like: 0, keeps: 2, adds: [c] });
  expect(pack({ input: [a, c], tools: [] }, [first])).toEqual({ like: 0, keeps: 1, adds: [c] });
  expect(pack(second, [{ ...first, input: [a] }, first])).toMatchObject({ like: 1, keeps: 2 });
  // The order of the fields is a part of what was sent.
  expect(pack({ tools: [], input: [a, b, c] }, [first])).toMatchObject({ whole: {} });
});

test.each(NUMBERS)("the pieces of each block of %s are the block", (number) => {
  const blocks = blocksOf(number);
  expect(blocks.length).toBeGreaterThan(0);
  for (const block of blocks) {
    const pieces = piecesOf(renderTranscript(number, block));
    expect(pieces.join("")).toBe(block);
  }
});

test("a reader steps from question to reply to results to answer", () => {
  const names = [...renderTranscript("03", runOf("03").transcript).matchAll(/data-name="(.*?)"/g)];
  expect(names.slice(0, 7).map(([, name]) => name)).toEqual([
    "The question",
    "Step 1, the reply",
    "Step 1, the results",
    "Step 2, the reply",
    "Step 2, the results",
    "Step 3, the reply",
    "The answer",
  ]);
});

test("only the output of the chapter's own demo has something beside it", () => {
  const beside = NUMBERS.map((number) => {
    const shown = blocksOf(number).map((block) => renderTranscript(number, block));
    return shown.filter((html) => html.includes('class="beside"')).length;
  });
  expect(beside).toEqual(NUMBERS.map(() => 1));
});

test("a step holds what its request adds, the reply, what ran, and what goes back", () => {
  const [, reply, results, second] = runOf("04").parts[0]?.steps ?? [];
  expect(reply?.wire).toMatchObject({ opens: true, path: "/v1/chat/completions" });
  const rolesIn = (added: readonly unknown[] = []) => added.map((one) => Object(one).role);
  expect(rolesIn(reply?.wire?.added)).toEqual(["system", "user"]);
  expect(rolesIn(second?.wire?.added)).toEqual(["assistant", "user"]);
  expect(results?.ran.map(({ bar, result }) => [bar.label, bar.how, result])).toEqual(
    expect.arrayContaining([
      ["get_weather Beijing", "done", { id: "weather_beijing", result: "cloudy, 5 degrees" }],
      ["get_weather LA", "done", { id: "weather_la", result: "sunny, 20 degrees" }],
    ]),
  );
  expect(JSON.stringify(results?.fedBack)).toContain("Function call results");
});

test("beside a step stand the request, the reply, what ran and what goes back, as folded parts", () => {
  const html = renderTranscript("04", runOf("04").transcript);
  const titles = [...html.matchAll(/<summary>(.*?)<\/summary>/g)].map(([, title]) => title);
  expect(titles.slice(0, 7)).toEqual([
    "Request",
    "The other fields of the request",
    expect.stringMatching(/^Reply, after \d+ ms$/),
    "What ran: 2 calls",
    "Fed back to the model",
    "Request: what it adds to the one before",
    expect.stringMatching(/^Reply, after \d+ ms$/),
  ]);
  expect(textOf(html)).toContain('\\"id\\":\\"weather_beijing\\"');
});

test("of two equal calls, the first bar is the first call, and later attempts are the last", () => {
  const calls = ["Lima", "LA", "LA"].map((location) => ({
    name: "get_weather",
    args: { location },
  }));
  const bars = [1, 2, 3].map((start) => {
    const said = { label: "get_weather LA", arguments: '{"location":"LA"}', how: "done" } as const;
    return { ...said, start, end: 4, run: 1 };
  });
  expect(placesOf(bars, calls)).toEqual([1, 2, 2]);
});

test("a bar is the call whose references were filled in", () => {
  const mails = [
    { to: { $from: "profile", path: "email" }, message: "hello" },
    { to: "bob@example.com", message: { $text: ["LA: ", { $from: "la" }] } },
    { to: "bob@example.com", message: "hello" },
  ];
  const calls = mails.map((args) => ({ name: "send_email", args }));
  const place = (args: object) => {
    const bar = { label: "send_email", arguments: JSON.stringify(args) };
    return placesOf([bar], calls)[0];
  };
  expect(place({ to: "jack@example.com", message: "hello" })).toBe(0);
  expect(place({ to: "bob@example.com", message: "LA: sunny" })).toBe(1);
  expect(place({ to: "jack@example.com", message: "LA: sunny" })).toBe(undefined);
  expect(place({ to: "bob@example.com" })).toBe(undefined);
});

test("a call that was tried again has a bar for each attempt and one result", () => {
  const results = runOf("06").parts[0]?.steps.find(({ kind }) => kind === "results");
  const tried = results?.ran.filter(({ bar }) => bar.label === "get_weather Oslo");
  expect(tried?.map(({ bar }) => bar.how)).toEqual(["failed", "done"]);
  expect(new Set(tried?.map(({ result }) => result)).size).toBe(1);
  expect(tried?.[0]?.result).toMatchObject({ id: "weather_oslo", attempts: 2 });
});

test("three protocols are recorded for 16, and the events of a stream for 17", () => {
  const paths = runOf("16").parts.flatMap(({ wires }) => wires.map(({ path }) => path));
  expect(new Set(paths.map((path) => path.replace(/.*[/:]/, ""))).size).toBe(3);
  const [reply] = runOf("17").parts[0]?.wires ?? [];
  expect(reply?.events?.at(-1)?.data).toMatchObject({ type: "response.completed" });
  expect(reply?.reply).toBeUndefined();
});

test("a reply from a journal has no exchange, and a killed process no bars but a reason", () => {
  const [killed, rerun] = runOf("21").parts;
  expect(killed?.missing).toMatch(/killed/);
  expect(killed?.steps.flatMap(({ ran }) => ran)).toEqual([]);
  expect(killed?.wires).toHaveLength(2);
  const replies = rerun?.steps.filter(({ kind }) => kind === "reply");
  expect(replies?.map(({ wire }) => wire?.step)).toEqual([undefined, undefined, 3]);
  expect(renderTimelines("21")).toContain(killed?.missing);
});

/** A number behind a name in an element: its place on the axis, or a time. */
function numberOf(element: string, name: string): number {
  return Number(new RegExp(`${name}[:=]"?([\\d.]+)`).exec(element)?.[1]);
}

/** The bars in the markup of timelines, with the places that they have on their axes. */
function barsOf(html: string) {
  return html.split("<figure").flatMap((figure) => {
    const end = numberOf(figure, "data-end");
    return [...figure.matchAll(/<a class="bar (\w+)".*?<\/a>/gs)].map(([bar, how]) => {
      const start = Math.round(numberOf(bar, "--at") * end);
      return { how, start, took: Math.round(numberOf(bar, "--length") * end) };
    });
  });
}

test.each(NUMBERS)(
  "the bars of %s are the calls that were recorded, the base's among them",
  (number) => {
    const { sections, base } = runOf(number).recording;
    const bars = [...sections, ...(base?.asked ?? [])].flatMap((part) => part.bars);
    const drawn = barsOf(renderTimelines(number)).map(({ how, took }) => `${how} ${took}`);
    expect(drawn.toSorted()).toEqual(
      bars.map(({ how, start, end }) => `${how} ${end - start}`).toSorted(),
    );
  },
);

test("a run begins at the start of its axis, and the base stands above in the same scale", () => {
  const [first = ""] = renderTimelines("04").split("</figure>");
  const titles = [...first.matchAll(/<p class="title">(.*?)<\/p>/g)].map(([, title]) => title);
  expect(titles).toEqual(["03 · Agent loop, the base", "04 · Parallel tools"]);
  const { recording } = runOf("04");
  const [asked] = recording.base?.asked ?? [];
  const [section] = recording.sections;
  const starts = [asked?.bars, section?.bars].flatMap(
    (bars) => bars?.map(({ start }) => start) ?? [],
  );
  expect(barsOf(first).map(({ start }) => start)).toEqual(starts);
  const spans = [asked?.replies, asked?.bars, section?.exchanges, section?.bars];
  const ends = spans.flatMap((all) => all?.map(({ end }) => end) ?? []);
  expect(numberOf(first, "data-end")).toBe(Math.max(...ends));
});

test.each(NUMBERS)("each bar of %s leads to its call in words", (number) => {
  const html = renderTimelines(number);
  const links = [...html.matchAll(/<a class="bar .*?href="#(.*?)".*?aria-label="(.*?)"/gs)];
  expect(new Set(links.map(([, anchor]) => anchor)).size).toBe(links.length);
  for (const [, anchor = "", words = ""] of links) {
    expect(html).toContain(`<li id="${anchor}"><p>${words}</p>`);
    expect(words).toMatch(/^\w+.*: starts at \d+ ms, runs \d+ ms, \w+/);
  }
});

test("a page says when and on which machine its run was recorded", () => {
  const { date, machine } = runOf("04").recording;
  const said = textOf(renderTimelines("04"));
  for (const word of [date.slice(0, 4), machine.cpu, machine.node.slice(1)]) {
    expect(said).toContain(word);
  }
});
