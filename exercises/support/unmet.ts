/** What a program should do and does not do: what was expected, and what came. */
export class Unmet extends Error {
  override readonly name = "Unmet";
}

/** @throws Unmet with the sentence if the condition does not hold */
export function expectThat(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new Unmet(sentence);
}
