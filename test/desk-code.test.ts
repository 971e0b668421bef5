// The website shows code, types and diffs as they are: no line is lost, and git counts the same lines.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { afterEach, expect, test, vi } from "vitest";
import { type Chapter, chapters, findChapter, ROOT } from "../scripts/chapters.ts";
import { exercises } from "../scripts/exercises/list.ts";
import { gitDiff, gitDiffs } from "../scripts/git.ts";
import { renderCode } from "../desk/code.ts";
import { comparePage, type CompareData } from "../desk/compare.ts";
import { renderDiff } from "../desk/diff.ts";
import { renderExercises } from "../desk/exercises.ts";
import { makeSite } from "../desk/files.ts";
import { highlightLines } from "../desk/highlight.ts";
import { parseNotes } from "../desk/notes.ts";
import { changedWords } from "../desk/rows.ts";
import { hoverTypes } from "../desk/types.ts";

const all = chapters();
const changes = all.flatMap((chapter) => {
  return chapter.base ? [[chapter.folder, findChapter(chapter.base), chapter] as const] : [];
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** What a reader sees of a markup. */
function textOf(html: string): string {
  const text = html.replaceAll(/<[^>]*>/g, "");
  return text.replaceAll(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
}

/** The rows of a table, each as the text of its cells without the signs; their classes come first. */
function rowsIn(html: string): string[][] {
  const rows = [
    ...html
      .replaceAll(/<tbody class="gap".*<\/tbody>/g, "")
      .matchAll(/<tr(?: class="([^"]*)")?>(.*?)<\/tr>/g),
  ];
  return rows.map(([, look = "", row = ""]) => {
    const cells = [...row.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell = ""]) => cell);
    return [look, ...cells.map((cell) => textOf(cell.replace(/<i>.<\/i>/, "")))];
  });
}

/** Both files, as one view of a diff shows them: each line with its number. */
function filesIn(html: string, view: "inline" | "side") {
  const [before, after]: [string[], string[]] = [[], []];
  for (const [look = "", ...cells] of rowsIn(html)) {
    const [first, second = "", third, fourth = ""] = cells;
    const isKept = look === "" || look === "banner";
    if (isKept || (view === "side" && look === "two")) {
      if (first) before.push(`${first} ${second}`);
      if (third) after.push(`${third} ${fourth}`);
    }
    if (view === "inline" && look === "one del") before.push(`${first} ${third}`);
    if (view === "inline" && look === "one add") after.push(`${second} ${third}`);
  }
  return { before, after };
}

function numbered({ source }: Chapter): string[] {
  const lines = source.replace(/\n$/, "").split("\n");
  return lines.map((line, index) => `${index + 1} ${line}`);
}

function count(html: string, pattern: RegExp): number {
  return html.match(pattern)?.length ?? 0;
}

test.each(all.map((chapter) => [chapter.folder, chapter] as const))(
  "the highlighted lines of %s are its code",
  (_, { source }) => {
    const lines = highlightLines(source, "typescript");
    expect(lines.map(textOf).join("\n")).toBe(source);
    expect(lines.join("\n")).not.toMatch(/class="(tk-\w+)">[^<]*<\/span> *<span class="\1">/);
  },
);

test("code has classes for what it is made of, in each language of the pages", () => {
  const inside = `\${b}`;
  expect(highlightLines(`const a = \`${inside}!\`; // c`, "ts")).toEqual([
    `<span class="tk-keyword">const</span> a = <span class="tk-string">\`</span>${inside}<span class="tk-string">!\`</span>; <span class="tk-comment">// c</span>`,
  ]);
  expect(highlightLines('{ "a": 1 }', "json")).toEqual([
    '{ <span class="tk-type">&#34;a&#34;</span>: <span class="tk-number">1</span> }',
  ]);
  expect(highlightLines("npx tsx a.ts # b", "sh")).toEqual([
    '<span class="tk-function">npx</span> tsx a.ts <span class="tk-comment"># b</span>',
  ]);
  expect(highlightLines("a < b", "text")).toEqual(["a &#60; b"]);
});

test("the names of the files in a diff are not lines of code", () => {
  const diff = "--- a/main.ts\n+++ b/main.ts\n@@ -1,1 +1,1 @@\n---i;\n+++i;";
  const lines = highlightLines(diff, "diff");
  expect(lines.slice(0, 3)).toEqual(diff.split("\n").slice(0, 3));
  expect(lines.slice(3)).toEqual(["<del>---i;</del>", "<ins>+++i;</ins>"]);
});

test("a diff in a page keeps its signs, and each side of it is read as code of its own", () => {
  const lines = highlightLines("@@\n-const a = `b\n+const a = 1;\n c`;", "diff");
  expect(lines.map(textOf)).toEqual(["@@", "-const a = `b", "+const a = 1;", " c`;"]);
  expect(lines[1]).toMatch(/^<del>-<span.*<\/del>$/);
  expect(lines[2]).toBe(
    '<ins>+<span class="tk-keyword">const</span> a = <span class="tk-number">1</span>;</ins>',
  );
});

test("code has an address for each line, and no numbers in its text", () => {
  const chapter = findChapter("07");
  const html = renderCode(chapter);
  const ids = [...html.matchAll(/ id="L(\d+)"/g)].map(([, id]) => Number(id));
  expect(ids).toEqual(numbered(chapter).map((_, index) => index + 1));
  expect(textOf(html).trim()).toBe(chapter.source.trim());
});

test("names carry their types, and the code stays the same", async () => {
  const chapter = findChapter("07");
  const types = (await hoverTypes([chapter.file])).get(chapter.file);
  const html = renderCode(chapter, types);
  for (const type of [
    "runBatch: RunBatch",
    "outcomes: Outcome[]",
    "text: string",
    "tool: Tool",
    'type Outcome = { readonly type: "success";',
  ]) {
    expect(html).toContain(`data-type="${type.replaceAll('"', "&#34;")}`);
  }
  // The compiler names a module by its place on this machine.
  expect(html).not.toMatch(/data-type="[^"]*import\(/);
  expect(html).toContain(
    '<span class="tk-function" data-type="runCall: (call: { type: &#34;function_call&#34;; id: string; name: string; arguments: string; }) =&#62; Promise&#60;Outcome&#62;">runCall</span>',
  );
  expect(textOf(html.replace(/<p class="hint".*<\/p>/, "")).trim()).toBe(chapter.source.trim());
});

test("in a diff the names of new lines carry their types, and no others", async () => {
  const [from, to] = [findChapter("05"), findChapter("07")];
  const types = (await hoverTypes([to.file])).get(to.file);
  const html = renderDiff(from, to, { types });
  const typed = html.split("<tr").filter((row) => row.includes("data-type="));
  expect(typed.join("")).toContain('data-type="runBatch: RunBatch"');
  expect(typed.filter((row) => !row.includes("<i>+</i>"))).toEqual([]);
});

test("without the compiler's interface there are no types, and one line says so", async () => {
  const log = vi.spyOn(console, "log").mockReturnValue();
  const files = ["chapters/07-tool-runners/main.ts"];
  expect(await hoverTypes(files, "test/programs/no-compiler.ts")).toEqual(new Map());
  expect(log.mock.calls).toEqual([["no types on hover: Error: expected a compiler"]]);
});

test.each(changes)("the diff of %s has the lines that git counts, in both views", (_, from, to) => {
  const html = renderDiff(from, to);
  const numstat = gitDiff(from.file, to.file, "--numstat").split("\t").slice(0, 2).map(Number);
  expect([count(html, /<tr class="one add">/g), count(html, /<tr class="one del">/g)]).toEqual(
    numstat,
  );
  expect([count(html, /<td class="add">/g), count(html, /<td class="del">/g)]).toEqual(numstat);
  expect(textOf(/<figcaption>.*<\/figcaption>/.exec(html)?.[0] ?? "")).toBe(
    `${from.number} → ${to.number} main.ts +${numstat[0]} −${numstat[1]}`,
  );
  const files = { before: numbered(from), after: numbered(to) };
  expect(filesIn(html, "inline")).toEqual(files);
  expect(filesIn(html, "side")).toEqual(files);
});

test("changed lines say so without a colour", () => {
  const html = renderDiff(findChapter("05"), findChapter("07"));
  expect(count(html, /class="(?:one del|n del|one add|n add)"/g)).toBeGreaterThan(0);
  expect(count(html, /<tr class="one del">(?!.*<i>−<\/i>)/g)).toBe(0);
  expect(count(html, /<tr class="one add">(?!.*<i>\+<\/i>)/g)).toBe(0);
  expect(count(html, /<td class="del">(?!<i>−<\/i>)|<td class="add">(?!<i>\+<\/i>)/g)).toBe(0);
});

test("a folded stretch says how many lines it has, and shows them where nothing folds it", () => {
  const html = renderDiff(findChapter("05"), findChapter("07"));
  const folded = [
    ...html.matchAll(
      /<tbody class="gap" data-js hidden>.*>(\d+) unchanged lines<.*<tbody class="kept">([\s\S]*?)<\/tbody>/g,
    ),
  ];
  const counts = folded.map(([, lines, rows = ""]) => [Number(lines), count(rows, /<tr/g)]);
  expect(counts.length).toBeGreaterThan(2);
  for (const [said, there] of counts) expect(said).toBe(there);
  expect(Math.min(...counts.flat())).toBeGreaterThan(4);
});

test("words that changed are marked in lines that are alike, and nowhere else", () => {
  const before = "const outcomes = await runCalls(calls);";
  expect(changedWords(before, "const outcomes = await runBatch(calls);")).toEqual({
    before: [[23, 31]],
    after: [[23, 31]],
  });
  expect(changedWords(before, "  return runAgent(question);")).toEqual({ before: [], after: [] });
  const html = renderDiff(findChapter("05"), findChapter("07"));
  expect(html).toContain('<span class="tk-function"><mark>runCalls</mark></span>(calls);');
  expect(html).toContain('<span class="tk-function"><mark>runBatch</mark></span>(calls);');
});

const QUOTED = "const outcomes = await runBatch(calls);";

function withNotes(text: string): string {
  const notes = parseNotes("chapters/07-tool-runners/notes.md", text);
  return renderDiff(findChapter("05"), findChapter("07"), { notes });
}

test("a note stands under its line in both views", () => {
  const html = withNotes(
    `> ${QUOTED}\n\nThe loop calls \`runBatch\`.\n\n> return Promise.all(calls.map(runCall));\n\nAll at once.\n`,
  );
  const note = '<aside role="note">The loop calls <code>runBatch</code>.</aside>';
  const rows = html.split("\n").flatMap((line) => line.split(/(?<=<\/tr>)(?=<tr)/));
  for (const view of ["one", "two"]) {
    const index = rows.indexOf(`<tr class="${view} note"><td colspan="4">${note}</td></tr>`);
    expect(textOf(rows[index - 1] ?? "")).toContain(QUOTED);
    expect(rows[index - 1]).toContain(`<tr class="${view}`);
  }
  expect(count(html, /<aside role="note">All at once\.<\/aside>/g)).toBe(2);
});

test("a note whose line is not in the diff, or there twice, stops the build with one line", () => {
  const file = "chapters/07-tool-runners/notes.md";
  expect(() => withNotes("> const pool = new Piscina({\n\nIt stays.\n")).toThrow(
    new Error(`${file}: no line of the diff reads "const pool = new Piscina({"`),
  );
  expect(() => withNotes("> };\n\nTwice.\n")).toThrow(
    new Error(`${file}: several lines of the diff read "};"`),
  );
  expect(() => withNotes(`> ${QUOTED}\n`)).toThrow(
    new Error(`${file}: nothing is said about "${QUOTED}"`),
  );
  expect(() => withNotes("Words before a quote.\n")).toThrow(
    new Error(`${file}: expected "> " and a line of main.ts at the start`),
  );
});

const { scripts } = comparePage(makeSite(new Set()));
const compareScript = scripts["compare-data.js"] ?? "";
const data: CompareData = JSON.parse(compareScript.replace(/^const COMPARE = |;\n$/g, ""));

/** Follows an edit script from one chapter: gives the other, with its new lines taken from there. */
function follow(script: string, from: readonly string[], to: readonly string[]): string[] {
  const result: string[] = [];
  let at = 0;
  for (const [, sign, length] of script.matchAll(/([-=~+])(\d+)/g)) {
    const end = at + (sign === "+" ? 0 : Number(length));
    if (sign === "=") result.push(...from.slice(at, end));
    if (sign === "~" || sign === "+") {
      result.push(...to.slice(result.length, result.length + Number(length)));
    }
    at = end;
  }
  expect(at).toBe(from.length);
  return result;
}

test("the edit script of any two chapters makes the one from the other, in both directions", () => {
  const texts = (chapter: Chapter) => {
    return data.files[chapter.number]?.map((line) => textOf(data.lines[line] ?? "")) ?? [];
  };
  for (const [index, to] of all.entries()) {
    expect(`${texts(to).join("\n")}\n`).toBe(to.source);
    for (const from of all.slice(0, index)) {
      const script = data.scripts[from.number + to.number] ?? "";
      const back = script.replaceAll(/[-+]/g, (sign) => (sign === "+" ? "-" : "+"));
      expect(follow(script, texts(from), texts(to))).toEqual(texts(to));
      expect(follow(back, texts(to), texts(from))).toEqual(texts(from));
    }
  }
});

/** Runs the script of compare.html without a browser. */
function openCompare() {
  const listeners: (() => void)[] = [];
  const element = () => ({
    value: "",
    innerHTML: "",
    addEventListener: () => undefined,
    toggleAttribute: () => undefined,
  });
  const [from, to, total, table] = [element(), element(), element(), element()];
  const figure = {
    ...element(),
    querySelector: (selector: string) => (selector === "output" ? total : table),
  };
  const known = new Map<string, object>([
    ["select#from", from],
    ["select#to", to],
    ["compared", figure],
  ]);
  const find = (name: string) => known.get(name) ?? element();
  const location = { hash: "" };
  const addEventListener = (_: string, listener: () => void) => listeners.push(listener);
  const document = { querySelector: find, getElementById: find };
  const script = readFileSync(join(ROOT, "desk/client/compare.js"), "utf8");
  runInNewContext(compareScript + script, { document, location, addEventListener });
  return (hash: string) => {
    location.hash = hash;
    for (const listener of listeners) listener();
    return { total: textOf(total.innerHTML), table: table.innerHTML };
  };
}

const compare = openCompare();

/** A table as its rows, without what only a script needs. */
function bare(html: string): string {
  const table = /<table>[\s\S]*<\/table>/.exec(html)?.[0] ?? "";
  const rows = table.replaceAll(/\n| data-js| hidden| folded| aria-expanded="\w+"/g, "");
  return rows.replaceAll("</tr>", "</tr>\n");
}

test.each(changes)(
  "the page that compares shows %s and its base as its own page does",
  (...[, from, to]) => {
    const { table, total } = compare(`#${from.number}-${to.number}`);
    const html = renderDiff(from, to);
    expect(bare(table)).toBe(bare(html));
    expect(total).toBe(textOf(/<figcaption>(.*)<\/figcaption>/.exec(html)?.[1] ?? ""));
  },
);

test("any two chapters can be compared, in both directions", () => {
  for (const [first, second] of [
    ["07", "13"],
    ["01", "23"],
    ["06", "20"],
  ] as const) {
    const [low, high] = [findChapter(first), findChapter(second)];
    const there = compare(`#${first}-${second}`);
    const back = compare(`#${second}-${first}`);
    for (const view of ["inline", "side"] as const) {
      expect(filesIn(there.table, view)).toEqual({ before: numbered(low), after: numbered(high) });
      expect(filesIn(back.table, view)).toEqual({ before: numbered(high), after: numbered(low) });
    }
    const [added, deleted] = gitDiff(low.file, high.file, "--numstat").split("\t");
    expect(there.total).toBe(`${first} → ${second} main.ts +${added} −${deleted}`);
    expect(back.total).toBe(`${second} → ${first} main.ts +${deleted} −${added}`);
  }
});

test("on the way back, the same words are marked", () => {
  const { table } = compare("#07-05");
  const rows = table
    .split("<tr")
    .filter((row) =>
      /^ class="one .*function<\/span> <span class="tk-function">runAgent<\/span>\(question/.test(
        row,
      ),
    );
  const marks = rows.map((row) => /<mark>(.*)<\/mark>/.exec(row)?.[1]);
  expect(marks).toEqual([", runBatch = serialRunner", undefined]);
});

test("a chapter compared with itself says so, and an unknown address changes nothing", () => {
  const same = compare("#05-05");
  expect(same.total).toBe("05 · Error recovery is the same chapter twice: nothing differs.");
  expect(filesIn(same.table, "inline").after).toEqual(numbered(findChapter("05")));
  expect(compare("#05-99")).toEqual(same);
});

test("many pairs of files are compared as each pair is", () => {
  const files = ["04", "05", "13", "23"].map((number) => findChapter(number).file);
  const pairs = files.flatMap((from) => files.map((to) => [from, to] as const));
  const withoutNames = (text: string): string => text.replace(/^(.*\n){4}/, "");
  const expected = pairs.map(([from, to]) => withoutNames(gitDiff(from, to, "-U1")));
  expect(gitDiffs(pairs, "-U1").map(withoutNames)).toEqual(expected);
});

test("the page that compares tells which files stand beside a main.ts", () => {
  const { told } = Object(data);
  expect(told["07"]).toContain(">07 · Tool runners</a>");
  expect(told["13"]).toContain('chapters/13-dependency-detection/dependencies.ts.html"><code>');
  expect(textOf(told["13"])).toMatch(/, with dependencies\.ts.* beside its main\.ts$/);
});

test("the data of the page that compares stays under a megabyte", () => {
  expect(compareScript.length).toBeLessThan(1_000_000);
});

test("a chapter's exercises are folded: task, hint, and then a solution as a diff", () => {
  const html = renderExercises(findChapter("04"), makeSite(new Set()));
  const own = exercises().filter(({ chapter }) => chapter.number === "04");
  expect(html.match(/<details class="exercise" id="(04-[a-z-]+)">/g)).toHaveLength(own.length);
  expect(html.match(/<summary>Hint<\/summary>/g)).toHaveLength(own.length);
  expect(html.match(/<summary>A solution<\/summary>/g)).toHaveLength(own.length);
  expect(html).toContain("<code>npm run exercises 04-order</code>");
  expect(html).toContain("expected the results of slow, quick, in the order asked");
  expect(html).toMatch(/<pre class="diff"><code>.*\+ .*Promise/s);
});

test("an exercise shows where its start differs from the chapter, without the chapter's own lines", () => {
  const html = renderExercises(findChapter("04"), makeSite(new Set()));
  const [order = ""] = html.split('id="04-order"').slice(1);
  const [start = ""] = order.split("To do it").map(textOf);
  expect(start).toContain("The main.ts of this exercise is the chapter's, except here:");
  expect(start).toContain("results.push({ id: call.id, result });");
  expect(start).not.toContain("return { id: call.id, result: await runCall(call) };");
  const [once = ""] = html.split('id="04-once"').slice(1);
  expect(textOf(once)).toContain("It begins with the main.ts of this page.");
});
