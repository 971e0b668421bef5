// Prints what a program exports as its prediction, as JSON in the last line: predicted.ts FILE
import { pathToFileURL } from "node:url";

const [, , file = ""] = process.argv;
const { prediction } = await import(pathToFileURL(file).href);
console.log(JSON.stringify(prediction ?? null));
// The threads of the program's pool would keep the process.
process.exit();
