// Resolves a call that is pending: npx tsx chapters/20-human-approval/approve.ts KEY yes
// It runs in another terminal than the chapter, whose program it finds by the key.
import { parseArgs } from "node:util";
import { messageOf } from "../../mock-tools/plain.ts";
import { readDotEnv } from "../../shared/dot-env.ts";
import { endWithOutput } from "../../shared/output.ts";
import { print, printStatus } from "../../shared/print.ts";
import { onOneLine } from "../../shared/terminal.ts";
import { listPending, type Resolution, resolve, sayResolved } from "./exchange.ts";

const HELP = `Resolves a call of chapter 20 that is pending.

  npx tsx chapters/20-human-approval/approve.ts                    lists what is pending
  npx tsx chapters/20-human-approval/approve.ts KEY yes            lets the call run
  npx tsx chapters/20-human-approval/approve.ts KEY no "a reason"  does not

APPROVALS_DIR, in the environment or in a file called .env, is the folder of what is pending.
The exit code is 0 if the call is resolved as you say, by you or by somebody before you.`;

const MAX_SHOWN = 80;

function printPending(): void {
  const pending = listPending();
  if (pending.length === 0) print("nothing is pending");
  for (const { key, text, deadline } of pending) {
    const seconds = Math.ceil((deadline - Date.now()) / 1000);
    print(`${key}  ${onOneLine(text)} (${seconds} s left)`);
  }
}

function readResolution(said: string | undefined, words: readonly string[]): Resolution {
  if (said === "no" && words.length > 0) return { said, reason: words.join(" ") };
  if (said === "no") return { said };
  if (said !== "yes") throw new Error(`expected yes or no after the key, got ${said ?? "nothing"}`);
  if (words.length > 0) throw new Error(`expected nothing after yes, got ${words.join(" ")}`);
  return { said };
}

function resolveCall(key: string, wanted: Resolution): void {
  const resolved = resolve(key, wanted);
  if (!resolved) throw new Error(`unknown or revoked key ${onOneLine(key, MAX_SHOWN)}`);
  print(sayResolved(resolved));
  if (resolved.said !== wanted.said) process.exitCode = 1;
}

function main(): void {
  const { values, positionals } = parseArgs({ strict: false, allowPositionals: true });
  const { help, h, ...others } = values;
  const [option] = Object.keys(others);
  if (option) throw new Error(`expected a key, --help or nothing, got the option ${option}`);
  const [key, said, ...words] = positionals;
  if (help || h) print(HELP);
  else if (key === undefined) printPending();
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
