// Models behind the APIs of chapter 16. Like the real ones, they refuse what does not fit.
import {
  type BlocksReply,
  type PartsReply,
  serveGenerate,
  serveMessages,
} from "../../test/support/providers.ts";

/** A model behind Claude's API that sends these replies; `env` leads the program to it. */
export async function serveClaude(replies: readonly BlocksReply[]) {
  const api = await serveMessages((_request, index) => replies[index] ?? []);
  const env = { PROVIDER: "claude", ANTHROPIC_API_KEY: "a key", ANTHROPIC_BASE_URL: api.url };
  return { ...api, env };
}

/** A model behind Gemini's API that sends these replies; `env` leads the program to it. */
export async function serveGemini(replies: readonly PartsReply[]) {
  const api = await serveGenerate((_request, index) => replies[index] ?? []);
  const env = { PROVIDER: "gemini", GEMINI_API_KEY: "a key", GOOGLE_GEMINI_BASE_URL: api.url };
  return { ...api, env };
}
