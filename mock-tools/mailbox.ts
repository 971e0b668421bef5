// The mailbox: a file with one e-mail as JSON per line.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import type { RunContext } from "./context.ts";
import { worldFile } from "./world.ts";

export type Mail = { readonly from: string; readonly to: string; readonly message: string };
type Entry = Mail & { readonly key?: string };

const SLOW_LETTER_MS = 10;

function mailboxFile(): string {
  return process.env.MAILBOX_FILE || worldFile("mailbox.jsonl");
}

function readEntry(line: string): Entry {
  const entry: unknown = JSON.parse(line);
  const { from, to, message } = Object(entry);
  const isMail = [from, to, message].every((part) => typeof part === "string");
  if (!isMail) throw new Error(`expected an e-mail in each line of the mailbox, got ${line}`);
  return Object(entry);
}

function readEntries(): Entry[] {
  if (!existsSync(mailboxFile())) return [];
  const lines = readFileSync(mailboxFile(), "utf8").split("\n");
  return lines.filter((line) => line !== "").map(readEntry);
}

/**
 * Appends one mail, whole or not at all, and returns "message sent". A second mail under the same
 * idempotency key is not appended. Two servers cause trouble. slow.example takes 10 ms for each letter
 * of a message. lossy.example loses the acknowledgement of the first mail to an address: the mail is
 * appended, but deliver throws an error that allows a retry.
 */
export async function deliver(
  { from, to, message }: Mail,
  { key }: RunContext = {},
): Promise<string> {
  if (to.endsWith("@slow.example")) await wait(message.length * SLOW_LETTER_MS);
  if (key !== undefined && readEntries().some((entry) => entry.key === key)) return "message sent";
  appendFileSync(mailboxFile(), `${JSON.stringify({ from, to, message, key })}\n`);
  const sent = readEntries().filter((entry) => entry.to === to).length;
  if (to.endsWith("@lossy.example") && sent === 1) {
    throw new Error("the acknowledgement was lost", { cause: { retry: { after_ms: 10 } } });
  }
  return "message sent";
}

/** Every mail that was sent, oldest first. */
export function readMailbox(): Mail[] {
  return readEntries().map(({ from, to, message }) => ({ from, to, message }));
}
