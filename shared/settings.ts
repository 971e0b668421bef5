// The settings that --help lists. Settings of only some chapters are added by files that only those load.

/** The names and meanings of the settings, in the order of --help. */
export const settings = new Map([
  ["OPENAI_API_KEY", "ask a real model instead of the offline one"],
  ["OPENAI_BASE_URL", "the model's server, for example http://localhost:11434/v1"],
  ["OPENAI_MODEL", "the model's name"],
  ["OFFLINE_LATENCY_MS", "how long the offline model thinks before each reply"],
  ["MAILBOX_FILE", "keep the e-mails in this file"],
  ["WORLD_DIR", "keep all data of the tools in this folder"],
  ["NO_COLOR", "print without colour"],
  ["--timeline", "draw the timeline of the calls, as in a terminal"],
  ["TIMELINE_FILE", "write the timeline to this file instead, as JSON"],
  ["COLUMNS", "how wide the timeline is, without a terminal"],
]);

/** Adds settings to those that --help lists: their names and meanings. */
export function addSettings(own: Readonly<Record<string, string>>): void {
  for (const [name, meaning] of Object.entries(own)) settings.set(name, meaning);
}
