// The journal of 21 lies on one machine. Here the program of that machine is killed, and a second machine
// gets the same question. It has the same mail server, but a journal of its own.
//
// npx tsx chapters/22-durable-execution/machines.ts
import { join } from "node:path";
import { print } from "../../shared/print.ts";
import { makeRunFolder, repeat, runProgram } from "../../shared/processes.ts";

const QUESTION = "Send an email to jack@example.com saying hello.";

const folder = makeRunFolder("machines");
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
const program = join(import.meta.dirname, `../21-replay/main.${extension}`);

async function runOn(machine: string, killAt: string): Promise<void> {
  print(`── The ${machine} machine\n`);
  const ended = await runProgram(folder, [program, QUESTION], {
    WORLD_DIR: join(folder, machine),
    MAILBOX_FILE: join(folder, "mailbox.jsonl"),
    JOURNAL: join(folder, machine, "journal.jsonl"),
    KILL_AT: killAt,
  });
  repeat({ stdout: ended.stdout, stderr: "" });
  print(ended.code === 0 ? "" : "(killed)\n");
}

await runOn("first", "after step 1 call 0");
await runOn("second", "");
