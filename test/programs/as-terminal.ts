// Runs a program as if it had a terminal: as-terminal.ts FILE ARGS…
import { pathToFileURL } from "node:url";

const [node = "", , file = "", ...args] = process.argv;
Object.assign(process.stdin, { isTTY: true, setRawMode: () => process.stdin });
Object.assign(process.stdout, { isTTY: true });
process.argv = [node, file, ...args];
await import(pathToFileURL(file).href);
