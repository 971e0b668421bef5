import { readFileSync, realpathSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { readMailbox } from "../mock-tools/mailbox.ts";
import { client, model, offline } from "./model.ts";
import { endTyping, printAnswer, printQuestion } from "./print.ts";

const HELP = `

With no question, the chapter asks its own. To ask yours:  npx tsx FILE "a question"

  OPENAI_API_KEY             ask a real model instead of the offline one
  OPENAI_BASE_URL            the server that has it, for example http://localhost:11434/v1
  OPENAI_MODEL               its name
  ANTHROPIC_API_KEY          ask Claude, in the chapter on providers; likewise GEMINI_API_KEY
  PROVIDER                   ask openai, claude or gemini alone there
  OFFLINE_LATENCY_MS         let the offline model think for so long before each reply
  OFFLINE_TOKENS_PER_SECOND  the pace at which it streams
  MAILBOX_FILE               keep the e-mails in this file
  TRACE_FILE                 write a trace to this file, in the chapters that trace
  NO_COLOR                   print without colour

All of them may also stand in a file called .env.`;

/** True in the file that was started, false where it is imported. */
export function isEntry(url: string): boolean {
  const [, started] = process.argv;
  return started !== undefined && pathToFileURL(realpathSync(started)).href === url;
}

function printHelp(): void {
  const [, file = ""] = process.argv;
  const [title, claim, , command = ""] = readFileSync(file, "utf8").split("\n");
  const head = [title, claim].map((line) => line?.replace(/^\/\/ ?/, "")).join("\n");
  console.log(head + HELP.replace("FILE", command.replace(/^.* /, "")));
}

/** All that an error and its causes have to say, on one line. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error instanceof AggregateError ? error.errors[0] : error.cause;
  const text = error.message.replace(/\.?\s*$/, "").replace(/\s+/g, " ");
  return [text, ...(inner ? [describe(inner)] : [])].filter((part) => part !== "").join(": ");
}

type Agent = (question: string, interrupted: AbortSignal) => Promise<string>;

/** Ctrl-C ends the program or, the first time, tells an agent that wants to hear of it. */
function listenForCtrlC(runAgent: Agent): AbortSignal {
  const interrupt = new AbortController();
  process.on("SIGTERM", () => process.exit(143));
  process.on("SIGINT", () => {
    if (runAgent.length < 2 || interrupt.signal.aborted) process.exit(130);
    interrupt.abort();
  });
  return interrupt.signal;
}

async function ask(runAgent: Agent, question: string, interrupted: AbortSignal): Promise<void> {
  const mails = readMailbox().length;
  printQuestion(question);
  printAnswer(await runAgent(question, interrupted));
  const mailbox = readMailbox();
  if (mailbox.length > mails) console.log(`\nMail box:\n${JSON.stringify(mailbox, null, 2)}`);
}

/**
 * Asks the question on the command line or else the demo's, one after the other, and prints them
 * with their answers. An error becomes one line on stderr and exit code 1; it never rejects.
 * An agent with a second parameter gets a signal there, and Ctrl-C aborts it before it ends anything.
 */
export async function runQuestions(runAgent: Agent, demo: readonly string[]): Promise<void> {
  const interrupted = listenForCtrlC(runAgent);
  try {
    const { values, positionals } = parseArgs({ strict: false, allowPositionals: true });
    if (values.help || values.h) return printHelp();
    const [unknown] = Object.keys(values);
    if (unknown) throw new Error(`expected a question or --help, got the option ${unknown}`);
    const own = positionals.join(" ").trim();
    if (positionals.length > 0 && own === "")
      throw new Error("expected a question, got an empty one");
    const where = offline ? "set OPENAI_API_KEY to ask a real one" : client.baseURL;
    console.error(`model: ${model} (${where})`);
    for (const [index, question] of (own ? [own] : demo).entries()) {
      if (index > 0) console.log();
      await ask(runAgent, question, interrupted);
      if (interrupted.aborted) break;
    }
  } catch (error) {
    endTyping();
    console.error(`error: ${describe(error)}`);
    process.exitCode = 1;
  }
}
