/** A call that somebody is asked about. */
export type Asked = {
  /** All of it, on one line. */
  readonly text: string;
  /** To whom the e-mail goes. */
  readonly to: unknown;
  readonly key: string;
  /** Aborted when the call is no longer pending. */
  readonly over: AbortSignal;
};

/** Who hears of the calls that are pending, and how many seconds they have for each of them. */
export type Audience = {
  readonly seconds: number;
  hear(asked: Asked): void;
  /** The question has been answered. */
  end(): void;
};
