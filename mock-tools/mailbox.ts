// The mailbox: a file of one JSON mail a line, since threads and processes share no variables.
import { appendFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Mail = { readonly from: string; readonly to: string; readonly message: string };

/** MAILBOX_FILE, or a file of this run's own that vanishes with it and that its threads inherit. */
function openMailbox(): string {
  if (process.env.MAILBOX_FILE) return process.env.MAILBOX_FILE;
  const file = join(tmpdir(), `mailbox-${crypto.randomUUID()}.jsonl`);
  process.env.MAILBOX_FILE = file;
  process.on("exit", () => rmSync(file, { force: true }));
  return file;
}

const file = openMailbox();

/** Appends one mail, whole or not at all; returns "message sent". */
export function deliver({ from, to, message }: Mail): string {
  appendFileSync(file, `${JSON.stringify({ from, to, message })}\n`);
  return "message sent";
}

/** Every mail that was sent, oldest first. */
export function readMailbox(): Mail[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
}
