// For any question and any results of tools, the answers of the offline model make sense.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Call, Exchange } from "../shared/offline/mind/conversation.ts";
import { identify } from "../shared/offline/mind/identify.ts";
import { plan } from "../shared/offline/mind/plan.ts";
import { converse, MAX_STEPS, runTool, type Talk, WITH_MAILBOX } from "./support/small-world.ts";

const RUNS = 1000;

// ── Questions ────────────────────────────────────────────────────────────────────────────────────

const anyOf = (...texts: readonly string[]) => fc.constantFrom(...texts);

/** Joins texts. A list stands for one of several choices. */
function row(...parts: readonly (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> {
  const all = parts.map((part) => (typeof part === "string" ? fc.constant(part) : part));
  return fc.tuple(...all).map((texts) => texts.join(""));
}

const place = anyOf(
  ..."Beijing,LA,lima,Tokyo,new york,New York,PARIS,Oslo,Atlantis,El Dorado,São Paulo".split(","),
  ..."LA, CA;Paris, France;St. Louis;Rio de Janeiro;北京;the netherlands".split(";"),
);
const places = fc
  .tuple(fc.array(place, { minLength: 1, maxLength: 4 }), anyOf(", ", " and ", " or ", ", and "))
  .map(([names, separator]) => names.join(separator));
const feeling = anyOf("warmer", "colder", "warmest", "coldest", "hot", "cold", "rainy", "warm");
const weather = fc.oneof(
  row("How is the weather in ", places, anyOf("", " today", " tomorrow", " in Fahrenheit")),
  row(anyOf("weather ", "Weather: ", "forecast for ", "what's it like in "), places),
  row(places, anyOf(" weather", "'s weather", " temperature please")),
  row("Is it ", feeling, " in ", place, anyOf(" or ", " than ", " or in "), place),
  row("Which is ", feeling, anyOf(": ", ", "), places),
  row("What is the temperature difference between ", place, " and ", place),
  row("Do I need an umbrella in ", place),
  anyOf("Weather?", "How is the weather in every city you know", "Is it raining"),
);

const recipient = anyOf("bob@example.com", "carol@example.com", "me", "Bob", "him", "my boss");
const said = fc.oneof(
  row(anyOf(" saying ", " with the text "), anyOf("hello", '"see you"', '"a" and "b"')),
  anyOf("", " with it", " about that", " saying", ' saying ""'),
);
const letter = fc.oneof(
  row(anyOf("Send ", "send ", "Write ", "Sned "), recipient, " an email", said),
  row("Send an ", anyOf("email", "e-mail", "summary email"), " to ", recipient, said),
  row(anyOf("Email ", "mail "), recipient, anyOf("", " the answer", ' "hi"'), said),
  row("First email ", recipient, said, ", then email ", recipient, said),
  row("Send emails to ", recipient, " and ", recipient, said, ", and another to ", recipient, said),
);
const other = anyOf(
  ..."Who am I?|List my e-mails|What tools do you have|Hello|Use the teleport tool|Slip once".split(
    "|",
  ),
  ..."What can you do|My name is Bob|If so, email me|Do not email me|Did you send it|Use the get_weather tool".split(
    "|",
  ),
  ..."In this order, please|one after the other|Run the calls in zigzag mode|in parallel|thanks".split(
    "|",
  ),
);
const noise = fc
  .array(
    anyOf(
      ..."a the to in of for and then send email weather is who my mail Bob paris not saying than".split(
        " ",
      ),
      ..."warmer coldest first one another it me , . ? ! : \" ' @ x@y.zz 7 😀 umbrella show list".split(
        " ",
      ),
    ),
    { maxLength: 14 },
  )
  .map((words) => words.join(" "));

const question = fc
  .array(fc.oneof(weather, letter, other, noise), { minLength: 1, maxLength: 3 })
  .chain((parts) => {
    const ends = anyOf(". ", "? ", ", ", " and ", "! ", " ");
    return row(...parts.flatMap((part) => [part, ends]));
  })
  .chain((text) => anyOf(text, text, text.toLowerCase(), text.toUpperCase()));

// ── What tools do ────────────────────────────────────────────────────────────────────────────────

/** The outcome that replaces a call's own result, or "as it should" for that result. */
const OUTCOMES: readonly unknown[] = [
  "as it should",
  "as it should",
  "Error: the line dropped",
  "Error: ",
  { error: { class: "execution", message: "its thread ended" } },
  { error: "no station" },
  { cancelled: "it never started" },
  undefined,
  null,
  "",
  {},
  "queued",
  { sky: "blue", wind: null },
];

const outcomes = fc.array(fc.constantFrom(...OUTCOMES), { minLength: 1, maxLength: 6 });

/** Runs calls with those outcomes, again and again in their order. */
function runnerOf(wanted: readonly unknown[]) {
  return (call: Call, before: readonly Exchange[]): unknown => {
    const outcome = wanted[before.length % wanted.length];
    return outcome === "as it should" ? runTool(call, before) : outcome;
  };
}

// ── What must hold ───────────────────────────────────────────────────────────────────────────────

const FOOLISH = /undefined|null|NaN|\[object|\$from|\$text/;
const EMPTY_CLAUSE =
  / {2}|\s[.,:;!?]|[,:;] ?[.,;:]|^[\s.,:;!?]|\bin [.:]|\bto [.:]|\bthe tool\b|\(\)/;

function expectSense({ replies, exchanges }: Talk, asked: string): void {
  const last = replies.at(-1);
  expect(last?.calls).toEqual([]);
  expect(replies.length).toBeLessThanOrEqual(MAX_STEPS);
  for (const { text, calls } of replies) {
    expect(text).not.toMatch(FOOLISH);
    // Text in quotes does not come from the model.
    expect(text.replace(/"[^"]*"|\{[^}]*\}/g, "it")).not.toMatch(EMPTY_CLAUSE);
    const written = calls.map((call) => JSON.stringify(call));
    expect(new Set(written).size).toBe(written.length);
  }
  for (const { name, args } of exchanges) {
    const words = typeof args.location === "string" ? args.location.split(" ") : [];
    for (const word of words) expect(asked).toContain(word);
    if (name !== "send_email") continue;
    expect(`${asked} jack@example.com`.toLowerCase()).toContain(String(args.to).toLowerCase());
    expect(args.message).toMatch(/\S/);
    expect(args.message).not.toMatch(FOOLISH);
  }
}

/** The recipients in the answer. A result must confirm each of them. */
function expectHonesty({ replies, exchanges }: Talk): void {
  const text = replies.at(-1)?.text ?? "";
  const sent = exchanges.filter(({ name, result }) => {
    return name === "send_email" && result === "message sent";
  });
  const claim = /Done! I've sent the .*? to (.*?)\.(?= |$)/.exec(text)?.[1];
  expect(claim !== undefined).toBe(sent.length > 0);
  const claimed = claim?.split(/, | and /) ?? [];
  const confirmed = sent.map(({ args }) => String(args.to));
  const hasAddress = confirmed.includes("jack@example.com");
  for (const name of claimed) {
    if (name === "your email") expect(hasAddress).toBe(true);
    else expect(confirmed).toContain(name);
  }
  const told = [...text.matchAll(/(\S+) is (\w+) at (-?\d+) degrees/g)];
  for (const [, , sky, degrees] of told) {
    expect(exchanges.map(({ result }) => result)).toContain(`${sky}, ${degrees} degrees`);
  }
}

test("with tools that work, every conversation makes sense and ends", () => {
  const property = fc.property(question, (asked) => {
    const talk = converse(asked, WITH_MAILBOX);
    expectSense(talk, asked);
    expectHonesty(talk);
  });
  fc.assert(property, { numRuns: RUNS });
});

test("with tools that fail in any way, every conversation makes sense and ends", () => {
  const property = fc.property(question, outcomes, (asked, wanted) => {
    const talk = converse(asked, WITH_MAILBOX, runnerOf(wanted));
    expectSense(talk, asked);
    expectHonesty(talk);
  });
  fc.assert(property, { numRuns: RUNS });
});

test("whichever tools are on offer, every conversation makes sense and ends", () => {
  const property = fc.property(question, fc.subarray([...WITH_MAILBOX]), (asked, tools) => {
    const talk = converse(asked, tools);
    expectSense(talk, asked);
    expectHonesty(talk);
  });
  fc.assert(property, { numRuns: RUNS });
});

test("where arguments may refer to results, each reference names a call of its own reply", () => {
  const property = fc.property(question, (asked) => {
    const reply = plan({ question: asked, tools: WITH_MAILBOX, exchanges: [], references: true });
    const ids = identify(reply.calls);
    const written = JSON.stringify(reply.calls);
    const named = [...written.matchAll(/"\$from":"(.*?)"/g)].map(([, id]) => id);
    for (const id of named) expect(ids).toContain(id);
    // JSON drops what is undefined, so each part is counted.
    for (const { args } of reply.calls) expect(Object.values(args)).not.toContain(undefined);
    expect(written.match(/\$from/g)?.length ?? 0).toBe(named.length);
  });
  fc.assert(property, { numRuns: RUNS });
});

// ── To whom e-mails go ───────────────────────────────────────────────────────────────────────────

const ADDRESSES = ["bob", "carol", "dave", "erin"].map((name) => `${name}@example.com`);
const address = anyOf(...ADDRESSES);
const shy = anyOf(
  ..."not,but not,from,cc,bcc,before,after,instead of,except,or,before you email,after emailing".split(
    ",",
  ),
);
const content = fc.oneof(
  anyOf(" saying hi", ' "hi"', ' saying "see you"', " the weather in LA", " the answer", ""),
  row(" the weather in ", place),
);
const order = fc.oneof(
  row(anyOf("Email ", "email ", "Send "), address, content),
  row("Send an email to ", address, content),
  row(anyOf("Send", "Email"), anyOf(' "hi"', " the weather in LA"), " to ", address),
);
const beside = row(shy, " ", address);
const addressed = fc
  .array(fc.oneof(order, beside, row("to ", address), address, anyOf("me", "weather in LA")), {
    minLength: 1,
    maxLength: 5,
  })
  .chain((parts) => {
    return row(...parts.flatMap((part) => [part, anyOf(" ", ", ", " and ", ", then ", ". ")]));
  });

/** The mails that a question leads to. */
function mailsOf(asked: string): readonly Exchange[] {
  return converse(asked, WITH_MAILBOX).exchanges.filter(({ name }) => name === "send_email");
}

test("each e-mail goes to an address of the question or to the user's", () => {
  const property = fc.property(addressed, (asked) => {
    const known = [...ADDRESSES.filter((one) => asked.includes(one)), "jack@example.com"];
    for (const { args } of mailsOf(asked)) expect(known).toContain(args.to);
  });
  fc.assert(property, { numRuns: RUNS });
});

test("where a word such as not, from or cc stands before an address, no e-mail goes out at all", () => {
  const property = fc.property(addressed, beside, addressed, (before, words, after) => {
    expect(mailsOf(`${before}${words} ${after}`)).toEqual([]);
    expect(mailsOf(`${words} ${after}`)).toEqual([]);
  });
  fc.assert(property, { numRuns: RUNS });
});

test("where each address has a place of its own, it gets the weather of that place alone", () => {
  const known = [..."Beijing,Cairo,LA,Lima,Oslo,Paris,Tokyo".split(",")];
  const wanted = fc.record({
    cities: fc.shuffledSubarray(known, { minLength: 2, maxLength: 4 }),
    receivers: fc.shuffledSubarray(ADDRESSES, { minLength: 4 }),
    and: anyOf(" and ", ", then ", ", and then ", " and email ", ". Email "),
  });
  const property = fc.property(wanted, ({ cities, receivers, and }) => {
    const orders = cities.map((city, index) => `${receivers[index]} the weather in ${city}`);
    const mails = mailsOf(`Email ${orders.join(and)}.`);
    expect(mails.map(({ args }) => args.to)).toEqual(receivers.slice(0, cities.length));
    for (const [index, { args }] of mails.entries()) {
      const told = known.filter((city) => String(args.message).includes(`${city} is`));
      expect(told).toEqual([cities[index]]);
    }
  });
  fc.assert(property, { numRuns: RUNS });
});
