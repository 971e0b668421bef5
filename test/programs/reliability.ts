// Prints what the tests tried in order to break the book, as Markdown: reliability.ts holds, reliability.ts fails
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/chapters.ts";
import { table } from "../../scripts/figures.ts";
import { NASTY_RESULTS } from "../support/nasty.ts";
import { SEQUENCES } from "../support/sequences.ts";

/** A test file without its ending, and words of the title of one of its tests. */
type Where = readonly [file: string, words: string];
type Found = { readonly link: string; readonly rows: number; readonly runs: number };

function read(file: string): string {
  return readFileSync(join(ROOT, `test/${file}.test.ts`), "utf8");
}

/** Finds a test: how many rows its table has, and how many random cases a row stands for. */
function find([file, words]: Where): Found {
  const source = read(file);
  const at = source.indexOf(words);
  if (at < 0) throw new Error(`no test of ${file} has the words ${words}`);
  const start = source.lastIndexOf("\ntest", at);
  const [body = ""] = source.slice(at).split("\n});\n");
  // The title may stand on a line of its own.
  const titleLine = source.lastIndexOf("\n", at);
  const rows = source.slice(start, titleLine).match(/^ {2}[[{"]/gm)?.length ?? 1;
  const [, runs = "1"] = /(?:numRuns: |RUNS = )([\d_]+)/.exec(`${body}\n${source}`) ?? [];
  return { link: `[${file}](../test/${file}.test.ts)`, rows, runs: Number(runs.replace("_", "")) };
}

type Trial = {
  readonly tried: string;
  readonly often: (found: Found) => string;
  readonly holds: string;
  readonly where: Where;
};

const once = (): string => "once";
const ways = ({ rows }: Found): string => `${rows} kinds`;
const random = ({ runs }: Found): string => `${runs} random cases`;

const HOLDS: readonly Trial[] = [
  {
    tried: "random batches of a tool that returns, throws and rejects with odd things",
    often: ({ rows, runs }) => `${runs} random batches, in each of ${rows} chapters`,
    holds: "each call gets one outcome, in the order asked; what is printed is safe",
    where: ["properties", "gives every call of any batch one outcome"],
  },
  {
    tried: "one batch in which most calls go wrong, each in its own way, in chapters 05 to 21",
    often: () => `${NASTY_RESULTS.length} calls`,
    holds: "no call costs another its outcome",
    where: ["05-error-recovery", "the nasty batch gets one outcome per call"],
  },
  {
    tried: "results that are too large, too long or nested too deeply",
    often: ways,
    holds: "a typed failure of that call, before the text is made",
    where: ["world", "a result that is too large fails"],
  },
  {
    tried: "a thread that dies between two calls",
    often: once,
    holds: "a warning; the pool starts another thread",
    where: ["05-error-recovery", "a thread that dies after its call"],
  },
  {
    tried: "references that make arguments too long, and quotes that double at each level",
    often: once,
    holds: "a typed failure of that call",
    where: ["13-references", "texts in texts, whose quotes double"],
  },
  {
    tried: "call ids that a provider refuses to take back: empty, too long, twice in one reply",
    often: once,
    holds: "each call has one outcome, and the provider accepts the next request",
    where: ["14-native-tools", "an id that the API would refuse is replaced"],
  },
  {
    tried: "streams whose pieces come in any order",
    often: random,
    holds: "every call keeps its own pieces, and none completes too early",
    where: ["17-stream-readers", "calls whose pieces come in any order"],
  },
  {
    tried: "streams that bring any part of a reply before the last event",
    often: random,
    holds: "each call counts once",
    where: ["17-stream-readers", "each call counts once, whatever part of it"],
  },
  {
    tried: "what a terminal would obey, in texts of models, tools, servers and settings",
    often: () => `${SEQUENCES.length} sequences on every way to the terminal`,
    holds: "nothing of it arrives",
    where: ["terminal", "prints it safely"],
  },
  {
    tried: "keys and passwords in errors, answers and addresses",
    often: ways,
    holds: "each is printed as ***",
    where: ["terminal", "a secret is hidden wherever it stands"],
  },
  {
    tried: "ends: a reader that leaves, a full disk, SIGINT, SIGTERM, SIGHUP",
    often: once,
    holds: "a quiet end or one line; no folder is left",
    where: ["terminal", "leaves nothing behind"],
  },
  {
    tried:
      "SIGKILL before, after and within the record of each effect, and at random moments, in chapter 21",
    often: ({ rows, runs }) => `each moment once, and ${rows * runs} random ones`,
    holds: "the next run goes on, nothing recorded runs again, and there is one e-mail",
    where: ["21-replay", "killed at random moments"],
  },
  {
    tried: "twenty processes that resolve one pending call at once, in chapter 20",
    often: once,
    holds: "one is accepted, and all others learn what it said",
    where: ["20-human-approval", "of twenty processes that resolve a call at once"],
  },
  {
    tried: "keys of pending calls in which anything was altered",
    often: once,
    holds: "each is unknown, and resolves nothing",
    where: ["20-human-approval", "a key in which anything was altered"],
  },
  {
    tried: "texts and budgets of any kind, in chapter 18",
    often: random,
    holds:
      "what is shown is a beginning within the budget, cut between characters that fit into it; all the rest can be read",
    where: ["18-cut", "whatever the text and the budget: a beginning"],
  },
  {
    tried: "the offline model: requests that break off or are none",
    often: ways,
    holds: "the server goes on, and other connections notice nothing",
    where: ["offline-server", "ends nothing but its own connection"],
  },
  {
    tried: "the offline model: JSON that must fit a schema",
    often: random,
    holds: "it fits",
    where: ["offline-formats", "the value fits the schema, whatever the schema is"],
  },
];

const FAILS: readonly (readonly [what: string, why: string, where?: Where])[] = [
  [
    "One allocation that does not fit into the heap ends the process.",
    "V8 ends it at once, and no handler runs. Only a process of its own holds that back.",
    ["05-error-recovery", "an allocation that cannot fit ends the program"],
  ],
  [
    "In chapter 09, a tool on the event loop that ends the process, never returns or throws from a timer takes the program along.",
    "It runs in the program's own thread, which is what makes it cheap.",
    ["09-async-tools", "a tool on the event loop that"],
  ],
  [
    "A tool that leaves a timer behind may make the next call in its thread fail.",
    "Nobody can tell which call a timer belongs to. The failed call still has its outcome.",
  ],
  [
    "A tool that never returns holds up its batch in chapter 05.",
    "A limit is a policy. Chapter 06 gives each attempt one, and chapter 10 ends the thread.",
    ["10-cancellation", "a call over its own limit is cancelled alone"],
  ],
  [
    "Buffers are not counted by the limit of a thread's heap.",
    "They lie outside of it. The result that they would make is refused.",
    ["world", "a result that is too large fails"],
  ],
  [
    "A tool can do what the program's user can do: end other processes, fill the disk.",
    "A thread is no sandbox.",
  ],
  [
    "What a tool prints by itself reaches the terminal as it is.",
    "It does not pass through the book's printer.",
  ],
  [
    "Results that are too long together, some hundred megabytes in one conversation, end the program with one line.",
    "The limit is one for each result. A budget for all of them is a lesson of its own.",
  ],
  [
    "In chapter 13, thousands of calls in one reply that touch the same resource take a time and memory that grow with the square.",
    "Each of them waits for every earlier one.",
    ["13-references", "of a large batch, the beginning is drawn"],
  ],
  [
    "One event of a stream that is tens of megabytes long takes the client a time that grows with the square.",
    "That is the SDK's reader of lines.",
  ],
  [
    "A server that never ends the body of its reply holds up the program.",
    "The client's time limit ends with the headers. Ctrl-C ends the wait.",
  ],
  ["After SIGKILL, the run's folder stays in the temporary folder.", "No code of ours runs then."],
];

const [part = ""] = process.argv.slice(2);
if (part === "holds") {
  const rows = HOLDS.map(({ tried, often, holds, where }) => {
    const found = find(where);
    return [tried, often(found), holds, found.link];
  });
  console.log(table(["what was tried", "how often", "what holds", "test"], rows));
} else {
  const rows = FAILS.map(([what, why, where]) => [what, why, where ? find(where).link : "–"]);
  console.log(table(["what does not hold", "why", "test"], rows));
}
