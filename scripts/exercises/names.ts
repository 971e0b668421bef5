import { type Exercise, exercises } from "./list.ts";

const NEAREST = 3;

/** How many letters must be added, removed or replaced to make one word of the other. */
function distance(one: string, other: string): number {
  let row = [...other, ""].map((_, index) => index);
  for (const [line, letter] of [...one].entries()) {
    const above = row;
    row = [line + 1];
    for (const [column, otherLetter] of [...other].entries()) {
      const replaced = (above[column] ?? 0) + (letter === otherLetter ? 0 : 1);
      row.push(Math.min(replaced, (above[column + 1] ?? 0) + 1, (row[column] ?? 0) + 1));
    }
  }
  return row.at(-1) ?? 0;
}

/** How far a word is from the name of an exercise, or from a part of the name. */
function farFrom(word: string, name: string): number {
  return Math.min(...[name, name.slice(3), name.slice(0, 2)].map((part) => distance(word, part)));
}

/**
 * Finds an exercise by its name ("06-jitter", or "jitter" if only one is called so), its folder, or a path
 * in it.
 *
 * @throws an error that names the nearest exercises
 */
export function findExercise(word: string): Exercise {
  const all = exercises();
  const wanted = word.replace(/^(\.\/)?exercises\//, "").replace(/\/.*$/, "");
  const exact = all.filter(({ name }) => name === wanted);
  const [found, ...others] = [...exact, ...all.filter(({ name }) => name.slice(3) === wanted)];
  if (found && others.length === 0) return found;
  const nearest = all
    .map(({ name }) => name)
    .toSorted((one, other) => farFrom(wanted, one) - farFrom(wanted, other))
    .slice(0, NEAREST);
  throw new Error(`there is no exercise ${word}; the nearest are ${nearest.join(", ")}`);
}

/** The exercises of a chapter, if the word is a chapter's number: "6" or "06". */
export function exercisesOf(word: string): Exercise[] {
  const number = /^\d{1,2}$/.test(word) ? word.padStart(2, "0") : "";
  return exercises().filter(({ chapter }) => chapter.number === number);
}
