// Whether tools of the background start processes.
import { addSettings } from "../../shared/settings.ts";

addSettings({ BACKGROUND: "off, to let a call that would start a process run to its end" });

/** True unless BACKGROUND is off. Throws an error if it is neither that nor on. */
export function inBackground(): boolean {
  const setting = process.env.BACKGROUND || "on";
  if (setting === "on" || setting === "off") return setting === "on";
  throw new Error(`expected on or off in BACKGROUND, got ${setting}`);
}
