// What the scripted person does about the demo's e-mails, if there is no terminal to ask in.
import { print } from "../../shared/print.ts";
import type { Asked, Audience } from "./audience.ts";
import { type Resolution, resolve, sayResolved } from "./exchange.ts";

type Act = Resolution & {
  /** The recipient of the e-mail. */
  readonly to: string;
  /** What is special about this attempt. */
  readonly how?: "with a forged key" | "too late";
};
/** A question of the demo, the seconds to resolve its calls, and what the person does. */
export type Scene = {
  readonly question: string;
  readonly seconds: number;
  readonly acts: readonly Act[];
};

export const scenes: readonly Scene[] = [
  {
    question: 'Send an email to bob@example.com saying "Lunch at noon?".',
    seconds: 60,
    acts: [
      { to: "bob@example.com", said: "yes", how: "with a forged key" },
      { to: "bob@example.com", said: "yes" },
      { to: "bob@example.com", said: "no", reason: "I have changed my mind" },
    ],
  },
  {
    question:
      'How is the weather in LA? Send an email to bob@example.com saying "See you." and one to eve@example.com saying "The door code is 1234."',
    seconds: 60,
    acts: [
      { to: "eve@example.com", said: "no", reason: "Eve has left the company" },
      { to: "bob@example.com", said: "yes" },
    ],
  },
  {
    question: 'Send an email to carol@example.com saying "Are you there?".',
    seconds: 1,
    acts: [{ to: "carol@example.com", said: "yes", how: "too late" }],
  },
];

/** The same key with another last letter. */
function forge(key: string): string {
  return key.slice(0, -1) + (key.endsWith("A") ? "E" : "A");
}

function perform({ to, said, reason, how }: Act, key: string): void {
  const resolution = reason === undefined ? { said } : { said, reason };
  const resolved = resolve(how === "with a forged key" ? forge(key) : key, resolution);
  const does = said === "yes" ? "approves" : "denies";
  const words = ["Somebody", does, "the e-mail to", to, ...(how ? [how] : [])];
  print(`${words.join(" ")}: ${sayResolved(resolved)}`);
}

/**
 * Makes a person who follows the script: acts as soon as a batch has been asked about, or too late.
 * Calls that are not in the script are announced to others.
 */
export function followScript({ seconds, acts }: Scene, tellOthers: Audience["hear"]): Audience {
  const heard: Asked[] = [];
  let fresh: Asked[] = [];
  const performAll = (calls: readonly Asked[], isLate: boolean): void => {
    for (const act of acts.filter(({ how }) => (how === "too late") === isLate)) {
      for (const { key } of calls.filter(({ to }) => to === act.to)) perform(act, key);
    }
  };
  return {
    seconds,
    hear(asked) {
      heard.push(asked);
      if (!acts.some(({ to }) => to === asked.to)) tellOthers(asked);
      if (fresh.push(asked) > 1) return;
      setImmediate(() => {
        performAll(fresh, false);
        fresh = [];
      });
    },
    end: () => performAll(heard, true),
  };
}
