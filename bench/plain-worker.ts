// The entry of a thread without a pool: runs each task, and answers with its number and its result.
import { parentPort } from "node:worker_threads";
import { runTool, type Task } from "../mock-tools/worker.ts";

parentPort?.on("message", async ({ number, task }: { number: number; task: Task }) => {
  parentPort?.postMessage({ number, result: await runTool(task) });
});
