import { styleText } from "node:util";
import { stripControls } from "./controls.ts";
import { noteStep } from "./runs.ts";
import { lengthOfHalfSecret } from "./secrets.ts";
import { clean, onOneLine, shorten } from "./terminal.ts";

const RULE = "-".repeat(10);
const MAX_MESSAGES = 20;

type Output =
  | { readonly type: "message"; readonly text: string }
  | { readonly type: "function_call"; readonly name: string; readonly arguments: string };

function paint(format: "bold" | "dim", text: string): string {
  return process.stdout.isTTY && !process.env.NO_COLOR ? styleText(format, text) : text;
}

function agent(step: number): string {
  return paint("bold", `[Step ${step}] Agent:`);
}

let typing = false;
let held = "";

/** Prints a piece of one of the step's messages as it comes, if stdout is a terminal. */
export function printDelta(step: number, text: string): void {
  if (!process.stdout.isTTY) return;
  const known = held + stripControls(text);
  // Text that may be the first half of a secret waits for the next piece.
  const end = known.length - lengthOfHalfSecret(known);
  held = known.slice(end);
  process.stdout.write(`${typing ? "" : `${agent(step)} `}${clean(known.slice(0, end))}`);
  typing = true;
}

/** Ends the line of a message that is being printed piece by piece, if there is one. */
export function endTyping(): void {
  if (typing) console.log(clean(held));
  held = "";
  typing = false;
}

/** How many parts of a question's transcript were printed, and the number of the current part. */
let printed = 0;
let part = 0;

let isMuted = false;

/** Prints no transcript from now on. For programs where several transcripts would be mixed. */
export function muteTranscript(): void {
  isMuted = true;
}

/** Prints a part of the transcript, unless it was printed before. */
function printPart(text: string): void {
  part++;
  if (isMuted || part <= printed) return;
  printed = part;
  console.log(text);
}

/** Goes back to the beginning of a transcript. Parts that were printed before are not printed again. */
export function rewindTranscript(): void {
  part = 0;
}

/** Prints one step's messages, unless they were printed as they came. Without messages, prints its calls. */
export function printOutputs(step: number, outputs: readonly Output[]): void {
  noteStep(step);
  const texts = outputs.flatMap((output) => (output.type === "message" ? output.text : []));
  const calls = outputs.flatMap((output) =>
    output.type === "function_call" ? `${output.name}(${output.arguments})` : [],
  );
  const untyped = texts.length > 0 ? texts : [calls.join(", ")];
  const excess = untyped.length - MAX_MESSAGES;
  const lines = untyped
    .slice(0, MAX_MESSAGES)
    .map((text) => `${agent(step)} ${shorten(text)}`)
    .concat(excess > 0 ? `… (${excess} more messages)` : []);
  if (typing) endTyping();
  else printPart(lines.join("\n"));
  if (calls.length > 0) printPart(paint("dim", "Thinking..."));
}

/** Prints what goes back to the model after a step: results, or what was wrong with its reply. */
export function printFeedback(text: string): void {
  printPart(`${paint("dim", RULE)}\n${shorten(text)}\n${paint("dim", RULE)}\n`);
}

/** Prints the question before a run. */
export function printQuestion(question: string): void {
  printed = 0;
  part = 0;
  console.log(`${paint("bold", "Q:")} ${shorten(question)}\n`);
}

/** Prints the answer after a run. The reader asked for it, so it is not cut. */
export function printAnswer(answer: string): void {
  console.log(`\n${paint("bold", "A:")}\n${clean(answer)}`);
}

/** Prints a text of a chapter besides its steps and its answer. */
export function print(text: string): void {
  console.log(shorten(text));
}

/** Prints one line on stderr, beside the transcript: which model answers, a warning, an error. */
export function printStatus(text: string): void {
  console.error(onOneLine(text));
}
