import type { Mail } from "../../mock-tools/mailbox.ts";
import { forecast } from "../../mock-tools/weather.ts";

/** A mailbox that does with the text of an e-mail what the weather tool does with a place. */
export function deliver({ message }: Mail): unknown {
  return forecast({ location: message });
}

export function readMailbox(): Mail[] {
  return [];
}
