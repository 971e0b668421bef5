// The user directory. A look-up only waits, as with any service in a network.
import { setTimeout as wait } from "node:timers/promises";

const LATENCY_MS = 100;

export type Profile = { readonly name: string; readonly email: string };

/** Returns the profile of the agent's user. */
export async function lookUpProfile(): Promise<Profile> {
  await wait(LATENCY_MS);
  return { name: "Jack", email: "jack@example.com" };
}
