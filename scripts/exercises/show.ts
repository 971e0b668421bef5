// What the exercises print.
import { styleText } from "node:util";
import { clean } from "../../shared/terminal.ts";
import { filesAt, patchBetween } from "./files.ts";
import { type Exercise, exercises, FOLDER, type Verdict } from "./list.ts";
import { readDone } from "./progress.ts";

type Format = Parameters<typeof styleText>[0];

function paint(format: Format, text: string): string {
  return process.stdout.isTTY && !process.env.NO_COLOR ? styleText(format, text) : text;
}

/** All exercises, chapter by chapter, with a mark at those that are done and one at the next. */
export function listOf(next: Exercise | undefined): string {
  const done = readDone();
  const all = exercises();
  const width = Math.max(...all.map(({ name }) => name.length));
  const lines = all.flatMap(({ name, title, kind, minutes, chapter }, index) => {
    const mark = done.has(name) ? paint("green", "✓") : name === next?.name ? "▸" : " ";
    const what = paint("dim", `${kind.toLowerCase()}, ${minutes} min`);
    const line = `${mark} ${name.padEnd(width)}  ${title} (${what})`;
    const isFirst = all[index - 1]?.chapter.number !== chapter.number;
    const head = paint("bold", `${chapter.number} · ${chapter.title}`);
    return isFirst ? ["", head, line] : [line];
  });
  const count = all.filter(({ name }) => done.has(name)).length;
  return [`${count} of ${all.length} exercises are done.`, ...lines].join("\n");
}

/** The task, and which file to edit. */
export function taskOf({ name, task, chapter }: Exercise): string {
  const [head = "", ...rest] = task.trimEnd().split("\n");
  return `${paint("bold", head.replace(/^# /, ""))}
${rest.join("\n")}

Edit ${paint("bold", `${FOLDER}/${name}/main.ts`)}; the chapter is chapters/${chapter.folder}.`;
}

/** The sentence of a check, and whether it passed. It may hold text of the reader's program. */
export function verdictOf({ passed, sentence }: Verdict): string {
  return `${passed ? paint("green", "✓ passed:") : paint("red", "✖ not yet:")} ${clean(sentence)}`;
}

function colour(line: string): string {
  if (line.startsWith("+")) return paint("green", line);
  return line.startsWith("-") ? paint("red", line) : line;
}

/** A solution, as what it changes in the start. */
export function solutionOf(exercise: Exercise): string {
  const [start, solution] = [filesAt(exercise, "start"), filesAt(exercise, "solution")];
  return patchBetween(start, solution).trimEnd().split("\n").map(colour).join("\n");
}
