// The entry of a thread: runs the tasks that the program sends, one at a time.
import "./shims/globals.ts";
import { runTool } from "../../mock-tools/worker.ts";
import { apply, onChange } from "./memory.ts";
import type { ToThread } from "./messages.ts";
import { asPlain, Ended, tell } from "./realm.ts";
import { emit } from "./shims/process.ts";

onChange(tell);

/** An error that nothing has caught. The thread's own listeners may replace it by another. */
function die(thrown: unknown): void {
  if (thrown instanceof Ended) return;
  let error = thrown;
  try {
    emit("uncaughtException", thrown);
  } catch (replaced) {
    error = replaced;
  }
  tell({ type: "death", error: asPlain(error) });
}

async function run({ id, task }: Extract<ToThread, { readonly type: "task" }>): Promise<void> {
  try {
    const result = await runTool(task);
    tell({ type: "result", id, result });
  } catch (error) {
    tell({ type: "failure", id, error: asPlain(error) });
  }
}

self.onmessage = ({ data }: MessageEvent<ToThread>) => {
  if (data.type === "file") apply(data);
  else void run(data);
};
self.onerror = (_event, _source, _line, _column, error) => {
  die(error);
  return true;
};
self.onunhandledrejection = (event) => {
  event.preventDefault();
  die(event.reason);
};

tell({ type: "ready" });
