// The tools that work on processes. They run in the program itself: a thread has no list of processes.
import { z } from "zod";
import { defineLocal, type LocalTool } from "../../mock-tools/local.ts";
import type { Tool as ThreadTool } from "../../mock-tools/tools.ts";
import { cancel, MAX_WAIT_SECONDS, send, waitFor } from "./process.ts";
import type { Processes } from "./processes.ts";

/**
 * A tool of this chapter runs in a thread, or it is local. Each call of a background tool starts a
 * process.
 */
export type Tool =
  | (ThreadTool & { readonly local?: false; readonly background?: boolean })
  | (LocalTool<Processes> & { readonly background?: false });

const Id = z.string().describe("the id in the process's handle");

export const awaitProcesses = defineLocal({
  name: "await_processes",
  description: `Wait until processes have ended, and get their results. A tool that takes long starts a process and returns its handle at once: {"handle":"process","id":"…"}. Wait for several processes with one call. It waits for ${MAX_WAIT_SECONDS} seconds at most; a process that has not ended by then is {"id":"…","running":true}, and may be awaited again.`,
  parameters: z.object({ ids: z.array(Id).min(1) }),
  local: true,
  async run({ ids }, processes: Processes) {
    // An unknown id throws at once, not only after the other processes have ended.
    const wanted = ids.map((id) => processes.find(id));
    const outcomes = await waitFor(wanted, processes.maxWait);
    return outcomes.map((outcome, index) => {
      if (!outcome) return { id: ids[index], running: true };
      const { type: _, ...result } = outcome;
      return result;
    });
  },
});

export const cancelProcess = defineLocal({
  name: "cancel_process",
  description: "Cancel a process. The status says how it has ended: it may have a result already.",
  parameters: z.object({ id: Id }),
  local: true,
  async run({ id }, processes: Processes) {
    const { type: status } = await cancel(processes.find(id));
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
  run({ id, name, payload }, processes: Processes) {
    const process = processes.find(id);
    if (process.ended) throw new Error(`the process ${id} has ended: ${process.ended.type}`);
    return { process_id: id, sequence: send(process, { name, payload }) };
  },
});
