// Cuts a text to a budget: at the end of a line where one fits, and never within a character.

/** The most that the model sees of an output at once. The line about what is left out is extra. */
export type Budget = { readonly bytes: number; readonly lines: number };

const characters = new Intl.Segmenter("en", { granularity: "grapheme" });
const utf8 = new TextEncoder();

/** The bytes of a text in UTF-8, without the end of its last line. */
function sizeOf(text: string): number {
  return Buffer.byteLength(text) - (text.endsWith("\n") ? 1 : 0);
}

/**
 * Where the first piece of a long line ends: at the last place between two characters that is within
 * the budget. A character larger than the budget is a piece of its own.
 */
function endOfPiece(line: string, bytes: number): number {
  // Node takes a time that grows with the square of the text that it divides, so it gets a part.
  for (let width = bytes + 2; ; width *= 2) {
    const part = line.slice(0, width);
    const { read } = utf8.encodeInto(part, new Uint8Array(bytes));
    const character = characters.segment(part).containing(read);
    const { index, segment } = character ?? { index: read, segment: "" };
    if (index > 0) return index;
    // The last sign of the part may be half of one that belongs to this character.
    if (segment.length < width - 1 || width >= line.length) return segment.length;
  }
}

/** A line in pieces that are within the budget; most lines are one. */
function fold(line: string, bytes: number): string[] {
  const pieces: string[] = [];
  let rest = line;
  let size = sizeOf(line);
  while (size > bytes) {
    const piece = rest.slice(0, endOfPiece(rest, bytes));
    pieces.push(piece);
    rest = rest.slice(piece.length);
    size -= Buffer.byteLength(piece);
  }
  return rest === "" ? pieces : [...pieces, rest];
}

/** The lines of a text, each with its end. One that is larger than the budget counts as several. */
export function linesOf(text: string, { bytes }: Budget): string[] {
  const lines = text.match(/[^\n]*\n|[^\n]+/g) ?? [];
  return lines.flatMap((line) => fold(line, bytes));
}

/** How many of the lines, from the first one on, are within the budget together. */
function countFitting(lines: readonly string[], budget: Budget): number {
  let bytes = 0;
  const first = lines.slice(0, budget.lines);
  const over = first.findIndex((line) => {
    const isOver = bytes + sizeOf(line) > budget.bytes;
    bytes += Buffer.byteLength(line);
    return isOver;
  });
  return over < 0 ? first.length : over;
}

function say(count: number): string {
  return count.toLocaleString("en");
}

/**
 * Takes a text and the name under which it is kept. Returns the text if it is within the budget, else
 * its first lines and one that says what is left out and how to get it.
 */
export function cut(text: string, name: string, budget: Budget): string {
  const lines = linesOf(text, budget);
  const count = countFitting(lines, budget);
  if (count === lines.length) return text;
  const shown = lines.slice(0, count).join("");
  const range = count === 0 ? "none" : count === 1 ? "line 1" : `lines 1 to ${say(count)}`;
  const bytes = `${say(sizeOf(shown))} of ${say(Buffer.byteLength(text))} bytes`;
  const rest = `read_output with call_id ${JSON.stringify(name)} gives the rest`;
  const gap = shown === "" || shown.endsWith("\n") ? "" : "\n";
  return `${shown}${gap}[${range} of ${say(lines.length)}, ${bytes}; ${rest}]`;
}
