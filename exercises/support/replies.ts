// What a scripted model replies. Each chapter's form of it is made in talk.ts.

/** A call that the model asks for. */
export type Call = { readonly id: string; readonly name: string; readonly arguments: string };

/** A reply: some calls, a message, or a text that is sent as it is. */
export type Reply = {
  readonly calls?: readonly Call[];
  readonly text?: string;
  /** What the model thought before. Only from chapter 14 on. */
  readonly thought?: string;
  /** What else stands in the reply's JSON, such as a mode. */
  readonly more?: object;
  /** The whole text of the reply, instead of all others. */
  readonly raw?: string;
  /** True if the stream of the reply ends before its last event. */
  readonly breaks?: boolean;
};

/** A call. Its arguments may be a text that is not JSON. */
export function call(id: string, name: string, args: object | string = {}): Call {
  return { id, name, arguments: typeof args === "string" ? args : JSON.stringify(args) };
}

/** A call of get_weather. Its id is the place, unless another is given. */
export function weather(location: string, id = location): Call {
  return call(id, "get_weather", { location });
}

/** A call of send_email. Its id is the address, unless another is given. */
export function email(to: string, message = "hello", id = to): Call {
  return call(id, "send_email", { from: "weather-bot@example.com", to, message });
}

/** A reply that asks for calls. */
export function asking(...calls: readonly Call[]): Reply {
  return { calls };
}

/** A reply that answers. */
export function saying(text: string): Reply {
  return { text };
}

/**
 * Counts how often a chapter asks its question, since chapters 07 and 08 ask it with two runners.
 *
 * @param replies the model's replies in each of these runs
 */
export function countRuns(replies: readonly Reply[]) {
  const counted = {
    /** The run that is under way: 1 is the first, with the serial runner. */
    run: 0,
    replies(step: number): Reply {
      if (step === 0) counted.run++;
      return replies[step] ?? saying("done");
    },
  };
  return counted;
}
