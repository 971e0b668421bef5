import type { Call } from "./conversation.ts";

// An API accepts ids of 40 characters; six of them are left for a number such as "_12".
const LONGEST = 34;

/** Lower-case words without accents, joined by underscores; nothing if no Latin letter is left. */
function idFor({ name, args }: Call): string | undefined {
  const text = `${name.replace(/^get_/, "")} ${args.location ?? ""}`;
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain
    .match(/[a-z0-9]+/g)
    ?.join("_")
    .slice(0, LONGEST);
}

/**
 * Takes the calls of a reply, returns a readable id for each, such as weather_beijing or send_email.
 * Ids are unique within the reply and at most 40 characters long. They belong to the mind, because
 * the arguments of one call may refer to another call by its id.
 */
export function identify(calls: readonly Call[]): string[] {
  const ids: string[] = [];
  for (const call of calls) {
    const id = idFor(call);
    const taken = ids.filter((other) => other.replace(/_\d+$/, "") === id).length;
    ids.push(taken > 0 ? `${id}_${taken + 1}` : (id ?? "call"));
  }
  return ids;
}
