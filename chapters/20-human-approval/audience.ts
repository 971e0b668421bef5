/** A call that a person is asked about. */
export type Asked = {
  /** The whole call, on one line. */
  readonly text: string;
  /** The e-mail's recipient. */
  readonly to: unknown;
  readonly key: string;
  /** Aborted when the call is no longer pending. */
  readonly over: AbortSignal;
};

/** The people who are asked about pending calls, and how many seconds they have for each. */
export type Audience = {
  readonly seconds: number;
  hear(asked: Asked): void;
  /** Called when the question has been answered. */
  end(): void;
};
