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
  ANTHROPIC_MODEL: "the name of its model",
  ANTHROPIC_BASE_URL: "its server, where that is another one",
  GEMINI_API_KEY: "ask Gemini",
  GEMINI_MODEL: "the name of its model",
  GOOGLE_GEMINI_BASE_URL: "its server, where that is another one",
  PROVIDER: "ask openai, claude or gemini alone",
});

/** Anthropic's official client: with a key the real one, else it asks the offline model. */
export const claude = new Anthropic({
  apiKey: ANTHROPIC_API_KEY || "none",
  logLevel: "off",
  ...(ANTHROPIC_API_KEY ? {} : { baseURL: OFFLINE_URL, fetch: fetchOffline }),
});
export const claudeModel = ANTHROPIC_MODEL || "claude-haiku-5-5";

const Candidates = z.union([
  z.object({ candidates: z.array(z.looseObject({})).min(1) }),
  // Where the question itself is blocked, there is no candidate.
  z.object({ promptFeedback: z.looseObject({}) }),
]);

/** Looks at a body before Google's SDK does, which fails on a null in it. */
const fetchGemini: typeof fetch = async (url, init) => {
  const response = await (GEMINI_API_KEY ? fetch : fetchOffline)(url, init);
  if (!response.ok) return response;
  const text = await response.text();
  expectShape("a list of candidates", Candidates, readBody(text));
  return new Response(text, response);
};

/** Google's official client: with a key the real one, else it asks the offline model. */
export const gemini = new GoogleGenAI({
  apiKey: GEMINI_API_KEY || "none",
  httpOptions: { fetch: fetchGemini, ...(GEMINI_API_KEY ? {} : { baseUrl: OFFLINE_URL }) },
});
export const geminiModel = GEMINI_MODEL || "gemini-3.8-flash";

const OFFLINE =
  "offline (set OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY to ask a real one)";

/** The model that answers for each provider: a real one, or the offline one where there is no key. */
const models = {
  openai: offline ? OFFLINE : `${model} (${client.baseURL})`,
  claude: ANTHROPIC_API_KEY ? `${claudeModel} (claude)` : OFFLINE,
  gemini: GEMINI_API_KEY ? `${geminiModel} (gemini)` : OFFLINE,
};
const PROVIDERS = ["openai", "claude", "gemini"] as const;

/**
 * The names of the providers to ask: PROVIDER, else those whose key is set, else all.
 *
 * @throws an error that names those there are, if PROVIDER is none of them
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
