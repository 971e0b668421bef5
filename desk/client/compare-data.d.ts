/** Places in a line, from the first up to the second, which is not part of it. */
type CompareRanges = readonly (readonly [start: number, end: number])[];

/** What desk/compare.ts writes into compare-data.js. */
declare const COMPARE: {
  readonly titles: Readonly<Record<string, string>>;
  /** Each chapter with its links, as markup. */
  readonly told: Readonly<Record<string, string>>;
  readonly lines: readonly string[];
  readonly files: Readonly<Record<string, readonly number[]>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly words: Readonly<Record<string, readonly [CompareRanges, CompareRanges]>>;
};
