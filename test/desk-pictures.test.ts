// Each Mermaid block of the book has its picture, which shows every label, follows the colours of the page,
// and brings nothing into it that reaches further.
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Block, blocks, leftOver, missing, pictureFile, pictureName } from "../desk/blocks.ts";
import { drawPicture, openMermaid } from "../desk/drawing.ts";
import { wordsOf } from "../desk/picture-words.ts";
import { pictureOf } from "../desk/pictures.ts";
import { polishPicture } from "../desk/polish.ts";
import { allIn, parseSvg, printSvg, type Shape, textOf } from "../desk/svg.ts";
import { chapters, ROOT } from "../scripts/chapters.ts";
import { run } from "../scripts/run.ts";
import { useBrowser } from "./support/browser.ts";

const { browserTest, browser } = await useBrowser();

const BLOCKS = blocks();

function read({ source }: Block): string {
  return readFileSync(pictureFile(source), "utf8");
}

function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), "pictures-"));
}

test("each block has its picture, and no picture is left over", () => {
  expect({ missing: missing(BLOCKS), left: leftOver(BLOCKS) }).toEqual({ missing: [], left: [] });
});

test("the blocks are those of all pages, each with its line", () => {
  const pages = chapters().map(({ folder }) => `chapters/${folder}/README.md`);
  const texts = ["README.md", "CONTRIBUTING.md", "chapters/GLOSSARY.md", "chapters/RELIABILITY.md"];
  const opened = [...texts, ...pages].flatMap((page) => {
    const lines = readFileSync(join(ROOT, page), "utf8").split("\n");
    return lines.flatMap((line, index) => (line === "```mermaid" ? [`${page}:${index + 1}`] : []));
  });
  const found = BLOCKS.map(({ page, line }) => `${page}:${line}`);
  expect(found.toSorted()).toEqual(opened.toSorted());
  expect(found.length).toBeGreaterThanOrEqual(20);
});

test("a picture that is missing or left over is noticed", () => {
  const folder = emptyFolder();
  const [first, second] = BLOCKS;
  if (!first || !second) throw new Error("the book has fewer than two blocks");
  writeFileSync(pictureFile(first.source, folder), "");
  writeFileSync(join(folder, "0123456789abcdef.svg"), "");
  expect(missing([first, second], folder)).toEqual([second]);
  expect(leftOver([first, second], folder)).toEqual([join(folder, "0123456789abcdef.svg")]);
});

test("npm run book:pictures -- --check agrees, and --help says what is done", async () => {
  const folder = ROOT;
  const check = await run("desk/draw.ts", ["--check"], { folder });
  expect(check).toEqual({ code: 0, stdout: "", stderr: "" });
  const help = await run("desk/draw.ts", ["--help"], { folder });
  expect(help.stdout).toMatch(/^npm run book:pictures\n.*no picture.*block is gone/s);
});

/** The labels of a block, found by its punctuation alone. */
function labelsOf(source: string): string[] {
  const patterns = [
    /^\s*participant \w+ as (.+)$/gm,
    /^\s*\w+\s*-[->x)]+\s*\w+: (.+)$/gm,
    /^\s*Note [^:]+: (.+)$/gm,
    /^\s*(?:par|and) (.+)$/gm,
    /\["?([^"\]*]+?)"?\]/g,
    /\{"?([^"}]+?)"?\}/g,
    /-- "?(.+?)"? -->/g,
    /^(\w+)$/gm,
  ];
  const found = patterns.flatMap((pattern) => [...source.matchAll(pattern)]);
  return found
    .flatMap(([, label = ""]) => label.split(/<br\s*\/?>/))
    .filter((label) => {
      return label !== "sequenceDiagram" && label !== "end";
    });
}

/** Without spaces, because the lines of a label are broken at them. */
function packed(text: string): string {
  return text.replaceAll(/\s/g, "");
}

/** The texts that can be seen in a picture, one after the other. */
function seenIn(svg: string): string {
  const texts = allIn(parseSvg(svg)).filter(({ name }) => name === "text");
  return packed(texts.map(textOf).join(" "));
}

function lostIn(block: Block, svg: string): string[] {
  const seen = seenIn(svg);
  return labelsOf(block.source).filter((label) => !seen.includes(packed(label)));
}

test("every label of a block can be read in its picture", () => {
  for (const block of BLOCKS) {
    const labels = labelsOf(block.source);
    expect({ page: block.page, lost: lostIn(block, read(block)) }).toEqual({
      page: block.page,
      lost: [],
    });
    expect(labels.length, block.page).toBeGreaterThanOrEqual(4);
  }
});

test("a label that is not in the picture is noticed, though the description has it", () => {
  const block = BLOCKS.find(({ page }) => page.includes("/04-"));
  if (!block) throw new Error("chapter 04 has no block");
  const svg = read(block).replace(">get_weather Beijing</t", "></t");
  expect(svg).toContain("get_weather Beijing");
  expect(lostIn(block, svg)).toEqual(["get_weather Beijing"]);
});

const COLOURS = readFileSync(join(ROOT, "desk/css/base.css"), "utf8");

/** What must not be in a picture. */
function faultsOf(svg: string): string[] {
  const shapes = allIn(parseSvg(svg));
  const names = shapes.map(({ name }) => name);
  const paint = shapes.flatMap(({ attributes }) => {
    return ["fill", "stroke"].flatMap((name) => attributes.get(name) ?? []);
  });
  const odd = paint.filter((value) => {
    const [, variable] = /^var\((--[\w-]+)\)$/.exec(value) ?? [];
    return value !== "none" && !(variable && COLOURS.includes(`${variable}:`));
  });
  const plain = svg.replace(' xmlns="http://www.w3.org/2000/svg"', "");
  const texts = shapes.filter(({ name }) => name === "text");
  return [
    ...names.filter((name) => /^(script|style|image|foreignObject|use|a)$/.test(name)),
    ...odd,
    ...(/https?:|\bhref|@import|\son\w+=|\s(?:class|style)=/.exec(plain) ?? []),
    ...(/#[\da-f]{3,8}\b|\b(?:rgba?|hsla?)\(/i.exec(plain.replaceAll(/#picture-[\da-f]+/g, "")) ??
      []),
    ...texts.filter(({ attributes }) => attributes.get("fill") !== "var(--ink)").map(textOf),
    ...(svg.length < 30_000 ? [] : [`${svg.length} bytes`]),
  ];
}

test("a picture has no script, no style, no link, no colour of its own, and is small", () => {
  const faults = BLOCKS.map((block) => [block.page, faultsOf(read(block))]);
  expect(faults).toEqual(BLOCKS.map(({ page }) => [page, []]));
});

test.each([
  ["a script", "<script>1</script>", "script"],
  ["a style", "<style>p{}</style>", "style"],
  ["a link elsewhere", '<g data-from="https://a.example"></g>', "https:"],
  ["a colour", '<path fill="red" d="M0 0"/>', "red"],
  ["a colour in hexadecimal digits", '<path d="M0 0" color="#fff"/>', "#fff"],
  ["a variable that no page has", '<path stroke="var(--blue)" d="M0 0"/>', "var(--blue)"],
  ["a text in another colour than ink", '<text fill="var(--soft)">a</text>', "a"],
  ["something that runs", '<g onclick="1"></g>', " onclick="],
])("a picture with %s is noticed", (_, inner, fault) => {
  expect(faultsOf(`<svg xmlns="http://www.w3.org/2000/svg">${inner}</svg>`)).toContain(fault);
});

test("ids belong to one picture each, and every reference leads to one", () => {
  const all = BLOCKS.flatMap((block) => allIn(parseSvg(read(block))));
  const ids = all.flatMap(({ attributes }) => attributes.get("id") ?? []);
  expect(new Set(ids).size).toBe(ids.length);
  const references = BLOCKS.flatMap((block) => {
    const svg = read(block);
    const own = [...svg.matchAll(/ id="(.*?)"/g)].map(([, id]) => id);
    const used = [...svg.matchAll(/url\(#(.*?)\)/g)].map(([, id]) => id);
    expect(used.filter((id) => !own.includes(id))).toEqual([]);
    return used;
  });
  expect(references.length).toBeGreaterThan(50);
});

test("a picture is an image with a title and a description, and its block unfolds below it", () => {
  for (const { source, page } of BLOCKS) {
    const html = pictureOf(source);
    const { title, description } = wordsOf(source);
    expect(html, page).toMatch(
      /^<figure class="picture">\n<div class="scroll" tabindex="0" role="region" aria-label="/,
    );
    const root = parseSvg(/<svg.*<\/svg>/s.exec(html)?.[0] ?? "");
    expect(root.attributes.get("role")).toBe("img");
    expect(root.children.slice(0, 2)).toMatchObject([
      { name: "title", children: [title] },
      { name: "desc", children: [description] },
    ]);
    const pre = parseSvg(/<pre.*<\/pre>/s.exec(html)?.[0] ?? "");
    expect(textOf(pre)).toBe(source.trim());
  }
});

test("a picture may shrink to four fifths of its size", () => {
  const source = BLOCKS[0]?.source ?? "";
  const width = Number(/ width="(\d+)"/.exec(pictureOf(source))?.[1]);
  expect(pictureOf(source)).toContain(`style="max-width:max(100%,${Math.round(width * 0.8)}px)"`);
});

describe("a block without a picture", () => {
  test("is named by its page and line", () => {
    const block = BLOCKS.find(({ page }) => page.includes("/04-"));
    if (!block) throw new Error("chapter 04 has no block");
    expect(() => pictureOf(block.source, emptyFolder())).toThrow(
      new Error(
        `chapters/04-parallel-tools/README.md:${block.line}: the block has no picture; npm run book:pictures draws it`,
      ),
    );
  });

  test("is named by its first line if no page has it", () => {
    expect(() => pictureOf("flowchart LR\n  a --> b\n")).toThrow(
      new Error('the block "flowchart LR …" has no picture; npm run book:pictures draws it'),
    );
  });
});

describe("in words", () => {
  test("a sequence says who sends what to whom", () => {
    const source = `sequenceDiagram
    participant M as model
    participant P as main program
    M-->>P: two calls
    Note over M,P: a pause<br/>of both
    par fast
        P->>M: one
    and
        P--xM: two: lost
    end
`;
    expect(wordsOf(source)).toEqual({
      title: "Messages between model, main program",
      description:
        "model to main program: two calls. Note at model and main program: a pause of both. At the same time, fast: main program to model: one. And: main program to model: two: lost. End of this part.",
    });
  });

  test("a flow chart says which step leads where", () => {
    const source = `flowchart LR
    A[ask the model] --> B{"does it<br>fit: now?"} -- no --> A
    B -- "yes, or maybe" --> C & D
    C -->|then| D
`;
    expect(wordsOf(source)).toEqual({
      title: "Flow chart: ask the model; does it fit: now?; C; D",
      description:
        "From “ask the model” to “does it fit: now?”. From “does it fit: now?” to “ask the model”: no. From “does it fit: now?” to “C”: yes, or maybe. From “does it fit: now?” to “D”: yes, or maybe. From “C” to “D”: then.",
    });
  });

  test("a diagram of states says what leads from one to the next", () => {
    expect(
      wordsOf("stateDiagram-v2\n    [*] --> queued\n    queued --> running: a lane: free\n"),
    ).toEqual({
      title: "States: the start; queued; running",
      description: "From “the start” to “queued”. From “queued” to “running”: a lane: free.",
    });
  });

  test("no block of the book keeps Mermaid's marks", () => {
    const all = BLOCKS.map(({ source }) => Object.values(wordsOf(source)).join(" "));
    expect(all.filter((text) => /-->|->>|<br|\[\*|participant/.test(text))).toEqual([]);
  });
});

describe("markup", () => {
  test("is the same after it was read and written", () => {
    for (const block of BLOCKS) {
      const svg = read(block).trim();
      const again = (shape: Shape): Shape => parseSvg(printSvg(shape));
      expect(again(parseSvg(svg))).toEqual(parseSvg(svg));
    }
    expect(printSvg(parseSvg('<g a="1 &lt; 2"><b/>x &amp; &#34;y&#34;</g>'))).toBe(
      '<g a="1 &#60; 2"><b/>x &#38; &#34;y&#34;</g>',
    );
  });

  test.each(["<g><b></g></b>", "<g><b></b>", "text"])("%s is refused", (markup) => {
    expect(() => parseSvg(markup)).toThrow("the markup");
  });

  test("a marker is named after its picture, and one that nothing uses is dropped", () => {
    const path = '<path d="M0 0" fill="none" stroke="rgb(1, 2, 4)" marker-end="url(#drawn-end)"/>';
    const markers = '<marker id="drawn-end"></marker><marker id="drawn-start"></marker>';
    const words = { title: "A picture", description: "An arrow." };
    const drawn = parseSvg(`<svg viewBox="0 0 1 1">${markers}${path}</svg>`);
    const svg = printSvg(polishPicture(drawn, "0123", words));
    expect(svg).toContain('marker-end="url(#picture-0123-1)"');
    expect(svg.match(/ id="[^"]*"/g)).toEqual([' id="picture-0123-1"']);
  });

  test("a colour of Mermaid's own is refused", () => {
    const words = { title: "A picture", description: "A path." };
    const draw = (fill: string): Shape => {
      const path = `<path d="M0 0" fill="${fill}" stroke="none"/>`;
      return polishPicture(parseSvg(`<svg viewBox="0 0 1 1">${path}</svg>`), "name", words);
    };
    expect(printSvg(draw("rgb(1, 2, 4)"))).toContain('fill="var(--ink)"');
    expect(() => draw("rgb(255, 255, 222)")).toThrow(
      "Mermaid draws with a colour of its own, rgb(255, 255, 222)",
    );
  });
});

/** Runs in a browser. The texts that lie on another one of their picture, or that leave it. */
const COLLISIONS = `[...document.querySelectorAll("svg")].flatMap((svg) => {
  const box = (one) => one.getBoundingClientRect();
  const meet = (a, b, by) => a.left + by < b.right && b.left + by < a.right && a.top + by < b.bottom && b.top + by < a.bottom;
  const outer = box(svg);
  const texts = [...svg.querySelectorAll("text")];
  return texts.filter((text, index) => {
    const own = box(text);
    const leaves = own.left < outer.left - 1 || own.right > outer.right + 1 || own.bottom > outer.bottom + 1;
    return leaves || texts.slice(index + 1).some((other) => meet(own, box(other), 4));
  }).map((text) => text.textContent);
})`;

browserTest(
  "a browser draws each kind of block as it is kept, but for the widths of its fonts",
  async () => {
    const page = await openMermaid(browser());
    const kinds = ["04", "10", "11", "16"].flatMap((number) => {
      return BLOCKS.filter(({ page: path }) => path.startsWith(`chapters/${number}-`));
    });
    for (const block of kinds) {
      const drawn = await drawPicture(page, block.source);
      expect({ faults: faultsOf(drawn), lost: lostIn(block, drawn) }).toEqual({
        faults: [],
        lost: [],
      });
      const shapes = (svg: string): string[] => {
        return allIn(parseSvg(svg)).flatMap(({ name }) => (name === "tspan" ? [] : [name]));
      };
      expect(shapes(drawn)).toEqual(shapes(read(block)));
      await page.setContent(drawn);
      expect(await page.evaluate(COLLISIONS)).toEqual([]);
    }
    await expect(drawPicture(page, "flowchart LR\n    a[a (b)] --> c")).rejects.toThrow(
      "Parse error",
    );
    await page.close();
  },
);

browserTest(
  "no text of a kept picture leaves it or lies on another, and all fit a phone without sideways scroll",
  async () => {
    const page = await browser().newPage({ viewport: { width: 390, height: 800 } });
    const css = ["base", "picture"].map((name) => {
      return readFileSync(join(ROOT, `desk/css/${name}.css`), "utf8");
    });
    const style = `<style>${css.join("\n")} .scroll { overflow-x: auto }</style>`;
    await page.setContent(`${style}${BLOCKS.map(({ source }) => pictureOf(source)).join("")}`);
    const wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    expect(wide).toBe(0);
    expect(await page.evaluate(COLLISIONS)).toEqual([]);
    await page.close();
  },
);

test("a picture's name does not depend on the spaces around its block", () => {
  expect(pictureName("graph LR\na --> b\n")).toBe(pictureName("graph LR\na --> b"));
  expect(
    readdirSync(join(ROOT, "desk/pictures")).every((name) => /^[\da-f]{16}\.svg$/.test(name)),
  ).toBe(true);
});
