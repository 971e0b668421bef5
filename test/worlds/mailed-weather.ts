import type { Mail } from "../../mock-tools/mailbox.ts";
import { forecast } from "../../mock-tools/weather.ts";

/** A mailbox that treats the text of an e-mail as the weather tool treats a place. */
export function deliver({ message }: Mail): unknown {
  return forecast({ location: message });
}

export function readMailbox(): Mail[] {
  return [];
}
