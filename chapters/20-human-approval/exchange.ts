// The program and the people who resolve its calls are in several processes, so they meet in files.
import { randomUUID } from "node:crypto";
import { linkSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { read, write } from "./folders.ts";
import { isKeyOf, makeKey, placeIn } from "./keys.ts";
import { findRuns, type Run } from "./runs.ts";

const Question = z.object({ id: z.string(), text: z.string(), deadline: z.number() });
/** What is asked about a call: its id, a text for a person, and the deadline in ms since 1970. */
export type Question = z.infer<typeof Question>;

const Resolution = z.object({
  said: z.enum(["yes", "no", "timeout", "cancelled"]),
  reason: z.string().optional(),
});
/** How a call was resolved. It never changes. */
export type Resolution = z.infer<typeof Resolution>;

/** The resolution that counts, and whether it is the one that was just tried. */
export type Resolved = Resolution & { readonly accepted: boolean };

/** Writes what is asked about the call at a place of a run. Returns the key that resolves the call. */
export function putQuestion({ folder, secret }: Run, place: string, question: Question): string {
  write(folder, `${place}.question`, question);
  return makeKey(secret, { place, id: question.id });
}

/** How the call at a place was resolved, or nothing while it is pending. */
export function readResolution(folder: string, place: string): Resolution | undefined {
  return read(Resolution, folder, `${place}.resolution`);
}

/** Resolves the call at a place. Only the first resolution counts, from any process. */
export function settle(folder: string, place: string, resolution: Resolution): Resolved {
  const draft = `${randomUUID()}.draft`;
  write(folder, draft, resolution);
  try {
    // A link fails if the name exists, and it shows other processes only a complete file.
    linkSync(join(folder, draft), join(folder, `${place}.resolution`));
    return { ...resolution, accepted: true };
  } catch (error) {
    if (Object(error).code !== "EEXIST") throw error;
    return { said: "cancelled", ...readResolution(folder, place), accepted: false };
  } finally {
    rmSync(join(folder, draft), { force: true });
  }
}

/** The pending calls of all runs, each with its key. Those with the least time left come first. */
export function listPending(): (Question & { readonly key: string })[] {
  const pending = findRuns().flatMap(({ folder, secret, alive }) => {
    const names = alive ? readdirSync(folder) : [];
    const places = names.flatMap((name) => /^(.+)\.question$/.exec(name)?.[1] ?? []);
    return places.flatMap((place) => {
      const question = read(Question, folder, `${place}.question`);
      const isPending = question && !readResolution(folder, place);
      return isPending ? { ...question, key: makeKey(secret, { place, id: question.id }) } : [];
    });
  });
  return pending
    .filter(({ deadline }) => Date.now() < deadline)
    .toSorted((one, other) => one.deadline - other.deadline);
}

/** Finds the call that a key was made for. It looks only in runs that are alive. */
export function findCall(key: string) {
  const place = placeIn(key);
  if (place === undefined) return undefined;
  for (const { folder, secret, alive } of findRuns()) {
    const question = alive ? read(Question, folder, `${place}.question`) : undefined;
    const isRight = question && isKeyOf(key, secret, { place, id: question.id });
    if (isRight) return { folder, place, ...question };
  }
  return undefined;
}

/** Resolves the call of a key. Returns nothing if the key is forged, or if its run is over. */
export function resolve(key: string, resolution: Resolution): Resolved | undefined {
  const found = findCall(key);
  if (!found) return undefined;
  const { folder, place, deadline } = found;
  try {
    if (Date.now() < deadline) return settle(folder, place, resolution);
    // The deadline is over, but the program may not have noticed it yet.
    return { ...settle(folder, place, { said: "timeout" }), accepted: false };
  } catch (error) {
    // The run has ended, and its folder is gone.
    if (Object(error).code === "ENOENT") return undefined;
    throw error;
  }
}

/** What a person who tried to resolve a call is told. */
export function sayResolved(resolved: Resolved | undefined): string {
  if (!resolved) return "unknown or revoked key";
  if (!resolved.accepted) return `already resolved: ${resolved.said}`;
  return resolved.said === "yes" ? "approved" : "denied";
}
