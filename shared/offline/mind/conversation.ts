/** A tool in the request: its name, its description, and its whole definition as JSON. */
export type Offer = {
  readonly name: string;
  readonly description: string;
  readonly about: string;
};

/** A call that the model will ask for: the tool's name and the arguments. */
export type Call = { readonly name: string; readonly args: Readonly<Record<string, unknown>> };

/** A call that the model has asked for since the question, and the result that came back. */
export type Exchange = Call & { readonly result: unknown };

/** An earlier question, and whether a call for it sent an e-mail. */
export type Earlier = { readonly question: string; readonly hasMailed: boolean };

/** All that the offline model knows when it replies. */
export type Conversation = {
  readonly question: string;
  /** The earlier questions that were answered, the latest last. */
  readonly earlier?: readonly Earlier[];
  readonly tools: readonly Offer[];
  readonly exchanges: readonly Exchange[];
  /** True if the system prompt says that an argument may refer to the result of another call. */
  readonly references?: boolean;
  /** True if the reply cannot hold a call. */
  readonly textOnly?: boolean;
  /** True if the program has said that it could not read the last reply. */
  readonly refused?: boolean;
};

/** Takes the tools on offer and a name, returns true if one of them has that name. */
export function isOffered(tools: readonly Offer[], name: string): boolean {
  return tools.some((tool) => tool.name === name);
}
