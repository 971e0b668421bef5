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
  const plain = stripVTControlCharacters(text);
  const excess = plain.length - MAX_CHARACTERS;
  return excess > 0 ? `${plain.slice(0, MAX_CHARACTERS)}… (${excess} more characters)` : plain;
}

/** Prints one step's messages or, if it has none, its calls. */
export function printOutputs(step: number, outputs: readonly Output[]): void {
  const texts = outputs.flatMap((output) => (output.type === "message" ? output.text : []));
  const calls = outputs.flatMap((output) =>
    output.type === "function_call" ? `${output.name}(${output.arguments})` : [],
  );
  for (const text of texts.length > 0 ? texts : [calls.join(", ")]) {
    console.log(`${paint("bold", `[Step ${step}] Agent:`)} ${show(text)}`);
  }
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
