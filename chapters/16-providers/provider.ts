// The seam between the loop and a provider: all that the loop needs, whatever the wire.
import type { Tool } from "../../mock-tools/tools.ts";
import type { ClaudeKnobs } from "./claude.ts";
import type { GeminiKnobs } from "./gemini.ts";

/** What a reply may hold. */
export type Output =
  | { readonly type: "message"; readonly text: string }
  | {
      readonly type: "function_call";
      readonly id: string;
      readonly name: string;
      readonly arguments: string;
    };

type Failure = {
  readonly class: "invalid_request" | "unavailable" | "execution" | "resource_limit" | "internal";
  readonly code: string;
  readonly message: string;
};

/** What became of a call. */
export type Outcome =
  | { readonly type: "success"; readonly id: string; readonly result: unknown }
  | { readonly type: "failure"; readonly id: string; readonly error: Failure };

/** What a provider is given for one conversation. */
export type Setting = {
  readonly question: string;
  readonly prompt: string;
  readonly tools: readonly Tool[];
  readonly config: { readonly claude?: ClaudeKnobs; readonly gemini?: GeminiKnobs };
};

/** One conversation with one provider, which keeps its history in that provider's own form. */
export type Conversation = {
  /** Sends a request; returns the messages and calls of the reply in their order. */
  ask(): Promise<Output[]>;
  /** Takes the outcomes of all calls of the last reply, in the order asked, into the next request. */
  answer(outcomes: readonly Outcome[]): void;
};
