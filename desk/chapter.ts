import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Chapter, findChapter, ROOT } from "../scripts/chapters.ts";
import { renderCode } from "./code.ts";
import { renderDiff } from "./diff.ts";
import { renderExercises } from "./exercises.ts";
import type { Html } from "./html.ts";
import type { Site } from "./markdown.ts";
import { readNotes } from "./notes.ts";
import { renderPlay } from "./play.ts";
import { type Page, pageOf } from "./shell.ts";
import { renderTimelines } from "./timeline.ts";
import type { Types } from "./types.ts";

/** What all pages are made with: where files are shown, and the types of each file's names. */
export type Book = { readonly site: Site; readonly types: ReadonlyMap<string, Types> };

/** A part of a chapter's page behind its text: its anchor, its name in the line of links, and what it shows. */
type View = {
  readonly anchor: string;
  readonly name: string;
  readonly title: string;
  readonly body: Html;
};

/** The other files of a chapter, which its main.ts imports, as paths from the root. */
export function filesBeside({ folder }: Chapter): string[] {
  return readdirSync(join(ROOT, "chapters", folder))
    .filter((name) => name.endsWith(".ts") && name !== "main.ts")
    .map((name) => `chapters/${folder}/${name}`);
}

/** Links to the other files of a chapter. */
export function otherFiles(chapter: Chapter, site: Site): Html {
  const links = filesBeside(chapter).map((path) => {
    return `<a href="../../${site.fileOf(path)}"><code>${path.replace(/^.*\//, "")}</code></a>`;
  });
  return links.length > 0 ? `<p>Beside it: ${links.join(", ")}</p>` : "";
}

function viewsOf(chapter: Chapter, { site, types }: Book): View[] {
  const { number, base, folder, file } = chapter;
  const code = `${otherFiles(chapter, site)}${renderCode(chapter, types.get(file))}`;
  const views: View[] = [
    { anchor: "ask", name: "Ask", title: "Ask your own question", body: renderPlay(chapter) },
    { anchor: "time", name: "Run", title: "The run, in time", body: renderTimelines(number) },
    { anchor: "code", name: "Code", title: `The whole of ${folder}/main.ts`, body: code },
  ];
  if (base) {
    const others = `<p><a href="../../compare.html#${base}-${number}">Compare it with any other chapter</a></p>`;
    const extras = { notes: readNotes(folder), types: types.get(file) };
    const body = renderDiff(findChapter(base), chapter, extras) + others;
    const title = `All that changed from ${base}`;
    views.splice(2, 0, { anchor: "diff", name: "Diff", title, body });
  }
  const tasks = renderExercises(chapter, site);
  if (tasks)
    views.push({ anchor: "exercises", name: "Exercises", title: "Exercises", body: tasks });
  return views;
}

/** Links to the chapters around one, for the end of its page: the last line of its text. */
function linksAround(text: Html): Html {
  const [, links = ""] = /<p>(previous: .*)<\/p>\s*$/.exec(text) ?? [];
  return `<nav class="around" aria-label="Chapters around this one">${links}</nav>`;
}

/** The page of a chapter: its text, its recorded run, its diff to the base, its code. */
export function chapterPage(chapter: Chapter, text: Html, book: Book): Page {
  const views = viewsOf(chapter, book);
  const links = views.map(({ anchor, name }) => `<a href="#${anchor}">${name}</a>`);
  const parts = views.map(({ anchor, title, body }) => {
    return `<section class="view" id="${anchor}" aria-labelledby="${anchor}-title">
<h2 id="${anchor}-title">${title}</h2>
${body}
</section>`;
  });
  const main = `<div class="parts" role="navigation" aria-label="Parts of this page"><a href="#text">Text</a>${links.join("")}</div>
<div class="halves">
<article class="text" id="text">${text}</article>
<div class="workbench">${parts.join("\n")}</div>
</div>
${linksAround(text)}`;
  const scripts = ["code.js", "run.js", "play.js"];
  return { file: pageOf(chapter), title: `${chapter.number} · ${chapter.title}`, main, scripts };
}
