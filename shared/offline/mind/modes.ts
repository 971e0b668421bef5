import { changeOutsideQuotes, hideQuotes } from "./quotes.ts";

const NAMED = /,?\s*\b(?:run (?:the calls|them) )?(?:in|use|with) (?:the |an? )?([\w-]+) mode\b/i;
const SEQUENTIAL =
  /,?\s*\b(?:one (?:by|after) (?:one|another|the other)|one (?:city |place |e-?mail )?at a time|in (?:this|that) order|in sequence|sequentially|serially)\b/i;
const PARALLEL =
  /,?\s*\b(?:in parallel|at the same time|all at once|at once|concurrently|simultaneously)\b/i;
const FIRST_THEN = /\bfirst(?:ly)?\b.*\b(?:then|after that|second)\b/is;

/** How the calls of a reply are to run, if a question says so, and the question without those words. */
export type ModeReading = { readonly mode: string | undefined; readonly rest: string };

function modeIn(question: string): string | undefined {
  const named = NAMED.exec(question)?.[1];
  if (named !== undefined) return named;
  if (SEQUENTIAL.test(question) || FIRST_THEN.test(question)) return "sequential";
  return PARALLEL.test(question) ? "parallel" : undefined;
}

/** Removes words from a text; where they are a sentence of their own, with its end. */
function remove(text: string, { source: words }: RegExp): string {
  const polite = `(?:${words})(?:,? please)?`;
  return text.replace(new RegExp(`(?<=[.?!])\\s*${polite}[.!]*|${polite}`, "i"), "");
}

/** Takes a question, returns the mode that it wants: "sequential", "parallel", or one that it names. */
export function readMode(question: string): ModeReading {
  const rest = changeOutsideQuotes(question, (part) => {
    return [NAMED, SEQUENTIAL, PARALLEL].reduce(remove, part);
  });
  return { mode: modeIn(hideQuotes(question)), rest };
}
