// What a provider's file is given and gives back. main.ts has the same shapes; the compiler checks
// that they fit.
import type { Tool } from "../../mock-tools/tools.ts";

/** What a reply may hold. */
export type Output =
  | { readonly type: "message"; readonly text: string }
  | {
      readonly type: "function_call";
      readonly id: string;
      readonly name: string;
      readonly arguments: string;
    };

type Failure = { readonly class: string; readonly code: string; readonly message: string };

/** What became of a call. */
export type Outcome =
  | { readonly type: "success"; readonly id: string; readonly result: unknown }
  | { readonly type: "failure"; readonly id: string; readonly error: Failure };

/** What every provider gets for one conversation. Each also has knobs of its own. */
export type Setting = {
  readonly question: string;
  readonly prompt: string;
  readonly tools: readonly Tool[];
};

/** One conversation with one provider, which keeps its history in that provider's own form. */
export type Conversation = {
  /** Sends a request; returns the messages and calls of the reply in their order. */
  ask(): Promise<Output[]>;
  /** Takes the outcomes of all calls of the last reply, in the order asked, into the next request. */
  answer(outcomes: readonly Outcome[]): void;
};
