// What every request must pass, whether it comes through a socket or not.
import { adaptGemini } from "./gemini.ts";
import { parseJson } from "./json.ts";
import { findMistake, findTooMuch } from "./mistakes.ts";
import type { Refusal, Wire } from "./refusal.ts";
import { refuseClaude } from "./rules.ts";
import { refuseStored } from "./stored.ts";

/** The largest body that aimock reads. It is more than any model's context window holds. */
const CONTEXT_WINDOW = 10 * 1024 * 1024;
const TOO_LONG: Refusal = {
  status: 400,
  message: "Your input exceeds the context window of this model.",
  code: "context_length_exceeded",
};

/** A request that gets a reply: its parsed body, and the bytes of it that aimock reads. */
export type Admitted = { readonly json: unknown; readonly bytes: Uint8Array };

function refuse(wire: Wire, json: unknown): Refusal | undefined {
  const mistake = findMistake(wire, json);
  if (mistake) return mistake;
  if (wire === "claude") return refuseClaude(json);
  return wire === "responses" ? refuseStored(json) : undefined;
}

/** Takes the text of a body. Returns it for aimock, or the refusal of the real API. */
export function admit(wire: Wire, text: string): Admitted | Refusal {
  const tooMuch = findTooMuch(text);
  if (tooMuch) return tooMuch;
  const json = parseJson(text);
  const refused = refuse(wire, json);
  if (refused) return refused;
  const bytes = new TextEncoder().encode(JSON.stringify(adaptGemini(json)));
  return bytes.length > CONTEXT_WINDOW ? TOO_LONG : { json, bytes };
}
