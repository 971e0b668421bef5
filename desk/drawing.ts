// Draws a Mermaid block in a browser.
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { pictureName } from "./blocks.ts";
import type { Html } from "./html.ts";
import { wordsOf } from "./picture-words.ts";
import { PAINT, polishPicture, standIn } from "./polish.ts";
import { parseSvg, printSvg } from "./svg.ts";

/** DejaVu Sans and Verdana are the widest of the fonts that readers have, so a text fits in all of them. */
const FONT = '"DejaVu Sans", Verdana, sans-serif';

const [paper, panel, line] = [standIn("--paper"), standIn("--panel"), standIn("--line")];
const [ink, soft] = [standIn("--ink"), standIn("--soft")];
const [accent, accentSoft] = [standIn("--accent"), standIn("--accent-soft")];

const THEME = {
  background: paper,
  primaryColor: panel,
  primaryTextColor: ink,
  primaryBorderColor: soft,
  lineColor: soft,
  textColor: ink,
  titleColor: ink,
  mainBkg: panel,
  nodeBorder: soft,
  nodeTextColor: ink,
  edgeLabelBackground: paper,
  actorBkg: panel,
  actorBorder: soft,
  actorTextColor: ink,
  actorLineColor: line,
  signalColor: soft,
  signalTextColor: ink,
  labelBoxBkgColor: accentSoft,
  labelBoxBorderColor: accent,
  labelTextColor: ink,
  loopTextColor: ink,
  noteBkgColor: accentSoft,
  noteTextColor: ink,
  noteBorderColor: accentSoft,
  stateBkg: panel,
  stateLabelColor: ink,
  transitionColor: soft,
  transitionLabelColor: ink,
  specialStateColor: soft,
  labelColor: ink,
  labelBackgroundColor: paper,
};

const SETTINGS = {
  startOnLoad: false,
  theme: "base",
  themeVariables: { ...THEME, fontFamily: FONT, fontSize: "14px" },
  fontFamily: FONT,
  fontSize: 14,
  themeCSS: `.node polygon { fill: ${accentSoft}; stroke: ${accent}; }`,
  htmlLabels: false,
  flowchart: {
    htmlLabels: false,
    useMaxWidth: false,
    nodeSpacing: 20,
    rankSpacing: 28,
    padding: 8,
  },
  state: { useMaxWidth: false, nodeSpacing: 50, rankSpacing: 44, padding: 8 },
  sequence: {
    useMaxWidth: false,
    mirrorActors: false,
    actorFontSize: 14,
    messageFontSize: 14,
    noteFontSize: 14,
    actorFontWeight: 600,
    width: 124,
    height: 40,
    actorMargin: 24,
    diagramMarginX: 8,
    diagramMarginY: 8,
    messageMargin: 30,
    noteMargin: 8,
    boxMargin: 8,
    boxTextMargin: 4,
  },
};

/** In a wrapped diagram, Mermaid makes no room for lines that the block breaks itself. */
function settingsFor(source: string): string {
  const sequence = { ...SETTINGS.sequence, wrap: !source.includes("<br") };
  return JSON.stringify({ ...SETTINGS, sequence });
}

/** What is used of an element in the browser. The book is compiled without the types of one. */
type Drawn = {
  readonly outerHTML: string;
  querySelectorAll(selector: string): Iterable<Drawn>;
  computedStyleMap(): { get(name: string): unknown };
  setAttribute(name: string, value: string): void;
};

const LABEL_WIDTH = 18;

/** Breaks the long labels of a state diagram's edges. As they are, they would lie on top of each other. */
function breakLabels(source: string): string {
  if (!source.startsWith("stateDiagram")) return source;
  const fit = new RegExp(`(.{1,${LABEL_WIDTH}})(?: |$)`, "g");
  return source.replaceAll(/(?<=-->.*: ).*$/gm, (label) => {
    return [...label.matchAll(fit)].map(([, text]) => text).join("<br/>");
  });
}

/** Runs in the browser. Writes into each element how it is painted, and returns the markup. */
function writePaint(svg: Drawn, names: readonly string[]): string {
  for (const element of [svg, ...svg.querySelectorAll("*")]) {
    const style = element.computedStyleMap();
    for (const name of names) element.setAttribute(name, String(style.get(name)));
  }
  return svg.outerHTML;
}

/** Opens a page that has loaded Mermaid. */
export async function openMermaid(browser: Browser): Promise<Page> {
  const page = await browser.newPage();
  await page.addScriptTag({ path: createRequire(import.meta.url).resolve("@mermaid-js/tiny") });
  return page;
}

/**
 * Draws a Mermaid block in a page of openMermaid.
 *
 * @throws an error if Mermaid cannot parse it, or paints with a colour of its own
 */
export async function drawPicture(page: Page, source: string): Promise<Html> {
  await page.evaluate(`mermaid.initialize(${settingsFor(source)})`);
  const show = "({ svg }) => { document.body.innerHTML = svg; }";
  await page.evaluate(
    `mermaid.render("drawn", ${JSON.stringify(breakLabels(source))}).then(${show})`,
  );
  const markup = await page.locator("svg").evaluate(writePaint, PAINT);
  return printSvg(polishPicture(parseSvg(markup), pictureName(source), wordsOf(source)));
}
