// The budget of this run, which may be set in the environment.
import { addSettings } from "../../shared/cli.ts";
import { printStatus } from "../../shared/print.ts";
import type { Budget } from "./cut.ts";

const MAX_OUTPUT_BYTES = 2_000;
const MAX_OUTPUT_LINES = 40;

addSettings({
  MAX_OUTPUT_BYTES: `how much of an output the model sees at once, ${MAX_OUTPUT_BYTES} if unset`,
  MAX_OUTPUT_LINES: `the same in lines, ${MAX_OUTPUT_LINES} if unset`,
});

/** A setting, or what it is if unset. One that is no whole number from 1 up ends the program. */
function readNumber(name: string, usual: number): number {
  const text = process.env[name] || String(usual);
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  printStatus(`error: expected a whole number from 1 to 999999999 in ${name}, got ${text}`);
  process.exit(1);
}

export const budget: Budget = {
  bytes: readNumber("MAX_OUTPUT_BYTES", MAX_OUTPUT_BYTES),
  lines: readNumber("MAX_OUTPUT_LINES", MAX_OUTPUT_LINES),
};
