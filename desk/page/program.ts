// The program of a run: the part of the bundle that starts a chapter, and hears the page.
import "./shims/globals.ts";
import { onChange } from "./memory.ts";
import type { ToProgram } from "./messages.ts";
import { asPlain, Ended, end, tell } from "./realm.ts";
import { emit, process } from "./shims/process.ts";

onChange(tell);

/** An error that nothing has caught ends the program, as in Node. */
function crash(thrown: unknown): void {
  if (thrown instanceof Ended) return;
  try {
    if (!emit("uncaughtException", thrown)) process.stderr.write(`${asPlain(thrown).message}\n`);
    end(1);
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
  }
}

self.onmessage = ({ data }: MessageEvent<ToProgram>) => {
  emit(data.name);
};
self.onerror = (_event, _source, _line, _column, error) => {
  crash(error);
  return true;
};
self.onunhandledrejection = (event) => {
  event.preventDefault();
  crash(event.reason);
};

/** The number that a constant of the chapter has: what the reader has set, otherwise its own. */
export function knob(name: string, own: number): number {
  return start.knobs[name] ?? own;
}

/** Runs a chapter to its end. */
export function run(chapter: () => Promise<void>): void {
  chapter()
    .then(() => end(process.exitCode ?? 0))
    .catch(crash);
}
