import { writeSync } from "node:fs";
import { sep } from "node:path";

const MARK = "===== fault: ";

/** Says on stderr what went wrong, for the check. */
export function noteFault(sentence: string): void {
  writeSync(2, `\n${MARK}${sentence.replace(/\s+/g, " ")}\n`);
}

/** The first fault that was noted, and stderr without such notes. */
export function readFaults(stderr: string): { fault: string | undefined; rest: string } {
  const notes = new RegExp(`\n${MARK}(.*)\n`, "g");
  return { fault: notes.exec(stderr)?.[1], rest: stderr.replaceAll(notes, "") };
}

/** Makes a function that finds the first place of a stack in a folder, such as "main.ts:95:12". */
export function placeIn(folder: string): (stack: unknown) => string | undefined {
  const start = `${folder}${sep}`;
  return (stack) => {
    const lines = String(stack).split("\n");
    const line = lines.find((one) => one.includes(start));
    const found = line?.slice(line.indexOf(start) + start.length);
    return found === undefined ? undefined : /^[^:]+(:\d+)*/.exec(found)?.[0];
  };
}
