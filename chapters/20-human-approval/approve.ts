// Resolves a call that is pending: npx tsx chapters/20-human-approval/approve.ts KEY yes
// It runs in another terminal than the chapter. By the key, it finds the program that waits.
import { messageOf } from "../../mock-tools/plain.ts";
import { readDotEnv } from "../../shared/dot-env.ts";
import { endWithOutput } from "../../shared/output.ts";
import { print, printStatus } from "../../shared/print.ts";
import { abridge } from "../../shared/shown.ts";
import { clean, onOneLine } from "../../shared/terminal.ts";
import { findCall, listPending, type Resolution, resolve, sayResolved } from "./exchange.ts";

const HELP = `Resolves a call of chapter 20 that is pending.

  npx tsx chapters/20-human-approval/approve.ts                    lists what is pending
  npx tsx chapters/20-human-approval/approve.ts KEY                shows the whole call
  npx tsx chapters/20-human-approval/approve.ts KEY yes            lets it run
  npx tsx chapters/20-human-approval/approve.ts KEY no "a reason"  refuses it

APPROVALS_DIR, in the environment or in a file called .env, is the folder of the pending calls.
The exit code is 0 if the call is resolved as you say, by you or by somebody before you.`;

const MAX_SHOWN = 80;

function printPending(): void {
  const pending = listPending();
  if (pending.length === 0) print("nothing is pending");
  for (const { key, text, deadline } of pending) {
    const seconds = Math.ceil((deadline - Date.now()) / 1000);
    print(`${key}  ${abridge(text)} (${seconds} s left)`);
  }
}

function readResolution(said: string, words: readonly string[]): Resolution {
  if (said === "no" && words.length > 0) return { said, reason: words.join(" ") };
  if (said === "no") return { said };
  if (said !== "yes") throw new Error(`expected yes or no after the key, got ${said}`);
  if (words.length > 0) throw new Error(`expected nothing after yes, got ${words.join(" ")}`);
  return { said };
}

function refuseKey(key: string): never {
  throw new Error(`unknown or revoked key ${onOneLine(key, MAX_SHOWN)}`);
}

function showCall(key: string): void {
  const { text } = findCall(key) ?? refuseKey(key);
  // A person who approves must be able to see the whole call, even a long one.
  console.log(clean(text));
}

function resolveCall(key: string, wanted: Resolution): void {
  const resolved = resolve(key, wanted) ?? refuseKey(key);
  print(sayResolved(resolved));
  if (resolved.said !== wanted.said) process.exitCode = 1;
}

function main(): void {
  // Only the first word may be an option: a reason may begin with a dash.
  const [key, said, ...words] = process.argv.slice(2);
  if (key === "--help" || key === "-h") print(HELP);
  else if (key === undefined) printPending();
  else if (key.startsWith("-")) throw new Error(`expected a key, --help or nothing, got ${key}`);
  else if (said === undefined) showCall(key);
  else resolveCall(key, readResolution(said, words));
}

endWithOutput();
readDotEnv();
try {
  main();
} catch (error) {
  printStatus(`error: ${messageOf(error)}`);
  process.exitCode = 1;
}
