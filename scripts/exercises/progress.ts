import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ROOT } from "../chapters.ts";
import type { Files } from "./files.ts";
import { type Exercise, FOLDER } from "./list.ts";

const FILE = `${FOLDER}/.progress.json`;

/** What is remembered of each exercise that was passed: the hash of the files that passed. */
const Progress = z.record(z.string(), z.strictObject({ passed: z.string() }));
type Progress = z.infer<typeof Progress>;

/**
 * Reads which exercises are done.
 *
 * @throws an error that says what is wrong with the file
 */
function read(): Progress {
  const file = join(ROOT, FILE);
  if (!existsSync(file)) return {};
  try {
    return Progress.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    throw new Error(`expected the passed exercises as JSON in ${FILE}; move the file away`);
  }
}

/** The names of the exercises that are done. What passed once stays done, whatever changes later. */
export function readDone(): ReadonlySet<string> {
  return new Set(Object.keys(read()));
}

/** Remembers that these files passed. */
export function rememberPass({ name }: Exercise, files: Files): void {
  const passed = createHash("sha256")
    .update(JSON.stringify([...files]))
    .digest("hex");
  const file = join(ROOT, FILE);
  // A file that is replaced as a whole is never half written.
  writeFileSync(`${file}.new`, `${JSON.stringify({ ...read(), [name]: { passed } }, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}
