/** A tool in the request: its name, what it says of itself, and, as JSON, all that was said of it. */
export type Offer = {
  readonly name: string;
  readonly description: string;
  readonly about: string;
};

/** A tool that is to run, and the arguments it is to run with. */
export type Call = { readonly name: string; readonly args: Readonly<Record<string, unknown>> };

/** A call that the model has asked for since the question, and the result that came back. */
export type Exchange = Call & { readonly result: unknown };

/** A question before the last one, and whether a call was made for it that sends an e-mail. */
export type Earlier = { readonly question: string; readonly hasMailed: boolean };

/** All that the offline model knows when it replies. */
export type Conversation = {
  readonly question: string;
  /** The questions before it that were answered, the nearest last. */
  readonly earlier?: readonly Earlier[];
  readonly tools: readonly Offer[];
  readonly exchanges: readonly Exchange[];
  /** The system prompt says that an argument may refer to the result of another call. */
  readonly references?: boolean;
  /** The reply has no place for a call. */
  readonly textOnly?: boolean;
  /** The program could not read the last reply, and has said so. */
  readonly refused?: boolean;
};

/** Takes the tools on offer and a name, returns whether there is a tool of that name among them. */
export function isOffered(tools: readonly Offer[], name: string): boolean {
  return tools.some((tool) => tool.name === name);
}
