// Who is asked, and how: on this terminal, on another terminal, or by the script of the demo.
import type { Tool } from "../../mock-tools/tools.ts";
import { addSettings } from "../../shared/settings.ts";
import { print, printStatus } from "../../shared/print.ts";
import { abridge, describeCall, quote } from "../../shared/shown.ts";
import type { AskFirst } from "./approvals.ts";
import type { Asked, Audience } from "./audience.ts";
import { followScript, scenes } from "./script.ts";
import { openTerminal } from "./terminal.ts";
import { cancelAll, thisRun } from "./waits.ts";

const COMMAND = "npx tsx chapters/20-human-approval/approve.ts";
/** After a Ctrl-C, a batch without running calls has ended in this time. */
const PATIENCE_MS = 500;
const MAX_SECONDS = 86_400;

const STILL_RUNNING = "cancelled; waiting for the calls that run; Ctrl-C again ends the program";

addSettings({
  APPROVAL_SECONDS: "how many seconds a call may be pending, 60 by default",
  APPROVALS_DIR: "keep the pending calls in this folder, where other terminals find them",
});

/** The questions of the demo. */
export const questions: readonly string[] = scenes.map(({ question }) => question);

function readSeconds(): number {
  const given = process.env.APPROVAL_SECONDS || "60";
  const seconds = Number(given);
  if (seconds > 0 && seconds <= MAX_SECONDS) return seconds;
  throw new Error(
    `expected more than 0 and up to ${MAX_SECONDS} seconds in APPROVAL_SECONDS, got ${given}`,
  );
}

/** Says how a person in another terminal resolves a call. */
function announce({ key }: Asked): void {
  printStatus(
    `to resolve it: ${COMMAND} ${key} yes (or no "a reason"; the key alone shows all of it)`,
  );
}

/** A person in another terminal, who needs only the key. */
function elsewhere(seconds: number): Audience {
  return { seconds, hear: announce, end: () => undefined };
}

/** A person at the terminal of the program, or at another one. */
function here(seconds: number): Audience {
  const terminal = openTerminal(seconds, { input: process.stdin, output: process.stderr });
  const hear = (asked: Asked): void => {
    terminal.hear(asked);
    announce(asked);
  };
  return { ...terminal, hear };
}

function choose(question: string): Audience {
  const seconds = readSeconds();
  if (process.stdin.isTTY) return here(seconds);
  const scene = scenes.find((one) => one.question === question);
  return scene ? followScript(scene, announce) : elsewhere(seconds);
}

let audience = elsewhere(60);

/** Lets people decide about each call of a tool. The call is pending until they decide. */
export function askPeople({ name }: Tool): AskFirst {
  return (args, takeKey) => {
    const { to } = args;
    const text = describeCall(name, args);
    const { key, over } = takeKey({ text, seconds: audience.seconds });
    print(`Waiting for approval: ${name} to ${abridge(quote(to))}`);
    audience.hear({ text, to, key, over });
    return "pending";
  };
}

type Agent = (question: string) => Promise<string>;

/**
 * Makes an agent that asks people about its calls. Ctrl-C cancels the pending calls; if no call is
 * pending, it ends the program.
 */
export function withPeople(ask: Agent) {
  return async (question: string, interrupted: AbortSignal): Promise<string> => {
    thisRun();
    audience = choose(question);
    let hint: NodeJS.Timeout | undefined;
    const cancel = (): void => {
      if (!cancelAll()) process.exit(130);
      hint = setTimeout(printStatus, PATIENCE_MS, STILL_RUNNING);
    };
    interrupted.addEventListener("abort", cancel);
    try {
      return await ask(question);
    } finally {
      interrupted.removeEventListener("abort", cancel);
      clearTimeout(hint);
      audience.end();
    }
  };
}
