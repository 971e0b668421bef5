/** Markup that is safe to put into a page as it is. */
export type Html = string;

/** Turns a text into markup that shows it. */
export function escapeHtml(text: string): Html {
  return text.replaceAll(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
