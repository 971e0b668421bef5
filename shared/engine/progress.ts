import { statSync } from "node:fs";
import { printStatus } from "../print.ts";

const LOOK_MS = 250;

/** A decimal megabyte, as on the labels of disks. */
const MEGABYTE = 1_000_000;

/**
 * Shows on stderr how a file grows: numbers added to one line on a terminal, otherwise a few lines.
 *
 * @returns a function that stops it
 */
export function showGrowth(file: string): () => void {
  const { stderr } = process;
  const step = stderr.isTTY ? 20 : 100;
  let shown = 0;
  const timer = setInterval(() => {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    const due = Math.floor(size / MEGABYTE / step) * step;
    if (due <= shown) return;
    if (!stderr.isTTY) printStatus(`engine: ${due} MB are unpacked`);
    else stderr.write(`${shown === 0 ? "engine: MB unpacked so far:" : ""} ${due}`);
    shown = due;
  }, LOOK_MS);
  return () => {
    clearInterval(timer);
    if (stderr.isTTY && shown > 0) stderr.write("\n");
  };
}
