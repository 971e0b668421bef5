// The width of a text and of a terminal, in columns. Letters of some scripts, and most emoji, take two.

/** The columns of a line if its width is unknown. */
const USUAL = 80;
/** The least columns of a bar, unless that is more than half of the room. */
const MIN_BAR = 20;

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

// The scripts that Unicode calls wide or full-width: https://www.unicode.org/reports/tr11/
const WIDE =
  /[\p{sc=Han}\p{sc=Hangul}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Bopomofo}\p{sc=Yi}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;
const EMOJI = /\p{Emoji_Presentation}|\ufe0f/u;
const HALF_WIDTH = /^[\uff61-\uffdc]/;
const INVISIBLE = /^[\p{M}\p{Cf}]+$/u;

/** Takes a letter with its marks, returns its columns. */
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

/** Cuts or fills a text to exactly so many columns. It cuts the beginning, since a label's end says more. */
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

/** The width of an output: that of its terminal, otherwise COLUMNS, otherwise the usual width. */
export function columnsOf({ columns }: { readonly columns?: number }): number {
  const given = Number(process.env.COLUMNS);
  return columns || (Number.isInteger(given) && given > 0 ? given : USUAL);
}

/**
 * Divides the width of a picture between labels and bars, so that no line is wider than the terminal.
 * A terminal with fewer than about 20 columns has no room for labels, bars and what stands behind.
 *
 * @param most how many columns the labels and bars would take, and how many the text behind them takes
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
