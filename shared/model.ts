import { existsSync } from "node:fs";
import OpenAI from "openai";

const dotEnv = new URL("../.env", import.meta.url);
if (existsSync(dotEnv)) process.loadEnvFile(dotEnv);

const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseURL, OPENAI_MODEL: name } = process.env;

async function startOfflineModel(): Promise<string> {
  const { serveOfflineModel } = await import("./offline/server.ts");
  return serveOfflineModel(0, false);
}

/** True where neither a key nor a base URL is set, so that the offline model answers. */
export const offline = !apiKey && !baseURL;

/** The name of the model that answers. */
export const model = offline ? "offline" : name || "gpt-5.4-mini";

/** The official client, aimed at whichever model answers: a real one, or the offline one. */
export const client = new OpenAI({
  apiKey: apiKey || "none",
  baseURL: offline ? await startOfflineModel() : baseURL || null,
});
