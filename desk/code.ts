import type { Chapter } from "../scripts/chapters.ts";
import type { Html } from "./html.ts";
import { highlightLines } from "./highlight.ts";
import type { Types } from "./types.ts";

/**
 * Shows a chapter's main.ts. Line 12 has the address #L12. Numbers come from the style sheet, so that
 * copied code has none.
 *
 * @param types the type of each name, by its place in the code
 */
export function renderCode(chapter: Chapter, types?: Types): Html {
  const { number, source } = chapter;
  const code = highlightLines(source, "typescript", types).slice(0, -1);
  const lines = code.map((html, index) => {
    const name = `L${index + 1}`;
    const link = `<a href="#${name}" tabindex="-1" aria-label="Line ${index + 1}"></a>`;
    return `<span class="line" id="${name}">${link}${html}</span>`;
  });
  const hint = types?.size
    ? '<p class="hint" data-js hidden>Point at a name to see its type. With the keyboard, tab into the code and use the arrow keys.</p>\n'
    : "";
  return `<figure class="code">
${hint}<div class="scroll" tabindex="0" role="region" aria-label="main.ts of chapter ${number}"><pre><code>${lines.join("\n")}
</code></pre></div>
</figure>`;
}
