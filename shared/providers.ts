import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import { model, offline } from "./model.ts";
import { fetchOffline, OFFLINE_URL } from "./offline/wire/client.ts";

const { ANTHROPIC_API_KEY, ANTHROPIC_MODEL, GEMINI_API_KEY, GEMINI_MODEL, PROVIDER } = process.env;

/** Anthropic's official client: with a key the real one, else it asks the offline model. */
export const claude = new Anthropic({
  apiKey: ANTHROPIC_API_KEY || "none",
  ...(ANTHROPIC_API_KEY ? {} : { baseURL: OFFLINE_URL, fetch: fetchOffline }),
});
export const claudeModel = ANTHROPIC_MODEL || "claude-haiku-5-5";

/** Google's official client: with a key the real one, else it asks the offline model. */
export const gemini = new GoogleGenAI({
  apiKey: GEMINI_API_KEY || "none",
  ...(GEMINI_API_KEY ? {} : { httpOptions: { baseUrl: OFFLINE_URL, fetch: fetchOffline } }),
});
export const geminiModel = GEMINI_MODEL || "gemini-3.8-flash";

/**
 * The names of the providers to ask, of those given: PROVIDER, else those whose key is set, else all.
 * Says on stderr which models of Anthropic's and Google's are real ones.
 *
 * @throws an error that names those there are, if PROVIDER is none of them
 */
export function chooseProviders<Name extends string>(names: readonly Name[]): readonly Name[] {
  const named = names.filter((name) => name === PROVIDER);
  if (PROVIDER && named.length === 0) {
    throw new Error(`expected ${names.join(", ")} or nothing in PROVIDER, got ${PROVIDER}`);
  }
  const real = new Map<string, string | undefined>([
    ["openai", offline ? undefined : model],
    ["claude", ANTHROPIC_API_KEY && claudeModel],
    ["gemini", GEMINI_API_KEY && geminiModel],
  ]);
  const withKey = names.filter((name) => real.get(name));
  const chosen = PROVIDER ? named : withKey.length > 0 ? withKey : names;
  for (const name of chosen) {
    if (name !== "openai" && real.get(name)) console.error(`model: ${real.get(name)} (${name})`);
  }
  return chosen;
}
