import type { Call } from "./conversation.ts";

// An API accepts ids of 40 characters. Six of them are left for a number such as "_12".
const LONGEST = 34;

/** Lower-case words without accents, joined by underscores. Undefined if no Latin letter is left. */
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
 * Ids are unique within the reply and at most 40 characters long. The mind makes them, because
 * the arguments of one call may refer to another call by its id.
 */
export function identify(calls: readonly Call[]): string[] {
  // How many ids begin with the same words.
  const taken = new Map<string, number>();
  return calls.map((call) => {
    const words = idFor(call) ?? "call";
    const before = taken.get(words) ?? 0;
    const id = before > 0 ? `${words}_${before + 1}` : words;
    const base = id.replace(/_\d+$/, "");
    taken.set(base, (taken.get(base) ?? 0) + 1);
    return id;
  });
}
