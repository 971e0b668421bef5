import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "../../mock-tools/at-end.ts";

const folders: string[] = [];
atEnd(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Makes a folder that outlives the runs of a program. It is removed when the check's process ends. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "exercise-"));
  folders.push(folder);
  return folder;
}

/** How many e-mails all runs of a program have sent whose WORLD_DIR is this folder. */
export function countMails(folder: string): number {
  const file = join(folder, "mailbox.jsonl");
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
}
