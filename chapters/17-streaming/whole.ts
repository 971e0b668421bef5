// Finds out whether a text that comes in pieces is a complete JSON object. Each letter is read once.

/** How far a text has been read. */
export type Scan = {
  text: string;
  /** How many brackets are open at the end of the text. */
  depth: number;
  inString: boolean;
  /** True directly after a backslash in a string. */
  escaped: boolean;
  /** Whether the text is complete, or can still become so. White space after it changes nothing. */
  state: "open" | "whole" | "never";
};

/** The scan of an empty text. */
export function startScan(): Scan {
  return { text: "", depth: 0, inString: false, escaped: false, state: "open" };
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Reads a letter of a string, where brackets mean nothing. */
function readInString(scan: Scan, letter: string): void {
  if (scan.escaped) scan.escaped = false;
  else if (letter === "\\") scan.escaped = true;
  else if (letter === '"') scan.inString = false;
}

function readOutside(scan: Scan, letter: string): void {
  const opens = letter === "{" || letter === "[";
  const closes = letter === "}" || letter === "]";
  // Only an object or a list shows where it ends, and nothing may follow a complete object.
  const isOdd = scan.depth === 0 && (!opens || scan.state === "whole");
  if (isOdd) scan.state = "never";
  else if (opens) scan.depth++;
  else if (closes) scan.depth--;
  else if (letter === '"') scan.inString = true;
  const isClosed = closes && scan.depth === 0 && !isOdd;
  if (isClosed) scan.state = parses(scan.text) ? "whole" : "never";
}

/** Reads one more piece. The text is parsed once, when its first bracket is closed. */
export function scanPiece(scan: Scan, piece: string): void {
  for (const letter of piece) {
    if (scan.state === "never") return;
    scan.text += letter;
    if (scan.inString) readInString(scan, letter);
    else if (!" \t\r\n".includes(letter)) readOutside(scan, letter);
  }
}
