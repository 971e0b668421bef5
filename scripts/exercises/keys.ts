import { emitKeypressEvents } from "node:readline";

/**
 * Calls a function with each key that is pressed, by its name: "return" for Enter, "q" for Ctrl-C as well.
 *
 * @returns a function that ends it, and gives the terminal back as it was
 */
export function readKeys(onKey: (key: string) => void): () => void {
  const { stdin } = process;
  const listen = (_: unknown, { name = "", ctrl = false }: { name?: string; ctrl?: boolean }) => {
    onKey(ctrl && /^[cd]$/.test(name) ? "q" : name);
  };
  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  stdin.ref();
  stdin.resume();
  stdin.on("keypress", listen);
  return () => {
    stdin.off("keypress", listen);
    stdin.setRawMode(false);
    stdin.pause();
    // Nothing else may keep the program.
    stdin.unref();
  };
}
