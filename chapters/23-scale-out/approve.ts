// Resolves a call that is pending: RESTATE_INGRESS_URL=… npx tsx chapters/23-scale-out/approve.ts KEY yes
// It needs only the engine, which may be on another machine.
import { messageOf } from "../../mock-tools/plain.ts";
import { readDotEnv } from "../../shared/dot-env.ts";
import { endWithOutput } from "../../shared/output.ts";
import { print, printStatus } from "../../shared/print.ts";
import { abridge } from "../../shared/shown.ts";
import { clean } from "../../shared/terminal.ts";
import { listPending, type Pending, resolve, type Said, sayResolved } from "./pending.ts";

const HELP = `Resolves a call of chapter 23 that is pending.

  npx tsx chapters/23-scale-out/approve.ts                    lists what is pending
  npx tsx chapters/23-scale-out/approve.ts KEY                shows the whole call
  npx tsx chapters/23-scale-out/approve.ts KEY yes            lets it run
  npx tsx chapters/23-scale-out/approve.ts KEY no "a reason"  refuses it

RESTATE_INGRESS_URL, in the environment or in a file called .env, is where the engine takes resolutions;
RESTATE_ADMIN_URL is where it says what is pending.
The exit code is 0 if the call is resolved as you say, by you or by somebody before you.`;

function readUrl(name: "RESTATE_INGRESS_URL" | "RESTATE_ADMIN_URL"): string {
  const url = process.env[name];
  if (!url) throw new Error(`expected the engine's address in ${name}`);
  return url;
}

async function pending(): Promise<Pending[]> {
  return listPending({ admin: readUrl("RESTATE_ADMIN_URL") });
}

async function printPending(): Promise<void> {
  const all = await pending();
  if (all.length === 0) print("nothing is pending");
  for (const { key, text, deadline } of all) {
    const seconds = Math.ceil((deadline - Date.now()) / 1000);
    print(`${key}  ${abridge(text)} (${seconds} s left)`);
  }
}

async function showCall(key: string): Promise<void> {
  const found = (await pending()).find((one) => one.key === key);
  if (!found) throw new Error("unknown or revoked key");
  // A person who approves must be able to see the whole call, even a long one.
  console.log(clean(found.text));
}

function readSaid(said: string, words: readonly string[]): Said {
  if (said === "no" && words.length > 0) return { said, reason: words.join(" ") };
  if (said !== "yes" && said !== "no") throw new Error(`expected yes or no, got ${said}`);
  if (words.length > 0) throw new Error(`expected nothing after yes, got ${words.join(" ")}`);
  return { said };
}

async function resolveCall(key: string, answer: Said): Promise<void> {
  const resolved = await resolve({ ingress: readUrl("RESTATE_INGRESS_URL") }, key, answer);
  print(sayResolved(resolved));
  if (resolved.said !== answer.said) process.exitCode = 1;
}

async function main(): Promise<void> {
  // Only the first word may be an option: a reason may begin with a dash.
  const [key, said, ...words] = process.argv.slice(2);
  if (key === "--help" || key === "-h") print(HELP);
  else if (key === undefined) await printPending();
  else if (key.startsWith("-")) throw new Error(`expected a key, --help or nothing, got ${key}`);
  else if (said === undefined) await showCall(key);
  else await resolveCall(key, readSaid(said, words));
}

endWithOutput();
readDotEnv();
try {
  await main();
} catch (error) {
  printStatus(`error: ${messageOf(error)}`);
  process.exitCode = 1;
}
