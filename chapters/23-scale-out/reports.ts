// What a process tells the one that has started it.
import { z } from "zod";

const call = z.string();
const at = z.number();
const Note = z.discriminatedUnion("type", [
  z.object({ type: z.literal("start"), call, at, label: z.string(), thread: z.number() }),
  z.object({ type: z.literal("end"), call, at, failed: z.boolean() }),
]);

export const Report = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready") }),
  z.object({ type: z.literal("pids"), pids: z.array(z.number()) }),
  z.object({ type: z.literal("note"), pid: z.number(), note: Note }),
]);
/** It is ready; these workers are there; a call begins or ends in the process with this id. */
export type Report = z.infer<typeof Report>;

/** Tells it, if somebody has started this process and is still there. */
export function tell(report: Report): void {
  // Without a function that takes the error, one would end this process before its time.
  if (process.connected) process.send?.(report, () => undefined);
}

/** Ends this process with the one that has started it, if somebody has. */
export function endWithStarter(): void {
  const end = (): void => process.exit();
  process.once("disconnect", end);
  // Node wants to tell it something, and cannot.
  process.once("error", end);
  // It may have ended while this process was loading its files.
  if (process.connected === false) end();
}
