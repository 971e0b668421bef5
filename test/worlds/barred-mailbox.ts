import type { Mail } from "../../mock-tools/mailbox.ts";

/** A mailbox that reports each e-mail to a barrier, and keeps none. */
export async function deliver({ message }: Mail): Promise<string> {
  await fetch(process.env.BARRIER_URL + message);
  return "message sent";
}

export function readMailbox(): Mail[] {
  return [];
}
