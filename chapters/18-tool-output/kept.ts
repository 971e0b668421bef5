// What the program keeps of each output, and what the model sees of it.
import { messageOf } from "../../mock-tools/plain.ts";
import { type Budget, cut, linesOf } from "./cut.ts";

/** The lines of each output since the program started, by the output's name. */
const kept = new Map<string, readonly string[]>();

/** Keeps an output. Its name is the id of its call, or `id#2` if an earlier output has that. */
function keep(id: string, lines: readonly string[]): string {
  let name = id;
  for (let count = 2; kept.has(name); count++) name = `${id}#${count}`;
  kept.set(name, lines);
  return name;
}

/** A text that stands for the outcome of a call. */
export type Seen = { readonly type: "text"; readonly id: string; readonly text: string };

/**
 * Keeps the output of a call, and returns what the model sees of it.
 *
 * @param project makes the output from the outcome; if it throws, the error's message is the output
 */
export function show<Outcome extends { readonly id: string }>(
  outcome: Outcome,
  project: (outcome: Outcome) => string,
  budget: Budget,
): Seen {
  const { id } = outcome;
  let text: string;
  try {
    text = project(outcome);
  } catch (error) {
    text = messageOf(error);
  }
  const lines = linesOf(text, budget);
  return { type: "text", id, text: cut(lines, keep(id, lines), budget) };
}

/** The lines of the output of that name. If there is none, throws an error that lists the names. */
function find(name: string): readonly string[] {
  const lines = kept.get(name);
  if (lines) return lines;
  const known = [...kept.keys()].map((key) => JSON.stringify(key)).join(", ") || "none";
  throw new Error(`no output of ${JSON.stringify(name)}; there are ${known}`);
}

type Range = { readonly call_id: string; readonly from_line: number; readonly to_line: number };

/** Returns some lines of an output. If they are not there, throws an error that says which lines are. */
export function readLines({ call_id, from_line: from, to_line: to }: Range): string {
  const lines = find(call_id);
  if (lines.length === 0) throw new Error("this output has no lines");
  const isWhole = Number.isInteger(from) && Number.isInteger(to);
  const isInside = 1 <= from && from <= to && to <= lines.length;
  if (!isWhole || !isInside) {
    throw new Error(`expected lines within 1 to ${lines.length}, got ${from} to ${to}`);
  }
  const text = lines.slice(from - 1, to).join("");
  return text.replace(/\n$/, "");
}
