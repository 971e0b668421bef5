import { stripVTControlCharacters, styleText } from "node:util";

const MAX_CHARACTERS = 4_000;
const RULE = "-".repeat(10);

type Output =
  | { readonly type: "message"; readonly text: string }
  | { readonly type: "function_call"; readonly name: string; readonly arguments: string };

function paint(format: "bold" | "dim", text: string): string {
  return process.stdout.isTTY && !process.env.NO_COLOR ? styleText(format, text) : text;
}

/** Makes text from a model or a tool safe and short enough for a terminal. */
function show(text: string): string {
  // A piece of a stream may end within an escape sequence, which then is not known as one.
  const plain = stripVTControlCharacters(text).replaceAll("\u001b", "").replaceAll("\u009b", "");
  const excess = plain.length - MAX_CHARACTERS;
  return excess > 0 ? `${plain.slice(0, MAX_CHARACTERS)}… (${excess} more characters)` : plain;
}

function agent(step: number): string {
  return paint("bold", `[Step ${step}] Agent:`);
}

let typing = false;

/** Prints a piece of one of the step's messages as it comes, if there is a terminal to watch. */
export function printDelta(step: number, text: string): void {
  if (!process.stdout.isTTY) return;
  process.stdout.write(`${typing ? "" : `${agent(step)} `}${show(text)}`);
  typing = true;
}

/** Ends the line of a text that was printed as it came, if there is one. */
export function endTyping(): void {
  if (typing) console.log();
  typing = false;
}

/** Prints one step's messages, unless they were printed as they came, or else its calls. */
export function printOutputs(step: number, outputs: readonly Output[]): void {
  const texts = outputs.flatMap((output) => (output.type === "message" ? output.text : []));
  const calls = outputs.flatMap((output) =>
    output.type === "function_call" ? `${output.name}(${output.arguments})` : [],
  );
  const untyped = texts.length > 0 ? texts : [calls.join(", ")];
  if (typing) endTyping();
  else console.log(untyped.map((text) => `${agent(step)} ${show(text)}`).join("\n"));
  if (calls.length > 0) console.log(paint("dim", "Thinking..."));
}

/** Prints what goes back to the model after a step: results, or what was wrong with its reply. */
export function printFeedback(text: string): void {
  console.log(`${paint("dim", RULE)}\n${show(text)}\n${paint("dim", RULE)}\n`);
}

/** Prints the question before a run. */
export function printQuestion(question: string): void {
  console.log(`${paint("bold", "Q:")} ${question}\n`);
}

/** Prints the answer after a run. */
export function printAnswer(answer: string): void {
  console.log(`\n${paint("bold", "A:")}\n${show(answer)}`);
}
