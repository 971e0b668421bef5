// Call ids that a provider takes back. Servers that are almost compatible send others as well.

/**
 * Settles the ids of the calls of one reply. An id stays as it is, unless it breaks the provider's rule
 * or an earlier call of the reply has it. Then the provider would refuse it together with its result, and
 * `call_N` stands in its place, where N is the call's position, or the next number that is free.
 *
 * @param isValid the provider's rule
 * @param known ids of the reply that are known before they are settled, so that none of ours is one of them
 * @returns a function that takes the id and the position of each call, from the first to the last
 */
export function callIds(
  isValid: (id: string) => boolean,
  known: readonly unknown[] = [],
): (id: unknown, position: number) => string {
  const reserved = new Set(known);
  const given = new Set<string>();
  let free = 0;
  const make = (position: number): string => {
    free = Math.max(free, position);
    while (reserved.has(`call_${free}`) || given.has(`call_${free}`)) free++;
    return `call_${free}`;
  };
  return (id, position) => {
    const stays = typeof id === "string" && isValid(id) && !given.has(id);
    const settled = stays ? id : make(position);
    given.add(settled);
    return settled;
  };
}
