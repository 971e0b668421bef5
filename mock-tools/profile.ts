// The user directory. Looking somebody up is all waiting, as with any service across a network.
import { setTimeout as wait } from "node:timers/promises";

const LATENCY_MS = 100;

export type Profile = { readonly name: string; readonly email: string };

/** Takes nothing, returns the profile of the user whom the agent serves. */
export async function lookUpProfile(): Promise<Profile> {
  await wait(LATENCY_MS);
  return { name: "Jack", email: "jack@example.com" };
}
