// Makes call ids that a provider accepts. Servers that are only almost compatible send others.

/**
 * Settles the ids of the calls of one reply. An id stays as it is unless it breaks the provider's rule
 * or an earlier call of the reply has it. The provider would refuse such an id in the next request, so
 * it becomes `call_N`, where N is the call's position or the next free number.
 *
 * @param isValid the provider's rule
 * @param known the ids in the reply as far as they are known, so that our ids differ from them
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
