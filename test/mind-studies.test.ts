// How the offline model answers questions about the climate: it starts studies, goes on with the results
// that it has, sends signals or waits by the handles, and claims only what results say.
import { expect, test } from "vitest";
import {
  awaitProcesses,
  cancelProcess,
  signalProcess,
} from "../chapters/19-background-tools/tools.ts";
import { studyClimate } from "../mock-tools/tools.ts";
import type { Exchange, Offer } from "../shared/offline/mind/conversation.ts";
import { readQuestion } from "../shared/offline/mind/question.ts";
import { ask, converse, runTool, TOOLS } from "./support/small-world.ts";

const process = [awaitProcesses, cancelProcess, signalProcess];
const OFFERS: readonly Offer[] = [
  ...TOOLS,
  ...[studyClimate, ...process].map(({ name, description }) => ({ name, description, about: "" })),
];

const handleOf = (place: unknown) => `call of ${place}`;

/** A small world whose studies end when they are awaited, unless they were cancelled. */
function study(
  call: { name: string; args: Readonly<Record<string, unknown>> },
  before: readonly Exchange[],
): unknown {
  const { name, args } = call;
  const ofName = (tool: string) => before.filter((exchange) => exchange.name === tool);
  if (name === "study_climate") return { handle: "process", id: handleOf(args.location) };
  if (name === "cancel_process") return { process_id: args.id, status: "cancelled" };
  if (name === "signal_process") return { process_id: args.id, sequence: 1 };
  if (name !== "await_processes") return runTool(call, before);
  return [args.ids].flat().map((id) => {
    const place = String(id).replace("call of ", "");
    const isCancelled = ofName("cancel_process").some((cancel) => cancel.args.id === id);
    if (isCancelled)
      return { id, cancelled: "[Tool execution cancelled] it ended without a result" };
    if (place === "Atlantis") return { id, error: { message: "no station in Atlantis" } };
    const signal = ofName("signal_process").find((one) => one.args.id === id);
    return { id, result: `${place}: ${signal?.args.payload ?? "all seasons"} mild` };
  });
}

function talk(question: string, run: typeof study = study) {
  const { replies } = converse(question, OFFERS, run);
  return replies.map(({ text, calls }) => [
    text,
    ...calls.map(({ name, args }) => `${name} ${JSON.stringify(args)}`),
  ]);
}

test("it answers the other question while the study runs, and the question about the study afterwards", () => {
  expect(talk("Study the climate of Lima. Who am I?")).toEqual([
    [
      "I'll study the climate of Lima and look up your profile.",
      'study_climate {"location":"Lima"}',
      "get_user_profile {}",
    ],
    [
      "Your profile: name Jack, email jack@example.com. Now I'll wait for the study of Lima.",
      'await_processes {"ids":["call of Lima"]}',
    ],
    [
      "Your profile: name Jack, email jack@example.com. Here's the climate: Lima: all seasons mild.",
    ],
  ]);
});

test("it narrows and cancels studies at once by their handles, and then awaits the others with one call", () => {
  const question =
    "Study the climate of Lima, Paris and Tokyo. Only the winter of Paris. Cancel the study of Tokyo.";
  expect(talk(question)).toEqual([
    [
      "I'll study the climate of Lima, Paris and Tokyo.",
      'study_climate {"location":"Lima"}',
      'study_climate {"location":"Paris"}',
      'study_climate {"location":"Tokyo"}',
    ],
    [
      "Now I'll narrow the study of Paris to winter and cancel the study of Tokyo.",
      'signal_process {"id":"call of Paris","name":"narrow","payload":"winter"}',
      'cancel_process {"id":"call of Tokyo"}',
    ],
    [
      "Now I'll wait for the study of Lima and Paris.",
      'await_processes {"ids":["call of Lima","call of Paris"]}',
    ],
    [
      "Here's the climate: Lima: all seasons mild; Paris: winter mild. The study of Tokyo was cancelled.",
    ],
  ]);
});

const places = (question: string) => {
  return readQuestion(question).studies.map(({ place, wanted, season, cancelled, awaited }) =>
    [
      place,
      ...(wanted ? [] : ["unwanted"]),
      ...((season ?? cancelled) ? [season ?? "cancelled"] : []),
      ...(awaited ? [] : ["left alone"]),
    ].join(" "),
  );
};

test.each([
  ["Study Lima's climate and tell me who I am", ["Lima"]],
  ["study the climate of lima and paris", ["lima", "paris"]],
  ["What is the climate of New York like?", ["New York"]],
  ["How is the climate in Cairo? How is the weather in LA?", ["Cairo"]],
  ["Start a climate study of LA and Cairo, but only the summer of LA.", ["LA summer", "Cairo"]],
  ["Study the climate of LA and Cairo, then narrow LA to fall", ["LA autumn", "Cairo"]],
  ["Study the winter climate of Paris", ["Paris winter"]],
  ["Study the climate of Paris and LA. Stop them.", ["Paris cancelled", "LA cancelled"]],
  ["Study the climate of Tokyo, don't wait for it. Who am I?", ["Tokyo left alone"]],
  ["Cancel the study of Oslo", ["Oslo unwanted cancelled"]],
  ["Study the climate.", []],
  ["How is the weather in LA in winter?", []],
  ['Send bob@example.com "Study the climate of Lima" and cancel nothing', []],
])("it reads %j", (question, wanted) => {
  expect(places(question)).toEqual(wanted);
});

test("other questions are read as before", () => {
  const { places: cities, profile } = readQuestion(
    "How is the climate in Cairo? How is the weather in LA? Who am I?",
  );
  expect([cities, profile]).toEqual([["LA"], true]);
  const other = "I study physics. I like the study of physics. How is the weather in LA?";
  expect(readQuestion(other)).toMatchObject({
    climate: false,
    places: ["LA"],
  });
});

test("if a result comes instead of a handle, it is told at once, and nothing is awaited or cancelled", () => {
  const whole = (call: Parameters<typeof study>[0], before: readonly Exchange[]) =>
    call.name === "study_climate" ? `${call.args.location}: mild` : study(call, before);
  const [, last, ...more] = talk("Study the climate of Lima and LA. Cancel LA.", whole);
  expect(last).toEqual([
    "Here's the climate: Lima: mild; LA: mild. The study of LA had ended before.",
  ]);
  expect(more).toEqual([]);
});

test("a study that ended before its cancel is awaited, since it may have a result", () => {
  const late = (call: Parameters<typeof study>[0], before: readonly Exchange[]) => {
    if (call.name === "cancel_process") return { process_id: call.args.id, status: "success" };
    const others = before.filter(({ name }) => name !== "cancel_process");
    return study(call, others);
  };
  const replies = talk("Study the climate of LA. Cancel it.", late);
  expect(replies.slice(2)).toEqual([
    ["Now I'll wait for the study of LA.", 'await_processes {"ids":["call of LA"]}'],
    ["Here's the climate: LA: all seasons mild. The study of LA had ended before."],
  ]);
});

test("a study that fails, one that could not be started, and one that was not awaited are told as such", () => {
  const { answer } = ask("Study the climate of Atlantis and Lima.", OFFERS, study);
  expect(answer).toBe(
    "Here's the climate: Lima: all seasons mild. I couldn't study the climate of Atlantis: no station in Atlantis.",
  );
  const conflict = (call: Parameters<typeof study>[0], before: readonly Exchange[]) =>
    call.name === "study_climate" ? { error: { message: "a conflict" } } : study(call, before);
  expect(ask("Study the climate of LA.", OFFERS, conflict).answer).toBe(
    "I couldn't study the climate in LA: a conflict.",
  );
  expect(ask("Study the climate of LA. Don't wait.", OFFERS, study).answer).toBe(
    "The study of LA was started as call of LA.",
  );
  const slow = (call: Parameters<typeof study>[0], before: readonly Exchange[]) =>
    call.name === "await_processes" ? [{ id: "call of LA", running: true }] : study(call, before);
  const { calls, answer: late } = ask("Study the climate of LA.", OFFERS, slow);
  expect(late).toBe("The study of LA is still running.");
  expect(calls).toHaveLength(3);
  const deaf = (call: Parameters<typeof study>[0], before: readonly Exchange[]) =>
    call.name === "await_processes" ? { error: { message: "no" } } : study(call, before);
  expect(ask("Study the climate of LA.", OFFERS, deaf).answer).toBe(
    "The study of LA was started as call of LA. I couldn't wait for the study: no.",
  );
});

test("a study that had not ended when it was awaited is awaited again, and then told", () => {
  const slow = (call: Parameters<typeof study>[0], before: readonly Exchange[]) => {
    const isFirst = before.every(({ name }) => name !== "await_processes");
    if (call.name !== "await_processes" || !isFirst) return study(call, before);
    return [
      { id: "call of Lima", result: "Lima: mild" },
      { id: "call of LA", running: true },
    ];
  };
  expect(talk("Study the climate of Lima and LA.", slow).slice(1)).toEqual([
    [
      "Now I'll wait for the study of Lima and LA.",
      'await_processes {"ids":["call of Lima","call of LA"]}',
    ],
    ["Now I'll wait for the study of LA.", 'await_processes {"ids":["call of LA"]}'],
    ["Here's the climate: Lima: mild; LA: all seasons mild."],
  ]);
});

test("an e-mail about a study waits for it, and says what it has found", () => {
  const { calls, answer } = ask(
    "Study the climate of Lima and email me the result.",
    OFFERS,
    study,
  );
  expect(calls.at(-1)).toBe("send jack@example.com Climate study: Lima: all seasons mild.");
  expect(answer).toBe(
    "Done! I've sent the climate study to your email. Here's the climate: Lima: all seasons mild.",
  );
  const failed = ask("Study the climate of Atlantis and email me the result.", OFFERS, study);
  expect(failed.answer).toBe(
    "I couldn't study the climate of Atlantis: no station in Atlantis. I sent no e-mail.",
  );
});

test("it asks for a city, and says which tool is missing and which study it has not started", () => {
  expect(ask("Study the climate.", OFFERS, study).answer).toBe(
    "Which city's climate shall I study?",
  );
  expect(ask("Study the climate of Lima.").answer).toBe(
    "I have no tool for the climate, so I can't help with that here.",
  );
  expect(ask("Cancel the study of Oslo.", OFFERS, study).answer).toBe(
    "I have started no study of Oslo.",
  );
});

test("without the tools for processes it starts a study, and says no more than that", () => {
  const offers = OFFERS.filter(
    ({ name }) => !name.endsWith("processes") && !name.endsWith("process"),
  );
  const { calls, answer } = ask("Study the climate of Lima. Only the winter.", offers, study);
  expect(calls).toEqual(["study_climate Lima"]);
  expect(answer).toBe("The study of Lima was started as call of Lima.");
});
