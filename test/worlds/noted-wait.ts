import { note } from "./notes.ts";

/** In place of a wait: notes how long it would take, and takes no time. */
export async function setTimeout(ms: number): Promise<void> {
  note({ waited: ms });
}
