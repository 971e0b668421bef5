// Cuts a text to a budget: at the end of a line if a line fits, otherwise between two characters.

/**
 * The most that the model sees of an output at once: at least 4 bytes and one line. The line about
 * what is left out comes on top.
 */
export type Budget = { readonly bytes: number; readonly lines: number };

const characters = new Intl.Segmenter("en", { granularity: "grapheme" });
const utf8 = new TextEncoder();

/** The bytes of a text in UTF-8, without the end of its last line. */
function sizeOf(text: string): number {
  return Buffer.byteLength(text) - (text.endsWith("\n") ? 1 : 0);
}

/**
 * The end of the first piece of a long line: the last place between two characters that is within the
 * budget. If one character is larger than the budget, it is cut between two code points.
 */
function endOfPiece(line: string, bytes: number): number {
  // A look-up takes longer in a longer text, and where a character begins does not depend on later text.
  const part = line.slice(0, bytes + 2);
  const { read } = utf8.encodeInto(part, new Uint8Array(bytes));
  const start = characters.segment(part).containing(read)?.index ?? read;
  return start > 0 ? start : read;
}

/** Divides a line into pieces that are within the budget. Most lines are one piece. */
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

/** The lines of a text, each with its newline. A line that is larger than the budget becomes several. */
export function linesOf(text: string, { bytes }: Budget): string[] {
  const lines: string[] = [];
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf("\n", start) + 1 || text.length;
    for (const piece of fold(text.slice(start, end), bytes)) lines.push(piece);
    start = end;
  }
  return lines;
}

/** How many of the first lines fit into the budget together. */
function countFitting(lines: readonly string[], budget: Budget): number {
  let count = 0;
  let bytes = 0;
  for (const line of lines.slice(0, budget.lines)) {
    if (bytes + sizeOf(line) > budget.bytes) break;
    bytes += Buffer.byteLength(line);
    count++;
  }
  return count;
}

function say(count: number): string {
  return count.toLocaleString("en");
}

/**
 * Takes the lines of a text and the name under which it is kept. Returns the text if it fits into the
 * budget, otherwise its first lines and a line that says what is left out and how to get it.
 */
export function cut(lines: readonly string[], name: string, budget: Budget): string {
  const text = lines.join("");
  const count = countFitting(lines, budget);
  if (count === lines.length) return text;
  const shown = lines.slice(0, count).join("");
  const range = count === 1 ? "line 1" : `lines 1 to ${say(count)}`;
  const bytes = `${say(sizeOf(shown))} of ${say(Buffer.byteLength(text))} bytes`;
  const rest = `read_output with call_id ${JSON.stringify(name)} gives the rest`;
  const gap = shown.endsWith("\n") ? "" : "\n";
  return `${shown}${gap}[${range} of ${say(lines.length)}, ${bytes}; ${rest}]`;
}
