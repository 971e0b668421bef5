import { type Chapter, chapters } from "../scripts/chapters.ts";
import { escapeHtml, type Html } from "./html.ts";

/** Pages that belong to no chapter, by their file on the site. */
const OTHERS = [
  ["compare.html", "Compare two chapters"],
  ["glossary.html", "Glossary"],
  ["reliability.html", "What holds, and what does not"],
  ["contributing.html", "How to change the book"],
] as const;

/** The file of a chapter's page, as a path from the site's root. */
export function pageOf({ folder }: Chapter): string {
  return `chapters/${folder}/index.html`;
}

/** The way from a page to the site's root: "" or "../../". */
export function upFrom(file: string): string {
  return "../".repeat(file.split("/").length - 1);
}

/** Read once: every page shows the tree. */
const ALL = chapters();

function grownFrom(base: string): Chapter[] {
  return ALL.filter((chapter) => chapter.base === base);
}

/** How many chapters grow from one, directly or not. */
function countFrom(number: string): number {
  return grownFrom(number).reduce((sum, chapter) => sum + 1 + countFrom(chapter.number), 0);
}

function linkTo(chapter: Chapter, file: string): Html {
  const page = pageOf(chapter);
  const here = page === file ? ' aria-current="page"' : "";
  const number = `<span class="number">${chapter.number}</span>`;
  return `<a href="${upFrom(file)}${page}"${here}>${number} ${escapeHtml(chapter.title)}</a>`;
}

/**
 * The chapters from one on. The one that most others grow from stands below its base, as a trunk does.
 * The others are branches, in a list of their own.
 */
function itemsFrom(chapter: Chapter, file: string): Html[] {
  const grown = grownFrom(chapter.number);
  const most = Math.max(...grown.map(({ number }) => countFrom(number)));
  const trunk = most > 0 ? grown.find(({ number }) => countFrom(number) === most) : undefined;
  const branches = grown.filter((one) => one !== trunk).flatMap((one) => itemsFrom(one, file));
  const list = branches.length > 0 ? `<ul>${branches.join("")}</ul>` : "";
  const item = `<li>${linkTo(chapter, file)}${list}</li>`;
  return trunk ? [item, ...itemsFrom(trunk, file)] : [item];
}

/** The tree of chapters: a list of the trunk, with the branches of each chapter in a list below it. */
export function chapterTree(file: string): Html {
  const items = grownFrom("").flatMap((chapter) => itemsFrom(chapter, file));
  return `<div class="tree"><ul>${items.join("")}</ul></div>`;
}

function navigation(file: string): Html {
  const others = OTHERS.map(([page, title]) => {
    const here = page === file ? ' aria-current="page"' : "";
    return `<li><a href="${upFrom(file)}${page}"${here}>${title}</a></li>`;
  });
  return [
    '<nav id="chapters" class="chapters" aria-label="Chapters">',
    `<p>Each chapter builds on the one above it, an indented one on the one above its line</p>${chapterTree(file)}`,
    `<p>Also</p><ul>${others.join("")}</ul></nav>`,
  ].join("\n");
}

/** Runs before anything is drawn, so that no page flashes in the wrong colours. */
const THEME = `(function () {
  try {
    var theme = localStorage.getItem("theme");
  } catch (error) {
    theme = null;
  }
  var dark = theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  document.documentElement.dataset.js = "";
})();`;

function header(file: string): Html {
  const up = upFrom(file);
  return `<header class="top">
<a class="skip" href="#main">Skip to the text</a>
<button id="menu" class="plain" aria-expanded="false" aria-controls="chapters" hidden>Chapters</button>
<a class="home" href="${up}index.html">The Agent Loop</a>
<div class="find" role="search" hidden>
<label class="unseen" for="find">Search text and code</label>
<input id="find" type="search" placeholder="Search ( / )" autocomplete="off" spellcheck="false" aria-controls="hits">
<div id="hits" hidden></div>
</div>
<button id="theme" class="plain" hidden>Dark</button>
</header>`;
}

/** One page of the site. */
export type Page = {
  /** Its file, as a path from the site's root. */
  readonly file: string;
  readonly title: string;
  readonly main: Html;
  /** Scripts that it needs besides those of every page, as paths from the site's root. */
  readonly scripts?: readonly string[];
};

/** A whole page: the head, the top line, the tree of chapters, and what is given. */
export function renderPage({ file, title, main, scripts = [] }: Page): Html {
  const up = upFrom(file);
  const all = ["desk.js", "search.js", ...scripts];
  const tags = all.map((script) => `<script src="${up}${script}" defer></script>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} · The Agent Loop</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${up}desk.css">
<script>${THEME}</script>
${tags.join("\n")}
</head>
<body data-up="${up}">
${header(file)}
<div class="columns">
${navigation(file)}
<main id="main">
${main}
</main>
</div>
</body>
</html>
`;
}
