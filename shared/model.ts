import { existsSync } from "node:fs";
import OpenAI from "openai";

const dotEnv = new URL("../.env", import.meta.url);
if (existsSync(dotEnv)) process.loadEnvFile(dotEnv);

const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseURL, OPENAI_MODEL: name } = process.env;
const OFFLINE_URL = "http://offline/v1";

/** True where neither a key nor a base URL is set, so that the offline model answers. */
export const offline = !apiKey && !baseURL;

/** The name of the model that answers. */
export const model = offline ? "offline" : name || "gpt-5.4-mini";

async function startOfflineModel(): Promise<string> {
  const { serveOfflineModel } = await import("./offline/server.ts");
  return serveOfflineModel(0, false);
}

// Not awaited here: the program goes on, and may start its threads, while the model gets ready.
const started = offline ? startOfflineModel() : undefined;

const fetchOffline: typeof fetch = async (url, init) => {
  return fetch(String(url).replace(OFFLINE_URL, String(await started)), init);
};

/** The official client, aimed at whichever model answers: a real one, or the offline one. */
export const client = new OpenAI({
  apiKey: apiKey || "none",
  baseURL: offline ? OFFLINE_URL : baseURL || null,
  fetch: offline ? fetchOffline : undefined,
});
