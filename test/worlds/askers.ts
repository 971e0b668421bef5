// Replaces the people of chapter 20. The address of an e-mail decides which odd thing they do.
import type { AskFirst, TakeKey } from "../../chapters/20-human-approval/approvals.ts";
import { type Resolution, resolve } from "../../chapters/20-human-approval/exchange.ts";
import { cancelAll } from "../../chapters/20-human-approval/waits.ts";

export const questions: readonly string[] = [];

/** The chapter's agent, without interrupts. */
export function withPeople<Agent>(agent: Agent): Agent {
  return agent;
}

/** The keys that were taken, by the address. */
export const keys = new Map<string, string>();
const held: string[] = [];

/** Says yes to all held e-mails, and returns their number. */
export function letGo(): number {
  const open = held.splice(0);
  for (const key of open) resolve(key, { said: "yes" });
  return open.length;
}

type Said = ReturnType<AskFirst>;
type Take = () => string;

function soon(key: string, ...resolutions: Resolution[]): "pending" {
  setImmediate(() => {
    for (const resolution of resolutions) resolve(key, resolution);
  });
  return "pending";
}

async function takeLater(take: Take): Promise<"pending"> {
  await new Promise((done) => setImmediate(done));
  return soon(take(), { said: "yes" });
}

function takeAndThrow(take: Take): never {
  take();
  throw { toString: 1 };
}

const acts = new Map<string, (take: Take) => Said>([
  ["forgetful", () => "pending"],
  [
    "throws",
    () => {
      throw "a string";
    },
  ],
  ["takes a key and throws", takeAndThrow],
  [
    "takes a key and says nothing",
    (take) => {
      take();
      return undefined;
    },
  ],
  ["says nothing", () => undefined],
  [
    "resolves first",
    (take) => {
      resolve(take(), { said: "yes" });
      return "pending";
    },
  ],
  ["takes the key later", takeLater],
  ["takes two keys", (take) => soon([take(), take()].toSorted()[1] ?? "", { said: "yes" })],
  ["yes, then no", (take) => soon(take(), { said: "yes" }, { said: "no", reason: "too late" })],
  ["no", (take) => soon(take(), { said: "no" })],
  ["no, with a reason", (take) => soon(take(), { said: "no", reason: "not today" })],
  ["nobody", (take) => soon(take())],
  ["never", (take) => soon(take())],
  [
    "held",
    (take) => {
      held.push(take());
      return "pending";
    },
  ],
  [
    "cancels all",
    (take) => {
      take();
      setImmediate(cancelAll);
      return "pending";
    },
  ],
]);

/** The seconds to answer: very many, unless the case is about nobody being there. */
function secondsFor(act: string): number {
  return act === "nobody" ? 0.05 : 600;
}

/** Each e-mail is approved soon, unless its address says otherwise. */
export function askPeople(): AskFirst {
  return ({ to }, takeKey: TakeKey) => {
    const [name = "", act = ""] = String(to).split(": ");
    const take = (): string => {
      const { key } = takeKey({ text: name, seconds: secondsFor(act) });
      keys.set(name, key);
      return key;
    };
    const found = acts.get(act);
    return found ? found(take) : soon(take(), { said: "yes" });
  };
}
