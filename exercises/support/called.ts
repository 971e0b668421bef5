// Calls a function that a program exports, once for each list of arguments, and prints its answers as the
// demo would: called.ts FILE NAME LISTS
import { pathToFileURL } from "node:url";
import { describe } from "../../shared/describe.ts";
import { printAnswer, printStatus } from "../../shared/print.ts";

const [, , file = "", name = "", lists = "[]"] = process.argv;
const program = await import(pathToFileURL(file).href);
try {
  for (const args of JSON.parse(lists)) printAnswer(await program[name](...args));
  // The threads of the program's pool would keep the process.
  process.exit();
} catch (error) {
  printStatus(`error: ${describe(error)}`);
  process.exit(1);
}
