// Whether tools of the background start processes.
import { addSettings } from "../../shared/cli.ts";
import { printStatus } from "../../shared/print.ts";

addSettings({ BACKGROUND: "off, to let a call that would start a process run to its end" });

function readSetting(setting: string): boolean {
  if (setting === "on" || setting === "off") return setting === "on";
  printStatus(`error: expected on or off in BACKGROUND, got ${setting}`);
  process.exit(1);
}

/** True unless BACKGROUND is off. */
export const background = readSetting(process.env.BACKGROUND || "on");
