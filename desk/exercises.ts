import { parsePatch } from "diff";
import type { Chapter } from "../scripts/chapters.ts";
import { filesAt, patchBetween, readPatch } from "../scripts/exercises/files.ts";
import { type Exercise, exercises, FOLDER } from "../scripts/exercises/list.ts";
import { highlightLines } from "./highlight.ts";
import type { Html } from "./html.ts";
import { renderMarkdown, type Site, scrolling } from "./markdown.ts";
import { pageOf } from "./shell.ts";

/** The Markdown of a task without its title and its line of kind and time, which the summary has. */
function bodyOf({ task }: Exercise): string {
  return task.split("\n").slice(4).join("\n");
}

/** The places where the reader's program is not the chapter's at first, without what the chapter has there. */
function renderStart(exercise: Exercise): Html {
  const files = parsePatch(readPatch(exercise, "start")).filter(({ hunks }) => hunks.length > 0);
  if (files.length === 0)
    return '<p>It begins with <a href="#code">the <code>main.ts</code> of this page</a>.</p>';
  const places = files.map(({ newFileName = "", hunks }) => {
    const name = newFileName.replace("b/", "");
    const codes = hunks.map(({ lines }) => {
      const code = lines.flatMap((line) => (/^-|^ \/\/ ── /.test(line) ? [] : line.slice(1)));
      const text = code.join("\n").replaceAll(/^\n+|\n+$/g, "");
      return highlightLines(text, "typescript").join("\n");
    });
    const box = `<pre class="typescript"><code>${codes.join("\n\n…\n\n")}</code></pre>`;
    return `<p>The <code>${name}</code> of this exercise is the chapter's, except here:</p>
${scrolling(`The start of ${exercise.name}`, box)}`;
  });
  return places.join("\n");
}

/** A right answer, as changes to the start. */
function renderSolution(exercise: Exercise): Html {
  const patch = patchBetween(filesAt(exercise, "start"), filesAt(exercise, "solution"));
  const lines = highlightLines(patch.trimEnd(), "diff");
  const code = `<pre class="diff"><code>${lines.join("\n")}</code></pre>`;
  return scrolling(`A solution of ${exercise.name}`, code);
}

function renderExercise(exercise: Exercise, chapter: Chapter, site: Site): Html {
  const { name, title, kind, minutes, hint } = exercise;
  const render = (text: string, part: string): Html => {
    const path = `${FOLDER}/${name}/${part}.md`;
    return renderMarkdown({ path, text, file: pageOf(chapter), chapter: chapter.number }, site);
  };
  return `<details class="exercise" id="${name}">
<summary><b>${title}</b> ${kind.toLowerCase()}, about ${minutes} minutes</summary>
${render(bodyOf(exercise), "task")}
${renderStart(exercise)}
<p>To do it, in your copy of the book: <code>npm run exercises ${name}</code></p>
<details><summary>Hint</summary>${render(hint, "hint")}</details>
<details><summary>A solution</summary>${renderSolution(exercise)}</details>
</details>`;
}

/** The exercises of a chapter: each task, hint and solution is folded. Empty if there are none. */
export function renderExercises(chapter: Chapter, site: Site): Html {
  const own = exercises().filter(({ name }) => name.startsWith(`${chapter.number}-`));
  return own.map((exercise) => renderExercise(exercise, chapter, site)).join("\n");
}
