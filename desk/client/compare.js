// @ts-check
// Builds the table of any two chapters from compare-data.js, as the chapters' own pages have it.

/** @typedef {{ readonly sign: string, readonly from: number, readonly to: number }} CompareRow */

(() => {
  "use strict";

  const { titles, told, lines, files, scripts, words } = COMPARE;
  const MIN_FOLDED = 4;
  const CONTEXT = 3;
  const BANNER = "────";

  /** The edit script between two chapters. The way back has + and - exchanged. */
  /** @type {(from: string, to: string) => string} */
  function scriptOf(from, to) {
    if (from === to) return `=${files[from]?.length ?? 0}`;
    const back = scripts[to + from]?.replaceAll(/[-+]/g, (sign) => (sign === "+" ? "-" : "+"));
    return scripts[from + to] ?? back ?? "";
  }

  /** @type {(script: string) => CompareRow[]} */
  function rowsOf(script) {
    /** @type {CompareRow[]} */
    const rows = [];
    let [from, to] = [0, 0];
    for (const [, sign = "", count] of script.matchAll(/([-=~+])(\d+)/g)) {
      for (let i = 0; i < Number(count); i++) {
        rows.push({ sign, from, to });
        if (sign !== "+") from++;
        if (sign !== "-") to++;
      }
    }
    return rows;
  }

  /** Marks places of a text in its markup. */
  /** @type {(html: string, ranges: CompareRanges) => string} */
  function mark(html, ranges) {
    if (ranges.length === 0) return html;
    let [at, marked] = [0, ""];
    for (const [piece] of html.matchAll(/<[^>]*>|&#\d+;|[^<&]/g)) {
      const isTag = piece.startsWith("<");
      const isIn = !isTag && ranges.some(([start, end]) => at >= start && at < end);
      marked += isIn ? `<mark>${piece}</mark>` : piece;
      if (!isTag) at++;
    }
    return marked.replaceAll("</mark><mark>", "");
  }

  /** What stands at each side of a row. */
  /** @type {(row: CompareRow, from: string, to: string) => { before: string, after: string }} */
  function sidesOf(row, from, to) {
    const [old, current] = [files[from]?.[row.from], files[to]?.[row.to]];
    const back = words[`${current} ${old}`] ?? [[], []];
    const [left, right] = words[`${old} ${current}`] ?? [back[1], back[0]];
    const [before, after] = [lines[old ?? -1] ?? "", lines[current ?? -1] ?? ""];
    if (row.sign !== "~") return { before, after };
    return { before: mark(before, left), after: mark(after, right) };
  }

  /** @type {(look: string, numbers: (number | string)[], html: string) => string} */
  function inlineRow(look, [old, current], html) {
    const sign = look === "del" ? "−" : "+";
    return `<tr class="one ${look}"><td class="n">${old}</td><td class="n">${current}</td><td><i>${sign}</i>${html}</td></tr>`;
  }

  /** @type {(look: string, number: number, html: string) => string} */
  function half(look, number, html) {
    const sign = look === "del" ? "−" : "+";
    return `<td class="n ${look}">${number}</td><td class="${look}"><i>${sign}</i>${html}</td>`;
  }

  /** @type {(rows: CompareRow[], from: string, to: string) => string} */
  function changedRows(rows, from, to) {
    let [deleted, added, halves] = ["", "", ""];
    const none = '<td class="n none"></td><td class="none"></td>';
    for (const row of rows) {
      const { before, after } = sidesOf(row, from, to);
      const [isOld, isNew] = [row.sign !== "+", row.sign !== "-"];
      if (isOld) deleted += inlineRow("del", [row.from + 1, ""], before);
      if (isNew) added += inlineRow("add", ["", row.to + 1], after);
      const left = isOld ? half("del", row.from + 1, before) : none;
      halves += `<tr class="two">${left}${isNew ? half("add", row.to + 1, after) : none}</tr>`;
    }
    return deleted + added + halves;
  }

  /** @type {(row: CompareRow, from: string, to: string) => string} */
  function sameRow(row, from, to) {
    const { before, after } = sidesOf(row, from, to);
    const look = before.includes(BANNER) ? ' class="banner"' : "";
    return `<tr${look}><td class="n">${row.from + 1}</td><td class="old">${before}</td><td class="n">${row.to + 1}</td><td>${after}</td></tr>`;
  }

  /** @type {(rows: string[], isFirst: boolean, isLast: boolean) => string} */
  function keptRows(rows, isFirst, isLast) {
    const head = isFirst ? 0 : CONTEXT;
    const end = rows.length - (isLast ? 0 : CONTEXT);
    if (end - head <= MIN_FOLDED) return rows.join("");
    const button = `<button type="button" aria-expanded="false">${end - head} unchanged lines</button>`;
    return `${rows.slice(0, head).join("")}</tbody>
<tbody class="gap"><tr><td colspan="4">${button}</td></tr></tbody>
<tbody class="kept folded">${rows.slice(head, end).join("")}</tbody><tbody>${rows.slice(end).join("")}`;
  }

  /** Groups rows that stay, and rows that don't. */
  /** @type {(rows: CompareRow[]) => CompareRow[][]} */
  function stretches(rows) {
    /** @type {CompareRow[][]} */
    const found = [];
    for (const row of rows) {
      const last = found.at(-1);
      if (last && (last[0]?.sign === "=") === (row.sign === "=")) last.push(row);
      else found.push([row]);
    }
    return found;
  }

  /** @type {(from: string, to: string, rows: CompareRow[]) => string} */
  function tableOf(from, to, rows) {
    const parts = stretches(rows).map((stretch, index, { length }) => {
      if (stretch[0]?.sign !== "=") return changedRows(stretch, from, to);
      const kept = stretch.map((row) => sameRow(row, from, to));
      return keptRows(kept, index === 0, index === length - 1);
    });
    const name = `main.ts of ${from} and ${to}, line by line`;
    return `<div class="scroll" tabindex="0" role="region" aria-label="${name}"><table>
<thead><tr><th scope="col">${from}</th><th scope="col" class="old">main.ts</th><th scope="col">${to}</th><th scope="col">main.ts</th></tr></thead>
<tbody>${parts.join("")}</tbody>
</table></div>`.replaceAll("<tbody></tbody>", "");
  }

  /** @type {(rows: CompareRow[], sign: string) => number} */
  function count(rows, sign) {
    return rows.filter((row) => row.sign === sign || row.sign === "~").length;
  }

  // ── The page ──

  /** @type {<T>(found: T | null) => T} */
  function there(found) {
    if (found === null) throw new Error("expected the elements of compare.html");
    return found;
  }

  /** @type {(id: string) => HTMLSelectElement} */
  const select = (id) => there(document.querySelector(`select#${id}`));
  const [fromChoice, toChoice] = [select("from"), select("to")];
  const figure = there(document.getElementById("compared"));
  const total = there(figure.querySelector("output"));
  const list = there(figure.querySelector(".told"));
  const place = there(figure.querySelector(".rows"));

  function draw() {
    const [from, to] = [fromChoice.value, toChoice.value];
    const rows = rowsOf(scriptOf(from, to));
    const [added, deleted] = [count(rows, "+"), count(rows, "-")];
    total.innerHTML =
      from === to
        ? `${from} · ${titles[from]} is the same chapter twice: nothing differs.`
        : `${from} → ${to} <b>main.ts</b> <span class="plus">+${added}</span> <span class="minus">−${deleted}</span>`;
    list.innerHTML = [...new Set([from, to])].map((number) => `<li>${told[number]}</li>`).join("");
    place.innerHTML = tableOf(from, to, rows);
  }

  /** Follows the address: compare.html#07-13. */
  function follow() {
    const [, from = "", to = ""] = /^#(\d+)-(\d+)$/.exec(location.hash) ?? [];
    if (files[from] && files[to]) {
      fromChoice.value = from;
      toChoice.value = to;
    }
    draw();
  }

  /** @type {(from: string, to: string) => void} */
  function go(from, to) {
    location.hash = `${from}-${to}`;
  }

  const choose = () => go(fromChoice.value, toChoice.value);
  fromChoice.addEventListener("change", choose);
  toChoice.addEventListener("change", choose);
  there(document.getElementById("swap")).addEventListener("click", () => {
    go(toChoice.value, fromChoice.value);
  });
  addEventListener("hashchange", follow);
  // A browser may keep what was chosen before a reload. The address decides.
  const [first = "", second = ""] = Object.keys(files).sort();
  fromChoice.value = first;
  toChoice.value = second;
  follow();
  for (const hidden of [figure, there(document.querySelector("form.compare"))]) {
    hidden.toggleAttribute("hidden", false);
  }
})();
