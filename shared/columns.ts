// How wide a text and a terminal are, in columns. Letters of some scripts, and most emoji, take two of them.

/** The columns of a line that nobody has told the width of. */
const USUAL = 80;
/** The least that a bar gets, unless that is more than half of the room. */
const MIN_BAR = 20;

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

// What Unicode calls wide or full-width, by scripts: https://www.unicode.org/reports/tr11/
const WIDE =
  /[\p{sc=Han}\p{sc=Hangul}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Bopomofo}\p{sc=Yi}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;
const EMOJI = /\p{Emoji_Presentation}|\ufe0f/u;
const HALF_WIDTH = /^[\uff61-\uffdc]/;
const INVISIBLE = /^[\p{M}\p{Cf}]+$/u;

/** Takes a letter with all that stands on it, returns its columns. */
function widthOfLetter(letter: string): number {
  if (INVISIBLE.test(letter)) return 0;
  if (HALF_WIDTH.test(letter)) return 1;
  return WIDE.test(letter) || EMOJI.test(letter) ? 2 : 1;
}

function lettersOf(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** Takes a text on one line, returns how many columns of a terminal it takes. */
export function widthOf(text: string): number {
  return lettersOf(text).reduce((sum, letter) => sum + widthOfLetter(letter), 0);
}

/** Takes a text, returns it with exactly so many columns. The end of a label tells more than its beginning. */
export function fitTo(text: string, columns: number): string {
  const letters = lettersOf(text);
  let width = widthOf(text);
  const isCut = width > columns;
  if (isCut) width++;
  while (width > columns) width -= widthOfLetter(letters.shift() ?? "");
  return (isCut ? "…" : "") + letters.join("") + " ".repeat(columns - width);
}

/** Breaks a text at spaces where a line would be wider than the terminal. */
export function wrap(text: string, columns: number): string {
  return text.split(" ").reduce((lines, word) => {
    const line = `${lines.slice(lines.lastIndexOf("\n") + 1)} ${word}`;
    return lines + (widthOf(line) > columns ? "\n" : " ") + word;
  });
}

/** The width of what is written to: a terminal's own, else what COLUMNS says, else the usual one. */
export function columnsOf({ columns }: { readonly columns?: number }): number {
  const given = Number(process.env.COLUMNS);
  return columns || (Number.isInteger(given) && given > 0 ? given : USUAL);
}

/**
 * Shares out the lines of a picture between labels and bars, so that none is wider than the terminal.
 * A terminal of fewer than some 20 columns has no room for all three.
 *
 * @param most how many columns the labels and the bars would take, and how many what stands behind them takes
 */
export function shareOut(
  columns: number,
  most: { readonly label: number; readonly bar: number; readonly behind: number },
): { label: number; bar: number } {
  // A space stands on either side of a bar.
  const room = Math.max(2, columns - most.behind - 2);
  const label = Math.min(most.label, room - Math.min(MIN_BAR, room >> 1));
  return { label, bar: Math.min(most.bar, room - label) };
}
