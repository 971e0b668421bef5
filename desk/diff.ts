import type { Chapter } from "../scripts/chapters.ts";
import { TYPES_HINT } from "./code.ts";
import type { Html } from "./html.ts";
import { highlightLines, markPlaces, type Range } from "./highlight.ts";
import { type Note, placeNotes } from "./notes.ts";
import { changedWords, linesOf, type Row, rowsOf } from "./rows.ts";
import type { Types } from "./types.ts";

/** An unchanged stretch is folded if it would hide more lines than this, and keeps some at its ends. */
const MIN_FOLDED = 4;
const CONTEXT = 3;

/** A line of one file in the diff: its number, its markup, and the notes under it. */
type Line = { readonly number: number; readonly html: Html; readonly notes: Html };

type Sides = { readonly before: Line | undefined; readonly after: Line | undefined };

const BANNER = "────";

function cells(line: Line | undefined, sign: "−" | "+"): Html {
  if (!line) return '<td class="n none"></td><td class="none"></td>';
  const look = sign === "−" ? "del" : "add";
  return `<td class="n ${look}">${line.number}</td><td class="${look}"><i>${sign}</i>${line.html}</td>`;
}

/** An unchanged line. Side by side shows it twice; inline hides the first of the two. */
function sameRow({ number, html }: Line, after: number): Html {
  const attribute = html.includes(BANNER) ? ' class="banner"' : "";
  return `<tr${attribute}><td class="n">${number}</td><td class="old">${html}</td><td class="n">${after}</td><td>${html}</td></tr>`;
}

function noteRow(view: "one" | "two", notes: Html): Html {
  if (notes === "") return "";
  return `<tr class="${view} note"><td colspan="4">${notes}</td></tr>`;
}

/** A changed line of the inline view. */
function inlineRow({ number, html, notes }: Line, sign: "−" | "+"): Html {
  const numbers = sign === "−" ? [number, ""] : ["", number];
  const look = sign === "−" ? "del" : "add";
  const counted = numbers.map((text) => `<td class="n">${text}</td>`).join("");
  const row = `<tr class="one ${look}">${counted}<td><i>${sign}</i>${html}</td></tr>`;
  return row + noteRow("one", notes);
}

/** Changed lines: all deleted and then all added for inline, each row in two halves for side by side. */
function changedRows(sides: readonly Sides[]): Html {
  const deleted = sides.flatMap(({ before }) => (before ? inlineRow(before, "−") : []));
  const added = sides.flatMap(({ after }) => (after ? inlineRow(after, "+") : []));
  const halves = sides.map(({ before, after }) => {
    const row = `<tr class="two">${cells(before, "−")}${cells(after, "+")}</tr>`;
    return row + noteRow("two", (before?.notes ?? "") + (after?.notes ?? ""));
  });
  return [...deleted, ...added, ...halves].join("\n");
}

/** Unchanged lines. The middle of a long stretch can be folded. */
function keptRows(rows: readonly Html[], isFirst: boolean, isLast: boolean): Html {
  const head = isFirst ? 0 : CONTEXT;
  const tail = isLast ? 0 : CONTEXT;
  const count = rows.length - head - tail;
  if (count <= MIN_FOLDED) return rows.join("\n");
  const button = `<button type="button" aria-expanded="true">${count} unchanged lines</button>`;
  return [
    ...rows.slice(0, head),
    `</tbody><tbody class="gap" data-js hidden><tr><td colspan="4">${button}</td></tr></tbody><tbody class="kept">`,
    ...rows.slice(head, head + count),
    "</tbody><tbody>",
    ...rows.slice(head + count),
  ].join("\n");
}

/** Cuts rows where unchanged lines begin or end. */
function stretches(rows: readonly Row[]): Row[][] {
  const found: Row[][] = [];
  for (const row of rows) {
    const last = found.at(-1);
    const isSame = row.kind === "same";
    if (last && (last[0]?.kind === "same") === isSame) last.push(row);
    else found.push([row]);
  }
  return found;
}

function asides(notes: readonly Note[] = []): Html {
  return notes.map(({ html }) => `<aside role="note">${html}</aside>`).join("");
}

type Reader = (at: number, marks: readonly Range[]) => Line;

function readerOf(
  { source }: Chapter,
  notes: ReadonlyMap<number, readonly Note[]>,
  types?: Types,
): Reader {
  const lines = highlightLines(source, "typescript", types);
  return (at, marks) => ({
    number: at + 1,
    html: markPlaces(lines[at] ?? "", marks),
    notes: asides(notes.get(at)),
  });
}

/** Gives each row its lines, with the changed words marked and the notes that belong under them. */
function lineUp(
  from: Chapter,
  to: Chapter,
  rows: readonly Row[],
  { notes = [], types }: Extras,
): Sides[] {
  const [before, after] = [linesOf(from), linesOf(to)];
  const { deleted, added } = placeNotes(notes, rows, before, after);
  const [readOld, readNew] = [readerOf(from, deleted), readerOf(to, added, types)];
  return rows.map(({ kind, from: i, to: j }) => {
    const pair = kind === "pair" ? [before[i] ?? "", after[j] ?? ""] : [];
    const marks = changedWords(pair[0] ?? "", pair[1] ?? "");
    return {
      before: kind === "added" ? undefined : readOld(i, marks.before),
      after: kind === "deleted" ? undefined : readNew(j, marks.after),
    };
  });
}

function bodyOf(rows: readonly Row[], sides: readonly Sides[]): Html {
  let start = 0;
  const parts = stretches(rows).map((stretch, index, { length }) => {
    const part = sides.slice(start, start + stretch.length);
    start += stretch.length;
    if (stretch[0]?.kind !== "same") return changedRows(part);
    const kept = part.flatMap(({ before, after }) => {
      return before && after ? sameRow(before, after.number) : [];
    });
    return keptRows(kept, index === 0, index === length - 1);
  });
  return parts.join("\n");
}

/** The buttons that choose a view. Without scripts there is only the inline view. */
export const viewButtons: Html = `<div class="views" role="group" aria-label="How to show the change" data-js hidden>
<button type="button" class="plain" data-view="inline" aria-pressed="true">inline</button>
<button type="button" class="plain" data-view="side" aria-pressed="false">side by side</button>
</div>`;

/** A table of lines with both numbers, ready for its rows. */
export function diffTable(from: string, to: string, body: Html): Html {
  const name = `main.ts of ${from} and ${to}, line by line`;
  return `<div class="scroll" tabindex="0" role="region" aria-label="${name}"><table>
<thead><tr><th scope="col">${from}</th><th scope="col" class="old">main.ts</th><th scope="col">${to}</th><th scope="col">main.ts</th></tr></thead>
${body}
</table></div>`;
}

/** What a diff shows besides the lines: notes under some of them, and the types of names in new lines. */
type Extras = { readonly notes?: readonly Note[]; readonly types?: Types | undefined };

/**
 * Shows how a chapter's main.ts differs from another's: the lines of git's own diff, inline and side
 * by side, with the notes under their lines.
 *
 * @throws an error that names the note whose line is not in the diff
 */
export function renderDiff(from: Chapter, to: Chapter, extras: Extras = {}): Html {
  const rows = rowsOf(from, to);
  const added = rows.filter(({ kind }) => kind === "added" || kind === "pair").length;
  const deleted = rows.filter(({ kind }) => kind === "deleted" || kind === "pair").length;
  const body = `<tbody>${bodyOf(rows, lineUp(from, to, rows, extras))}</tbody>`;
  return `<figure class="diff" data-view="inline">
<figcaption>${from.number} → ${to.number} <b>main.ts</b> <span class="plus">+${added}</span> <span class="minus">−${deleted}</span></figcaption>
${viewButtons}
${extras.types?.size ? TYPES_HINT : ""}${diffTable(from.number, to.number, body.replaceAll("<tbody></tbody>", ""))}
</figure>`;
}
