// The globals of Node that the book uses. This file is imported before all that use them.
import { process } from "./process.ts";
import { drawTable } from "./table.ts";

function printTo({ write }: typeof process.stdout) {
  return (...values: readonly unknown[]): void => write(`${values.map(String).join(" ")}\n`);
}

Object.assign(console, {
  log: printTo(process.stdout),
  error: printTo(process.stderr),
  table: (rows: readonly object[]) => process.stdout.write(`${drawTable(rows)}\n`),
});

/** Memory that a page cannot share. A thread gets a copy, so it never sees what the program writes later. */
class Copied extends ArrayBuffer {}

Object.assign(globalThis, {
  process,
  Buffer: { byteLength: (text: string): number => new TextEncoder().encode(text).length },
  setImmediate: (run: () => void) => setTimeout(run, 0),
  // A page has shared memory only if its server isolates it, which a file cannot ask for.
  SharedArrayBuffer: globalThis.SharedArrayBuffer ?? Copied,
});
