import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import { z } from "zod";
import { addSettings } from "../../shared/settings.ts";
import { client, model, offline } from "../../shared/model.ts";
import { fetchOffline, OFFLINE_URL } from "../../shared/offline/wire/client.ts";
import { expectShape, readBody } from "../../shared/shape.ts";

const { ANTHROPIC_API_KEY, ANTHROPIC_MODEL, GEMINI_API_KEY, GEMINI_MODEL, PROVIDER } = process.env;

addSettings({
  ANTHROPIC_API_KEY: "ask Claude",
  ANTHROPIC_MODEL: "the name of Claude's model",
  ANTHROPIC_BASE_URL: "another server for Claude",
  GEMINI_API_KEY: "ask Gemini",
  GEMINI_MODEL: "the name of Gemini's model",
  GOOGLE_GEMINI_BASE_URL: "another server for Gemini",
  PROVIDER: "openai, claude or gemini: ask only this one",
});

/** Anthropic's official client. Without a key, it asks the offline model. */
export const claude = new Anthropic({
  apiKey: ANTHROPIC_API_KEY || "none",
  logLevel: "off",
  ...(ANTHROPIC_API_KEY ? {} : { baseURL: OFFLINE_URL, fetch: fetchOffline }),
});
export const claudeModel = ANTHROPIC_MODEL || "claude-haiku-5-5";

const Candidates = z.union([
  z.object({ candidates: z.array(z.looseObject({})).min(1) }),
  // If the question itself is blocked, there is no candidate.
  z.object({ promptFeedback: z.looseObject({}) }),
]);

/** Checks a body before Google's SDK reads it, because the SDK fails on a null. */
const fetchGemini: typeof fetch = async (url, init) => {
  const response = await (GEMINI_API_KEY ? fetch : fetchOffline)(url, init);
  if (!response.ok) return response;
  const text = await response.text();
  expectShape("a list of candidates", Candidates, readBody(text));
  return new Response(text, response);
};

/** Google's official client. Without a key, it asks the offline model. */
export const gemini = new GoogleGenAI({
  apiKey: GEMINI_API_KEY || "none",
  httpOptions: { fetch: fetchGemini, ...(GEMINI_API_KEY ? {} : { baseUrl: OFFLINE_URL }) },
});
export const geminiModel = GEMINI_MODEL || "gemini-3.8-flash";

const OFFLINE =
  "offline (set OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY to ask a real one)";

/** The model that answers for each provider: a real one, or the offline model if there is no key. */
const models = {
  openai: offline ? OFFLINE : `${model} (${client.baseURL})`,
  claude: ANTHROPIC_API_KEY ? `${claudeModel} (claude)` : OFFLINE,
  gemini: GEMINI_API_KEY ? `${geminiModel} (gemini)` : OFFLINE,
};
const PROVIDERS = ["openai", "claude", "gemini"] as const;

/**
 * The names of the providers to ask: PROVIDER if it is set, otherwise those that are set up, otherwise all.
 *
 * @throws an error that lists the known providers, if PROVIDER is not one of them
 */
export function chooseProviders(): readonly (keyof typeof models)[] {
  const named = PROVIDERS.filter((name) => name === PROVIDER);
  if (PROVIDER && named.length === 0) {
    throw new Error(`expected ${PROVIDERS.join(", ")} or nothing in PROVIDER, got ${PROVIDER}`);
  }
  if (PROVIDER) return named;
  const withKey = PROVIDERS.filter((name) => models[name] !== OFFLINE);
  return withKey.length > 0 ? withKey : PROVIDERS;
}

/** The models that will answer, each once, for the line on stderr. */
export function nameModels(): readonly string[] {
  return [...new Set(chooseProviders().map((name) => models[name]))];
}
