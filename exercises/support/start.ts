// Starts a program of a reader, and says in one line of stderr where it went wrong, if it does:
// start.ts FOLDER FILE ARGS…
import { subscribe } from "node:diagnostics_channel";
import { createRequire } from "node:module";
import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { noteFault, placeIn } from "./places.ts";

const [node = "", , folder = "", file = "", ...args] = process.argv;
const place = placeIn(folder);
const book = join(folder, "..", "..") + sep;

/** A program that ends itself looks as if it had ended well. */
function watchExit(): void {
  const { exit } = process;
  process.exit = (code) => {
    const at = place(new Error().stack);
    if (at) noteFault(`${at} ended the program with process.exit(${code ?? ""})`);
    return exit(code);
  };
}

/** Says where an error was made. Its message may name files of the copy. */
function noteError(error: unknown): void {
  const { name = "Error", message = error, stack } = Object(error);
  const [, at, said] = /([\w.-]+\.ts:\d+):\d+: ERROR: (.*)/.exec(message) ?? [];
  const text = String(message).replaceAll(`${folder}${sep}`, "").replaceAll(book, "");
  noteFault(at ? `${at} failed: ${said}` : `${place(stack) ?? "main.ts"} failed: ${name}: ${text}`);
}

/** An error that the program has caught and printed as one line has lost its place. */
function watchErrors(): void {
  process.on("uncaughtExceptionMonitor", noteError);
  subscribe("the-agent-loop:error", (error) => {
    const { name, stack } = Object(error);
    // Other errors are the chapter's own, and their line says enough.
    const isMistake = /^(Type|Reference|Range|Syntax)Error$/.test(name);
    if (isMistake && place(stack)) noteError(error);
  });
}

/** A thread of its own sees an endless loop, in which this thread does nothing else. */
function watchLoops(): void {
  const { resolve } = createRequire(import.meta.url);
  const own = import.meta.filename.replace(/start(\.[jt]s)$/, "watchdog$1");
  const needsTsx = own.endsWith(".ts") && !process.features.typescript;
  const load = needsTsx
    ? `require(${JSON.stringify(resolve("tsx/cjs"))}); require(${JSON.stringify(own)});`
    : `import(${JSON.stringify(pathToFileURL(own).href)});`;
  new Worker(load, { eval: true, execArgv: [], workerData: { folder } }).unref();
}

process.setSourceMapsEnabled(true);
watchExit();
watchErrors();
watchLoops();
process.argv = [node, file, ...args];
try {
  await import(pathToFileURL(file).href);
} catch (error) {
  noteError(error);
  process.exitCode = 1;
}
