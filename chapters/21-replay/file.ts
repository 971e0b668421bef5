import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  realpathSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { lock, unlock } from "./lock.ts";

/** Writes a whole line. The key names the effect of that line. */
export type Append = (line: Uint8Array, key: string) => void;

function appendTo(fd: number, sync: boolean): Append {
  let fault: unknown;
  return (line) => {
    // After a partly written line, the next line would be broken, too.
    if (fault) throw fault;
    try {
      const written = writeSync(fd, line);
      if (written < line.length) throw new Error("no space is left");
      if (sync) fsyncSync(fd);
    } catch (error) {
      fault = new Error("the journal cannot be written", { cause: error });
      throw fault;
    }
  };
}

/** Without it, a power failure may lose a new file with all its lines. Windows cannot open a folder. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const fd = openSync(folder, "r");
  fsyncSync(fd);
  closeSync(fd);
}

function openToAppend(given: string): number {
  // Opening a named pipe would block until another process reads from it.
  const found = statSync(given, { throwIfNoEntry: false });
  if (found && !found.isFile()) throw new Error(`expected a file for the journal, got ${given}`);
  try {
    return openSync(given, "a");
  } catch (error) {
    throw new Error("the journal cannot be opened to write into it", { cause: error });
  }
}

/** A file that only this process uses. Lines are appended to it, each in one write. */
export type LineFile = {
  readonly path: string;
  readonly append: Append;
  readonly close: () => void;
};

/**
 * Opens a file, or creates it.
 *
 * @param sync whether to wait after each line until it is on the disk and survives a power failure
 * @throws an error if it is not a file, has a second name, is not writable, or another process uses it
 */
export function openLineFile(given: string, sync: boolean): LineFile {
  const fd = openToAppend(given);
  try {
    // The lock is named after the file, so a process that used another name would not find it.
    const { nlink } = fstatSync(fd);
    if (nlink > 1) throw new Error(`expected a file with one name, and ${given} has ${nlink}`);
    const path = realpathSync(given);
    lock(path);
    if (sync) syncFolder(dirname(path));
    const close = (): void => {
      closeSync(fd);
      unlock(path);
    };
    return { path, append: appendTo(fd, sync), close };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
