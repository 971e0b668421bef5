// What the cut promises: the shown part is the beginning of the text, is within the budget, and ends at the
// end of a line or at least between two characters; and reading on gives every byte of the text.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Budget, linesOf } from "../chapters/18-tool-output/cut.ts";
import { cutText } from "./support/cut-text.ts";

const LARGE: Budget = { bytes: 2_000, lines: 40 };
const FAMILY = "👨‍👩‍👧‍👦";
const ACCENTED = "e\u0301";

/** The shown part of a text, and the line that says what is left out, if there is one. */
function show(text: string, budget: Partial<Budget>) {
  const seen = cutText(text, "one", { ...LARGE, ...budget });
  const [marker = ""] = /\n?\[.*gives the rest\]$/.exec(seen) ?? [];
  return { shown: seen.slice(0, seen.length - marker.length), marker: marker.trim() };
}

function rest(what: string, name = "one"): string {
  return `[${what}; read_output with call_id ${JSON.stringify(name)} gives the rest]`;
}

test.each([
  ["nothing", ""],
  ["one character", "x"],
  ["exactly the bytes of the budget", "x".repeat(2_000)],
  ["exactly the bytes of the budget, in characters of two", "é".repeat(1_000)],
  ["exactly the bytes of the budget, and the end of the line", `${"x".repeat(2_000)}\n`],
  ["exactly the lines of the budget", "x\n".repeat(40)],
  ["exactly the lines of the budget, the last one without an end", `${"x\n".repeat(39)}x`],
])("a text within the budget is shown as it is: %s [L19]", (_, text) => {
  expect(cutText(text, "one", LARGE)).toBe(text);
});

test("a text of one byte or one line more is cut, and a line says what is left out and how to get it [L19]", () => {
  expect(show("x".repeat(2_001), {})).toEqual({
    shown: "x".repeat(2_000),
    marker: rest("line 1 of 2, 2,000 of 2,001 bytes"),
  });
  expect(show("x\n".repeat(41), {})).toEqual({
    shown: "x\n".repeat(40).trimEnd(),
    marker: rest("lines 1 to 40 of 41, 79 of 82 bytes"),
  });
});

test("whole lines are shown where they fit, each line end between two of them counted", () => {
  const text = "one\ntwo\nthree";
  expect(show(text, { bytes: 7 })).toEqual({
    shown: "one\ntwo",
    marker: rest("lines 1 to 2 of 3, 7 of 13 bytes"),
  });
  expect(show(text, { bytes: 6 }).shown).toBe("one");
  expect(show(text, { bytes: 12 }).shown).toBe("one\ntwo");
  expect(show("one\r\ntwo\r\n", { bytes: 8 }).shown).toBe("one\r");
  expect(show("\n\n\n\n", { lines: 2 })).toEqual({
    shown: "\n",
    marker: rest("lines 1 to 2 of 4, 1 of 4 bytes"),
  });
});

test("a line that is larger than the budget is cut between two characters, and counts as several lines", () => {
  const long = "x".repeat(100_000);
  expect(show(long, {})).toEqual({
    shown: "x".repeat(2_000),
    marker: rest("line 1 of 50, 2,000 of 100,000 bytes"),
  });
  expect(linesOf(`${long}\nend`, LARGE)).toHaveLength(51);
  expect(show(`first\n${long}`, {}).shown).toBe("first");
});

test.each([
  ["an emoji of four bytes", "😀"],
  ["a family of seven code points", FAMILY],
  ["a letter with a combining mark", ACCENTED],
  ["a flag of two letters", "🇫🇷"],
  ["a hand with a colour", "👋🏽"],
  ["a syllable of three signs", "각"],
  ["a character with a variation selector", "葛\u{e0100}"],
])("nothing is cut within %s", (_, character) => {
  const size = Buffer.byteLength(character);
  // The first character is whole, the second one would end a byte after the budget, then just at it.
  const text = `${character}${character}${"x".repeat(2_000)}`;
  expect(show(text, { bytes: 2 * size - 1 }).shown).toBe(character);
  expect(show(text, { bytes: 2 * size }).shown).toBe(character + character);
  expect(show(text, { bytes: 2 * size + 1 }).shown).toBe(`${character}${character}x`);
});

test("a character that is larger than the budget is cut between two code points, and all of it can be read", () => {
  expect(show(`${FAMILY}abc`, { bytes: 10 })).toEqual({
    shown: FAMILY.slice(0, 3),
    marker: rest("line 1 of 4, 7 of 28 bytes"),
  });
  expect(linesOf(`${FAMILY}abc`, { bytes: 10, lines: 1 })).toEqual([
    FAMILY.slice(0, 3),
    FAMILY.slice(3, 6),
    FAMILY.slice(6, 9),
    `${FAMILY.slice(9)}abc`,
  ]);
  const marks = "\u0301".repeat(5_000);
  const pieces = linesOf(`a${marks}a${marks}b`, LARGE);
  expect(pieces.join("")).toBe(`a${marks}a${marks}b`);
  expect(pieces.map((piece) => Buffer.byteLength(piece))).toEqual([
    ...[1_999, 2_000, 2_000, 2_000, 2_000, 2],
    ...[1_999, 2_000, 2_000, 2_000, 2_000, 3],
  ]);
});

test("a line that is one byte larger than the budget ends in a piece, with the end of the line", () => {
  expect(linesOf("abcd\r\nef", { bytes: 4, lines: 1 })).toEqual(["abcd", "\r\n", "ef"]);
  expect(linesOf("abcde\nf", { bytes: 4, lines: 1 })).toEqual(["abcd", "e\n", "f"]);
});

test("the name stands in the line as JSON, whatever is in it", () => {
  const name = 'a "b"\n]';
  const seen = cutText("x\ny", name, { bytes: 1, lines: 1 });
  expect(seen).toBe(`x\n${rest("line 1 of 2, 1 of 3 bytes", name)}`);
  expect(seen.split("\n")).toHaveLength(2);
});

test("two million characters are cut in a moment, not in the square of their number", () => {
  // If Node looked at the whole text each time, dividing it would take minutes.
  for (const text of ["x".repeat(2_000_000), FAMILY.repeat(100_000), "\n".repeat(2_000_000)]) {
    expect(linesOf(text, LARGE).join("")).toBe(text);
  }
});

const sign = fc.constantFrom(
  ..."a b é 😀 🇫🇷 각 \u0301 \u200d \ud800 \udc00 \r \n \n \r\n".split(" "),
  FAMILY,
  ACCENTED,
  `e${"\u0301".repeat(40)}`,
  "a line of words",
);
const anyText = fc.array(sign, { maxLength: 60 }).map((signs) => signs.join(""));
const anyBudget = fc.record({
  bytes: fc.integer({ min: 4, max: 60 }),
  lines: fc.integer({ min: 1, max: 8 }),
});
const characters = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Where a text may be cut. */
function bordersOf(text: string): Set<number> {
  return new Set([...characters.segment(text)].map(({ index }) => index).concat(text.length));
}

/** How many lines the line about what is left out says are shown. */
function countShown(marker: string): number {
  return Number(/^\[lines? (?:1 to )?(\d+) of/.exec(marker)?.[1] ?? 0);
}

test("whatever the text and the budget: a beginning, within the budget, cut between characters [L19]", () => {
  const property = fc.property(anyText, anyBudget, (text, budget) => {
    const lines = linesOf(text, budget);
    const { shown, marker } = show(text, budget);
    const count = marker === "" ? lines.length : countShown(marker);
    const sizeOf = (part: string) => Buffer.byteLength(part.replace(/\n$/, ""));
    const firstLines = (most: number) => lines.slice(0, most).join("");
    expect(shown).toBe(marker === "" ? text : firstLines(count).replace(/\n$/, ""));
    expect(sizeOf(firstLines(count))).toBeLessThanOrEqual(budget.bytes);
    expect(count).toBeLessThanOrEqual(budget.lines);
    // One line more would be too much.
    const isMore = count < lines.length && count < budget.lines;
    if (isMore) expect(sizeOf(firstLines(count + 1))).toBeGreaterThan(budget.bytes);
  });
  fc.assert(property, { numRuns: 1_000 });
});

test("whatever the text and the budget: a line ends between two characters, or within one larger than the budget", () => {
  const property = fc.property(anyText, anyBudget, (text, budget) => {
    const lines = linesOf(text, budget);
    expect(lines.join("")).toBe(text);
    const borders = bordersOf(text);
    const larger = [...characters.segment(text)].filter(({ segment }) => {
      return Buffer.byteLength(segment) > budget.bytes;
    });
    let end = 0;
    for (const line of lines) {
      end += line.length;
      expect(Buffer.byteLength(line.replace(/\n$/, ""))).toBeLessThanOrEqual(budget.bytes);
      const isWithin = larger.some(({ index, segment }) => {
        return index < end && end < index + segment.length;
      });
      if (!isWithin) expect(borders).toContain(end);
      // Half of a code point is not a code point.
      expect(/[\ud800-\udbff]$/.test(line) && /^[\udc00-\udfff]/.test(text.slice(end))).toBe(false);
    }
  });
  fc.assert(property, { numRuns: 1_000 });
});

test("whatever the text and the budget: reading on from where the marker ends gives every byte [L19]", () => {
  const property = fc.property(anyText, anyBudget, (text, budget) => {
    const lines = linesOf(text, budget);
    const read: string[] = [];
    while (read.length < lines.length) {
      // What read_output returns: the lines from here on, which are cut like any other output.
      const { shown, marker } = show(lines.slice(read.length).join(""), budget);
      const count = marker === "" ? lines.length - read.length : countShown(marker);
      expect(count).toBeGreaterThan(0);
      const next = lines.slice(read.length, read.length + count);
      expect(marker === "" ? shown : `${shown}\n`).toBe(
        marker === "" ? next.join("") : next.join("").replace(/\n?$/, "\n"),
      );
      read.push(...next);
    }
    expect(read.join("")).toBe(text);
  });
  fc.assert(property, { numRuns: 1_000 });
});
