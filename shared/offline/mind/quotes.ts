/** Takes a question, returns it with one kind of quotes, without empty quotes and without long gaps. */
export function tidy(question: string): string {
  return question
    .replace(/[“”]/g, '"')
    .replace(/"([^"]*)"/g, (quoted, text: string) => (text.trim() === "" ? " " : quoted))
    .replace(/[‘’]/g, "'")
    .replace(/\s{3,}/g, " ");
}

/** Takes a text, changes its parts outside of quotes. */
export function changeOutsideQuotes(text: string, change: (part: string) => string): string {
  return text.replace(/"[^"]*"|[^"]+/g, (part) => (part.startsWith('"') ? part : change(part)));
}

/** Takes a text, returns it with the same length, with the words in quotes replaced by underscores. */
export function hideQuotes(text: string): string {
  return text.replace(/"[^"]*"/g, (quoted) => `"${"_".repeat(quoted.length - 2)}"`);
}
