// A call of chapter 20 is pending when its program is killed. Then somebody approves it.
//
// npx tsx chapters/23-scale-out/lost.ts
import { spawn } from "node:child_process";
import { once } from "node:events";
import { extname, join } from "node:path";
import { createInterface } from "node:readline";
import { print } from "../../shared/print.ts";
import { countLines, makeRunFolder, runProgram } from "../../shared/processes.ts";

const QUESTION = 'Send an email to bob@example.com saying "Shall we have lunch?".';
const { execPath, execArgv } = process;
const folder = makeRunFolder("lost");
const settings = { WORLD_DIR: folder, APPROVALS_DIR: folder };

function fileOf(name: string): string {
  const file = `${name}${extname(import.meta.filename)}`;
  return join(import.meta.dirname, "..", "20-human-approval", file);
}

/** Starts the program, and kills it when it has printed the key of the pending call. */
async function killWhilePending(): Promise<string> {
  const program = spawn(execPath, [...execArgv, fileOf("main"), QUESTION], {
    env: { ...process.env, ...settings },
    stdio: ["ignore", "ignore", "pipe"],
  });
  for await (const line of createInterface({ input: program.stderr })) {
    const [, key] = /^to resolve it: .*approve\.ts (\S+) yes/.exec(line) ?? [];
    if (!key) continue;
    program.kill("SIGKILL");
    await once(program, "exit");
    return key;
  }
  throw new Error("no call was pending");
}

print(`Q: ${QUESTION}\n`);
const key = await killWhilePending();
print("The call is pending, and the program is killed.");
const { stderr } = await runProgram(folder, [fileOf("approve"), key, "yes"], settings);
print(`Somebody approves: ${stderr.replace(key, "").trim()}`);
print(`E-mails sent: ${countLines(join(folder, "mailbox.jsonl"))}`);
