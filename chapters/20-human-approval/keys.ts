// A key lets its holder resolve one pending call, and no other call.
import { createHmac, timingSafeEqual } from "node:crypto";

/** A pending call: its place in the run, such as "2.0" for the first of the second batch, and its id. */
export type Parked = { readonly place: string; readonly id: string };

function sign(secret: string, { place, id }: Parked): string {
  const signed = JSON.stringify([place, id]);
  return createHmac("sha256", secret).update(signed).digest("base64url");
}

/** The key of a pending call: its place, and a signature that only the run's secret can make. */
export function makeKey(secret: string, parked: Parked): string {
  return `${parked.place}.${sign(secret, parked)}`;
}

/** The place in a key, if it has the shape of a key. The place becomes part of a file name. */
export function placeIn(key: string): string | undefined {
  return /^(\d{1,9}\.\d{1,9})\.[\w-]{43}$/.exec(key)?.[1];
}

/** Takes a key that may be forged, returns whether it is the key of this call. */
export function isKeyOf(key: string, secret: string, parked: Parked): boolean {
  const [given, right] = [Buffer.from(key), Buffer.from(makeKey(secret, parked))];
  // An ordinary comparison ends at the first wrong letter, so its time would show where that is.
  return given.length === right.length && timingSafeEqual(given, right);
}
