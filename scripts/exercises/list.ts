import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Chapter, findChapter, ROOT } from "../chapters.ts";

/** What a reader does: fixes a program, extends one, or predicts what one does. */
export type Kind = "Fix" | "Extend" | "Predict";

export type Exercise = {
  /** Its folder in exercises: "06-jitter". */
  readonly name: string;
  readonly chapter: Chapter;
  readonly title: string;
  readonly kind: Kind;
  /** About how long it takes. */
  readonly minutes: number;
  /** Markdown: what to do, why, where to look, and what the check says at first. */
  readonly task: string;
  readonly hint: string;
  /** What the check says about the start. */
  readonly says: string;
};

/** What a check found, in one sentence. */
export type Verdict = { readonly passed: boolean; readonly sentence: string };

/** Where the exercises are, and the checks' own helpers. */
export const FOLDER = "exercises";

/** The first lines of a task: its title, then its kind and time. */
const HEAD = /^# \d\d · (.+)\n\n(Fix|Extend|Predict), about (\d+) minutes\.\n/;

function kindOf(word: string | undefined): Kind {
  return word === "Fix" || word === "Predict" ? word : "Extend";
}

/** The quoted lines at the end of a task, as one line. */
function quoteOf(task: string): string {
  const lines = task.split("\n").filter((line) => line.startsWith("> "));
  return lines.map((line) => line.slice(2)).join(" ");
}

function load(name: string): Exercise {
  const read = (file: string) => readFileSync(join(ROOT, FOLDER, name, file), "utf8");
  const task = read("task.md");
  const [, title = "", kind, minutes] = HEAD.exec(task) ?? [];
  if (!title) throw new Error(`${FOLDER}/${name}/task.md has no title, kind and time at its top`);
  return {
    name,
    chapter: findChapter(name.slice(0, 2)),
    title,
    kind: kindOf(kind),
    minutes: Number(minutes),
    task,
    hint: read("hint.md"),
    says: quoteOf(task),
  };
}

let loaded: readonly Exercise[] | undefined;

/** Every exercise, chapter by chapter, and the shortest of a chapter first. Their files are read once. */
export function exercises(): readonly Exercise[] {
  loaded ??= readdirSync(join(ROOT, FOLDER))
    .filter((name) => existsSync(join(ROOT, FOLDER, name, "task.md")))
    .toSorted()
    .map(load)
    .toSorted((one, other) => {
      const byChapter = one.chapter.number.localeCompare(other.chapter.number);
      return byChapter || one.minutes - other.minutes;
    });
  return loaded;
}
