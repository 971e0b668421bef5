// The realm in which this code runs: the program, or one of its threads. Each is a worker of the page.
import type { FromProgram, FromThread, PlainError, Start } from "./messages.ts";

declare global {
  /** Set by the script of the worker before any other code runs. */
  var start: Start;
}

/** Thrown by process.exit, so that no more of the program runs. */
export class Ended extends Error {}

let isEnded = false;

/** Sends a message to the realm above: from a thread to the program, from the program to the page. */
export function tell(message: FromProgram | FromThread): void {
  if (!isEnded) self.postMessage(message);
}

/** Ends this realm. The realm above hears the exit code, and nothing after it. */
export function end(code: number): never {
  tell({ type: "exit", code });
  isEnded = true;
  throw new Ended("the realm has ended");
}

/** An error as data that every browser can send. */
export function asPlain(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), stack: "" };
  const { name, message, stack = "", cause } = error;
  return { name, message, stack, ...(cause !== undefined && { cause }) };
}

/** The error that was sent as data. */
export function asError({ name, message, stack, cause }: PlainError): Error {
  const error = name === "SyntaxError" ? new SyntaxError(message) : new Error(message, { cause });
  return Object.assign(error, { stack }, name !== error.name && { name });
}
