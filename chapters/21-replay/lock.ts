import { closeSync, openSync, readdirSync, rmSync } from "node:fs";
import { basename, dirname } from "node:path";
import { atEnd } from "../../mock-tools/at-end.ts";

/** This process's locks, by the files that they lock. */
const locks = new Map<string, string>();
atEnd(() => {
  for (const own of locks.values()) rmSync(own, { force: true });
});

function isAlive(pid: number): boolean {
  try {
    // Signal 0 asks whether there is such a process, and sends nothing.
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's process may not be asked, but it is there.
    return Object(error).code === "EPERM";
  }
}

/** The ids in the names of a file's locks. */
function lockersOf(file: string): number[] {
  const begin = `${basename(file)}.lock-`;
  const names = readdirSync(dirname(file)).filter((name) => name.startsWith(begin));
  return names.map((name) => Number(name.slice(begin.length)));
}

/**
 * Keeps other processes from a file until this one unlocks it or ends. A process first makes a lock with
 * its id in the name, and then looks for others. So of two that come at once, at least one sees the other
 * and is refused; both may be. The lock of a process that has died is removed.
 *
 * @throws an error that names the other process and its lock
 */
export function lock(file: string): void {
  if (locks.has(file)) throw new Error(`this process uses ${file} already`);
  const own = `${file}.lock-${process.pid}`;
  closeSync(openSync(own, "w"));
  locks.set(file, own);
  // A dead process may have had this one's id, as is usual in a container. Its lock is ours by now.
  for (const pid of lockersOf(file).filter((one) => one !== process.pid)) {
    const other = `${file}.lock-${pid}`;
    if (isAlive(pid)) {
      unlock(file);
      throw new Error(`process ${pid} uses ${file}, as ${other} says`);
    }
    rmSync(other, { force: true });
  }
}

/** Lets others use a file that this process has locked. */
export function unlock(file: string): void {
  const own = locks.get(file);
  if (own) rmSync(own, { force: true });
  locks.delete(file);
}
