/** A piece of what a command prints. The reader steps from one to the next. */
export type Segment = {
  readonly kind: "start" | "title" | "question" | "reply" | "results" | "answer";
  /** The number in "[Step 1]", for a reply and its results. */
  readonly step: number | undefined;
  readonly text: string;
};

/** Where a new piece begins. The name of a provider stands on a line of its own before its first step. */
const HEADS = [
  /^── /,
  /^Q: /,
  /^\w+:\n\[Step \d+\] Agent:/,
  /(?<!^\w+:\n)^\[Step \d+\] Agent:/,
  /^-{10}\n(?=Function call result|Reply error)/,
  /^A:\n/,
];
const HEAD = new RegExp(`(?=${HEADS.map(({ source }) => `(?:${source})`).join("|")})`, "m");

const KINDS = [
  ["title", /^── /],
  ["question", /^Q: /],
  ["results", /^-{10}\n/],
  ["reply", /^(\w+:\n)?\[Step /],
  ["answer", /^A:\n/],
] as const;

/** Divides a transcript at its questions, replies, results and answers. Together the pieces are the text. */
export function divide(text: string): Segment[] {
  let step: number | undefined;
  return text.split(HEAD).map((piece) => {
    const [kind = "start"] = KINDS.find(([, head]) => head.test(piece)) ?? [];
    const [, digits] = /^\[Step (\d+)\]/m.exec(piece) ?? [];
    if (kind === "reply") step = Number(digits);
    const belongs = kind === "reply" || kind === "results";
    return { kind, step: belongs ? step : undefined, text: piece };
  });
}

/** Divides a block of a page. The command on its first line stays with what it prints first. */
export function divideBlock(block: string): Segment[] {
  const end = block.indexOf("\n") + 1;
  const [first, ...others] = divide(block.slice(end));
  return first ? [{ ...first, text: block.slice(0, end) + first.text }, ...others] : [];
}

const NAMES = {
  start: "The command",
  title: "The next part",
  question: "The question",
  reply: "the reply",
  results: "the results",
  answer: "The answer",
} as const;

/** A segment in a few words: "Step 1, the reply". */
export function nameOf({ kind, step }: Segment): string {
  return step === undefined ? NAMES[kind] : `Step ${step}, ${NAMES[kind]}`;
}
