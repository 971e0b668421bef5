// What a process reports to the process that started it.
import { z } from "zod";

const call = z.string();
const at = z.number();
const Note = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("start"),
    call,
    at,
    label: z.string(),
    arguments: z.string(),
    thread: z.number(),
  }),
  z.object({ type: z.literal("end"), call, at, how: z.enum(["done", "failed", "lost"]) }),
]);

export const Report = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready") }),
  z.object({ type: z.literal("pids"), pids: z.array(z.number()) }),
  z.object({ type: z.literal("note"), pid: z.number(), note: Note }),
]);
/** "ready": it takes calls. "pids": the workers that run. "note": a call began or ended in a process. */
export type Report = z.infer<typeof Report>;

/** Sends a report, if the process that started this one is still there. */
export function tell(report: Report): void {
  // Without the callback, an error while sending would end this process.
  if (process.connected) process.send?.(report, () => undefined);
}

/** Ends this process when the process that started it ends. */
export function endWithStarter(): void {
  const end = (): void => process.exit();
  process.once("disconnect", end);
  // Node emits this if it cannot send to the starter.
  process.once("error", end);
  // The starter may have ended while this process was loading.
  if (process.connected === false) end();
}
