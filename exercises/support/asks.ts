// Asks a program's agent several questions, one after the other, and prints how each ended, as JSON in
// the last line: asks.ts FILE COUNT
import { basename, dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { readMailbox } from "../../mock-tools/mailbox.ts";
import { messageOf } from "../../mock-tools/plain.ts";
import { noteWaits } from "./waits.ts";

const [, , file = "", count] = process.argv;
// Before the program loads, as it may keep the functions that it imports.
const waits = noteWaits(`/${basename(dirname(file))}/`);
const { runAgent } = await import(pathToFileURL(file).href);

async function ask(): Promise<object> {
  try {
    return { answer: await runAgent("a question", new AbortController().signal) };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

const ends: object[] = [];
while (ends.length < Number(count)) ends.push(await ask());
console.log(`\n${JSON.stringify({ ends, waits, mailbox: readMailbox() })}`);
// The threads of the program's pool would keep the process.
process.exit();
