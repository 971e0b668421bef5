import OpenAI from "openai";
import { readDotEnv } from "./dot-env.ts";
import { fetchOffline, OFFLINE_URL, startOfflineModel } from "./offline/wire/client.ts";
import { printStatus } from "./print.ts";

readDotEnv();

const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseURL, OPENAI_MODEL: name } = process.env;

/** True if neither a key nor a base URL is set. Then the offline model answers. */
export const offline = !apiKey && !baseURL;

/** The name of the model that answers. */
export const model = offline ? "offline" : name || "gpt-5.4-mini";

function readProtocol(name: string): "responses" | "chat" {
  if (name === "responses" || name === "chat") return name;
  printStatus(`error: expected responses or chat in OPENAI_PROTOCOL, got ${name}`);
  process.exit(1);
}

/** The protocol for chapters that know both: OpenAI's Responses, or Chat Completions. */
export const protocol = readProtocol(process.env.OPENAI_PROTOCOL || "responses");

// It starts in the background, so the program can start its threads meanwhile.
if (offline) startOfflineModel();

/** The official client. It asks the real model or the offline model. */
export const client = new OpenAI({
  apiKey: apiKey || "none",
  baseURL: offline ? `${OFFLINE_URL}/v1` : baseURL || null,
  fetch: offline ? fetchOffline : undefined,
  // Its log would print text from a server unchecked.
  logLevel: "off",
});
