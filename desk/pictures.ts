import { existsSync, readFileSync } from "node:fs";
import { blocks, pictureFile, pictureName } from "./blocks.ts";
import { escapeHtml, type Html } from "./html.ts";
import { wordsOf } from "./picture-words.ts";

/** Says where a diagram stands, for an error. */
function placeOf(source: string): string {
  const found = blocks().find((block) => pictureName(block.source) === pictureName(source));
  if (found) return `${found.page}:${found.line}: the block`;
  const [first = ""] = source.trim().split("\n");
  return `the block "${first.slice(0, 40)} …"`;
}

/** In a narrow column a picture gets smaller, down to this part of its size. Below that it is scrolled. */
const SMALLEST = 0.8;

function fitted(svg: Html): Html {
  const [, width = ""] = /^<svg[^>]* width="(\d+)"/.exec(svg) ?? [];
  const least = Math.round(Number(width) * SMALLEST);
  return svg.replace("<svg ", `<svg style="max-width:max(100%,${least}px)" `);
}

/**
 * The picture of a Mermaid block, and below it the block itself, folded.
 *
 * @param folder the folder of the pictures, if it is another one
 * @throws an error in one line that names the block, if it has no picture
 */
export function pictureOf(source: string, folder?: string): Html {
  const file = pictureFile(source, folder);
  if (!existsSync(file)) {
    throw new Error(`${placeOf(source)} has no picture; npm run book:pictures draws it`);
  }
  const svg = fitted(readFileSync(file, "utf8").trim());
  const label = escapeHtml(wordsOf(source).title);
  return `<figure class="picture">
<div class="scroll" tabindex="0" role="region" aria-label="${label}">${svg}</div>
<details><summary>as text</summary><pre tabindex="0">${escapeHtml(source.trim())}</pre></details>
</figure>`;
}
