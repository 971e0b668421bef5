/** Takes a question, returns it with one kind of quotes, with something in them, and no long gaps. */
export function tidy(question: string): string {
  return question
    .replace(/[“”]/g, '"')
    .replace(/"([^"]*)"/g, (quoted, text: string) => (text.trim() === "" ? " " : quoted))
    .replace(/[‘’]/g, "'")
    .replace(/\s{3,}/g, " ");
}

/** Takes a text, returns it with its parts changed, except those in quotes. */
export function changeOutsideQuotes(text: string, change: (part: string) => string): string {
  return text.replace(/"[^"]*"|[^"]+/g, (part) => (part.startsWith('"') ? part : change(part)));
}

/** Takes a text, returns it with as many signs, but with nothing to read in its quotes. */
export function hideQuotes(text: string): string {
  return text.replace(/"[^"]*"/g, (quoted) => `"${"_".repeat(quoted.length - 2)}"`);
}
