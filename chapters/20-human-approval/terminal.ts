// Asks on the terminal that the program runs in.
import { randomInt } from "node:crypto";
import { createInterface } from "node:readline";
import { messageOf } from "../../mock-tools/plain.ts";
import { abridge } from "../../shared/shown.ts";
import type { Asked, Audience } from "./audience.ts";
import { type Resolution, resolve, sayResolved } from "./exchange.ts";

type Streams = { readonly input: NodeJS.ReadableStream; readonly output: NodeJS.WritableStream };

/** The number of a question, then yes or no, then a reason for a no. */
const ANSWER = /^(\d+)\s+(?:(y|yes)|no?(?:[\s,:]+(.*))?)$/i;

let questions = 0;

/** Two questions never have the same number, and nobody can guess and type a number before it is shown. */
function drawNumber(): string {
  return String(++questions * 1000 + randomInt(1000));
}

type Answer = { readonly number: string; readonly resolution: Resolution };

/** The answer in a typed line, or nothing if it is not clearly a yes or a no to one question. */
function readAnswer(typed: string): Answer | undefined {
  const [answer, number = "", yes, reason] = ANSWER.exec(typed.trim()) ?? [];
  if (answer === undefined) return undefined;
  if (yes) return { number, resolution: { said: "yes" } };
  return { number, resolution: reason ? { said: "no", reason } : { said: "no" } };
}

function tryToResolve(key: string, resolution: Resolution): string {
  try {
    return sayResolved(resolve(key, resolution));
  } catch (error) {
    return `it could not be resolved: ${messageOf(error)}`;
  }
}

/** Asks a person about each call while it is pending. The answers may come in any order. */
export function openTerminal(seconds: number, { input, output }: Streams): Audience {
  // The terminal itself turns Ctrl-C into a signal.
  const lines = createInterface({ input, output, terminal: false });
  const open = new Map<string, Asked>();
  const say = (line: string): void => {
    output.write(`${abridge(line)}\n`);
  };
  const read = (typed: string): string => {
    const answer = readAnswer(typed);
    const asked = answer && open.get(answer.number);
    // A line without a number could answer a question that appeared while it was typed.
    if (!asked) return "expected the number of a pending call, then yes or no";
    open.delete(answer.number);
    return tryToResolve(asked.key, answer.resolution);
  };
  const sayClosed = (): void =>
    say(
      "nothing more can be typed here; approve.ts, in another terminal, resolves what is pending",
    );
  lines.on("line", (typed) => say(read(typed))).once("close", sayClosed);
  return {
    seconds,
    hear(asked) {
      const number = drawNumber();
      open.set(number, asked);
      say(`${number}: ${asked.text}`);
      if (input.readable) say(`type ${number} yes, or ${number} no and a reason if you like`);
      asked.over.addEventListener("abort", () => {
        if (open.delete(number)) say(`no longer asked here: ${number} (${asked.over.reason})`);
      });
    },
    end() {
      lines.off("close", sayClosed);
      lines.close();
    },
  };
}
