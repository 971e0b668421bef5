// The budget of this run, from the environment or the default.
import { addSettings } from "../../shared/settings.ts";
import type { Budget } from "./cut.ts";

const MAX_OUTPUT_BYTES = 2_000;
const MAX_OUTPUT_LINES = 40;
/** Fewer would do, down to the 4 bytes of a code point, but then each request would read almost nothing. */
const LEAST_BYTES = 100;

addSettings({
  MAX_OUTPUT_BYTES: `how many bytes of an output the model sees at once, ${MAX_OUTPUT_BYTES} if unset`,
  MAX_OUTPUT_LINES: `how many lines of an output the model sees at once, ${MAX_OUTPUT_LINES} if unset`,
});

/** A setting or its default. Throws an error if it is not a whole number from `least` up. */
function readNumber(name: string, usual: number, least: number): number {
  const text = process.env[name] || String(usual);
  if (/^[1-9]\d{0,8}$/.test(text) && Number(text) >= least) return Number(text);
  throw new Error(`expected a whole number from ${least} to 999999999 in ${name}, got ${text}`);
}

/** The budget from the settings. Throws an error for a wrong setting. */
export function readBudget(): Budget {
  return {
    bytes: readNumber("MAX_OUTPUT_BYTES", MAX_OUTPUT_BYTES, LEAST_BYTES),
    lines: readNumber("MAX_OUTPUT_LINES", MAX_OUTPUT_LINES, 1),
  };
}
