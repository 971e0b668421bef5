// The settings that --help lists. What only some chapters use is added by the files that only they load.

/** What --help says of the environment, in its order. */
export const settings = new Map([
  ["OPENAI_API_KEY", "ask a real model instead of the offline one"],
  ["OPENAI_BASE_URL", "the model's server, for example http://localhost:11434/v1"],
  ["OPENAI_MODEL", "the model's name"],
  ["OFFLINE_LATENCY_MS", "let the offline model think for so long before each reply"],
  ["MAILBOX_FILE", "keep the e-mails in this file"],
  ["WORLD_DIR", "keep all that the tools remember in this folder"],
  ["NO_COLOR", "print without colour"],
  ["--timeline", "draw when each call ran, as in a terminal"],
  ["TIMELINE_FILE", "keep that in this file instead, as JSON"],
  ["COLUMNS", "how wide that is, where there is no terminal"],
]);

/** Adds settings to what --help says: their names and meanings. */
export function addSettings(own: Readonly<Record<string, string>>): void {
  for (const [name, meaning] of Object.entries(own)) settings.set(name, meaning);
}
