import type { Chapter } from "../scripts/chapters.ts";
import { escapeHtml, type Html } from "./html.ts";
import { highlightLines } from "./highlight.ts";
import type { Types } from "./types.ts";

/**
 * Lines of code in a box. Line 12 has the address #L12. Numbers come from the style sheet, so that copied
 * code has none.
 *
 * @param label what the box holds, for readers who cannot see it
 * @param hint what stands above the box
 */
export function numberedLines(label: string, lines: readonly Html[], hint: Html = ""): Html {
  const rows = lines.map((html, index) => {
    const name = `L${index + 1}`;
    const link = `<a href="#${name}" tabindex="-1" aria-label="Line ${index + 1}"></a>`;
    return `<span class="line" id="${name}">${link}${html}</span>`;
  });
  return `<figure class="code">
${hint}<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(label)}"><pre><code>${rows.join("\n")}
</code></pre></div>
</figure>`;
}

/** How to see the types of names. It stands above a box, where there are types and scripts. */
export const TYPES_HINT: Html =
  '<p class="hint" data-js hidden>Most names tell their type when you point at them or tap them. <span class="keys">With the keyboard, tab into the code and use the arrow keys.</span></p>\n';

/**
 * Shows a chapter's main.ts.
 *
 * @param types the type of each name, by its place in the code
 */
export function renderCode({ number, source }: Chapter, types?: Types): Html {
  // The diff and the comparison show the same text, so it is highlighted once for all of them.
  const lines = highlightLines(source, "typescript", types).slice(0, -1);
  return numberedLines(`main.ts of chapter ${number}`, lines, types?.size ? TYPES_HINT : "");
}
