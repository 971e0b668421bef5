import { note } from "./notes.ts";

/** Replaces a wait: notes how long it would take, and returns at once. */
export async function setTimeout(ms: number): Promise<void> {
  note({ waited: ms });
}
