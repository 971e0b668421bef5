// The setting that lets background tools run as ordinary calls.
import { addSettings } from "../../shared/settings.ts";

addSettings({ BACKGROUND: "off: a call runs to its end and starts no process" });

/** True unless BACKGROUND is off. Throws an error if it is neither on nor off. */
export function inBackground(): boolean {
  const setting = process.env.BACKGROUND || "on";
  if (setting === "on" || setting === "off") return setting === "on";
  throw new Error(`expected on or off in BACKGROUND, got ${setting}`);
}
