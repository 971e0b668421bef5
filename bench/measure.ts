/** The middle and the ends of some measurements, in their own unit. */
export type Spread = { readonly median: number; readonly min: number; readonly max: number };

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => Number(sorted[index]?.toFixed(3));
  return { median: at(sorted.length >> 1), min: at(0), max: at(sorted.length - 1) };
}

/** Something to measure; one run of it gives one number for each of its figures. */
export type Candidate = () => Promise<Readonly<Record<string, number>>>;

/**
 * Runs the candidates in turn, A B C A B C …, so that a machine's moods reach all of them alike.
 * One round before the first is not counted.
 *
 * @returns the spread of each figure, named "candidate figure"
 */
export async function interleave(
  candidates: Readonly<Record<string, Candidate>>,
  rounds: number,
): Promise<Record<string, Spread>> {
  const values = new Map<string, number[]>();
  for (let round = 0; round <= rounds; round++) {
    for (const [name, run] of Object.entries(candidates)) {
      for (const [figure, value] of Object.entries(await run())) {
        const key = `${name} ${figure}`;
        if (round > 0) values.set(key, [...(values.get(key) ?? []), value]);
      }
    }
  }
  return Object.fromEntries([...values].map(([key, list]) => [key, spread(list)]));
}
