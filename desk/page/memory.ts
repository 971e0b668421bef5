// The files of a run. They are kept in memory, and each realm has a copy. A change is made at once in the realm
// that makes it; the others hear of it by message, and so before any task that is sent to them later.
import type { FileChange } from "./messages.ts";

/** The texts of the files, by their paths. */
export const files = new Map<string, string>(start.files);

type Listener = (change: FileChange) => void;
const listeners: Listener[] = [];

/** Calls a function after each change that this realm makes. */
export function onChange(listener: Listener): void {
  listeners.push(listener);
}

/** Makes a change that another realm has made. */
export function apply({ how, path, text }: FileChange): void {
  if (how === "remove") files.delete(path);
  else files.set(path, how === "append" ? (files.get(path) ?? "") + text : text);
}

/** Changes a file, and tells the other realms. */
export function change(how: FileChange["how"], path: string, text = ""): void {
  const made = { type: "file", how, path, text } as const;
  apply(made);
  for (const listener of listeners) listener(made);
}
