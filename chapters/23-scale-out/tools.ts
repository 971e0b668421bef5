// The tools that work on processes. They run outside the threads, which cannot reach the engine.
import { z } from "zod";
import { defineLocal, type LocalTool } from "../../mock-tools/local.ts";
import type { Tool as ThreadTool } from "../../mock-tools/tools.ts";
import { MAX_WAIT_SECONDS, type Processes } from "./handles.ts";

/** A tool that runs in a thread, with flags for approval and background; or a local tool. */
export type Tool =
  | (ThreadTool & {
      readonly local?: false;
      readonly background?: boolean;
      /** True if people are asked before a call runs. */
      readonly askFirst?: boolean;
      readonly retry?: "never" | "safe" | "idempotent";
    })
  | (LocalTool<Processes> & {
      readonly background?: false;
      readonly askFirst?: false;
      readonly retry?: "never";
    });

const Id = z.string().describe("the id in the process's handle");

export const awaitProcesses = defineLocal({
  name: "await_processes",
  description: `Wait until processes have ended, and get their results. A tool that takes long starts a process and returns its handle at once: {"handle":"process","id":"…"}. Wait for several processes with one call. It waits for ${MAX_WAIT_SECONDS} seconds at most; a process that has not ended by then is {"id":"…","running":true}, and may be awaited again.`,
  parameters: z.object({ ids: z.array(Id).min(1) }),
  local: true,
  run: ({ ids }, processes: Processes) => processes.awaitAll(ids),
});

export const cancelProcess = defineLocal({
  name: "cancel_process",
  description: "Cancel a process. The status says how it has ended: it may have a result already.",
  parameters: z.object({ id: Id }),
  local: true,
  async run({ id }, processes: Processes) {
    const ended = await processes.cancel(id);
    const status = "result" in ended ? "success" : "error" in ended ? "failure" : "cancelled";
    return { process_id: id, status };
  },
});

export const signalProcess = defineLocal({
  name: "signal_process",
  description: "Tell a running process something. Which signals it heeds is said by its tool.",
  parameters: z.object({
    id: Id,
    name: z.string().describe("the signal's name"),
    payload: z.string().describe("what the signal says"),
  }),
  local: true,
  async run({ id, name, payload }, processes: Processes) {
    return { process_id: id, sequence: await processes.signal(id, { name, payload }) };
  },
});
