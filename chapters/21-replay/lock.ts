import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { atEnd } from "../../mock-tools/at-end.ts";
import { isAlive } from "../../shared/alive.ts";

/** The locks of this process, by the locked files. */
const locks = new Map<string, string>();
atEnd(() => {
  for (const own of locks.values()) rmSync(own, { force: true });
});

/**
 * What two processes must share so that a process id means the same to both. On Linux, each container
 * and each start of the system has its own ids.
 */
function describePlace(): string {
  if (process.platform !== "linux") return hostname();
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
    return [hostname(), boot, readlinkSync("/proc/self/ns/pid")].join(" ");
  } catch {
    // With a random place, no lock seems to come from here, so each lock is respected.
    return crypto.randomUUID();
  }
}

const PLACE = createHash("sha256").update(describePlace()).digest("hex").slice(0, 16);

/** True for the name of a lock whose process ran in this place and has died. */
function isLeftBehind(name: string): boolean {
  const [, pid = "", place] = /\.lock-([1-9]\d*)-(\w+)$/.exec(name) ?? [];
  return place === PLACE && !isAlive(Number(pid));
}

function refuse(file: string, other: string): never {
  throw new Error(`${file} is locked: if no program uses it, delete ${other}`);
}

function make(file: string, own: string): void {
  try {
    closeSync(openSync(own, "wx"));
  } catch (error) {
    // Another thread of this process may have made the lock.
    if (Object(error).code === "EEXIST") refuse(file, own);
    throw new Error("the lock of the journal cannot be made", { cause: error });
  }
}

/**
 * Keeps other processes from a file until this process unlocks it or ends. A process first makes a lock
 * with its id and its place in the name, and then looks for other locks beside the file. If two processes
 * come at once, at least one sees the other and is refused, or both are. A lock is removed if its process
 * ran in the same place and has died. Any other lock is respected, since its process may be alive.
 * Processes on machines that do not share the folder do not see each other's locks.
 *
 * @throws an error that names the other lock
 */
export function lock(file: string): void {
  if (locks.has(file)) throw new Error(`this process uses ${file} already`);
  const begin = `${basename(file)}.lock-`;
  const own = `${file}.lock-${process.pid}-${PLACE}`;
  make(file, own);
  locks.set(file, own);
  for (const name of readdirSync(dirname(file)).filter((one) => one.startsWith(begin))) {
    const other = join(dirname(file), name);
    if (other === own) continue;
    if (!isLeftBehind(name)) {
      unlock(file);
      refuse(file, other);
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
