import type { Mail } from "../../mock-tools/mailbox.ts";

const mails: Mail[] = [];

/** A mailbox that is an array, as it would be in a program without threads. */
export function deliver(mail: Mail): string {
  mails.push(mail);
  return "message sent";
}

export function readMailbox(): Mail[] {
  return mails;
}
