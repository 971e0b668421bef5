// What the page, the program and its threads tell each other. They are three realms without shared variables.
import type { CallNote } from "../../mock-tools/notes.ts";
import type { Task } from "../../mock-tools/worker.ts";

/** A change of a file. Every realm keeps a copy of all files, and hears of each change. */
export type FileChange = {
  readonly type: "file";
  readonly how: "append" | "write" | "remove";
  readonly path: string;
  readonly text: string;
};

type Print = {
  readonly type: "print";
  readonly stream: "stdout" | "stderr";
  readonly text: string;
};
type Note = { readonly type: "note"; readonly note: CallNote };
type Exit = { readonly type: "exit"; readonly code: number };

/** An error, with the fields that a program reads. Not every browser hands them over. */
export type PlainError = {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly cause?: unknown;
};

/** How a realm begins. */
export type Start = {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly files: readonly (readonly [path: string, text: string])[];
  /** The number of the thread; 0 is the program. */
  readonly thread: number;
  /** The script of a thread. A program may only start workers from what it has made itself. */
  readonly threadCode: string;
  /** The values of the chapter's numbers that the reader has changed, by their names. */
  readonly knobs: Readonly<Record<string, number>>;
};

/** A request to the model, and the reply when it has come. The times are milliseconds since 1970. */
export type Exchange = {
  readonly type: "exchange";
  readonly number: number;
  readonly path: string;
  readonly request: unknown;
  readonly start: number;
  readonly end?: number;
  /** The body of the reply; a streamed one has events instead. */
  readonly reply?: unknown;
  readonly events?: { readonly at: number; readonly data: unknown }[];
};

/** From the program to the page. */
export type FromProgram =
  | Print
  | Note
  | Exit
  | FileChange
  | Exchange
  | { readonly type: "gone"; readonly thread: number; readonly at: number };

/** From the page to the program. */
export type ToProgram = { readonly type: "signal"; readonly name: "SIGINT" };

/** From a thread to the program. */
export type FromThread =
  | Print
  | Note
  | Exit
  | FileChange
  | { readonly type: "ready" }
  | { readonly type: "result"; readonly id: number; readonly result: unknown }
  | { readonly type: "failure"; readonly id: number; readonly error: PlainError }
  | { readonly type: "death"; readonly error: PlainError };

/** From the program to a thread. */
export type ToThread =
  | FileChange
  | { readonly type: "task"; readonly id: number; readonly task: Task };
