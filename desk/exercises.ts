import type { Chapter } from "../scripts/chapters.ts";
import { filesAt, patchBetween } from "../scripts/exercises/files.ts";
import { type Exercise, exercises, FOLDER } from "../scripts/exercises/list.ts";
import { highlightLines } from "./highlight.ts";
import type { Html } from "./html.ts";
import { renderMarkdown, type Site, scrolling } from "./markdown.ts";
import { pageOf } from "./shell.ts";

/** The Markdown of a task without its title and its line of kind and time, which the summary has. */
function bodyOf({ task }: Exercise): string {
  return task.split("\n").slice(4).join("\n");
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
<p>To do it: <code>npm run exercises ${name}</code></p>
<details><summary>Hint</summary>${render(hint, "hint")}</details>
<details><summary>A solution</summary>${renderSolution(exercise)}</details>
</details>`;
}

/** The exercises of a chapter: each task, hint and solution is folded. Empty if there are none. */
export function renderExercises(chapter: Chapter, site: Site): Html {
  const own = exercises().filter(({ name }) => name.startsWith(`${chapter.number}-`));
  return own.map((exercise) => renderExercise(exercise, chapter, site)).join("\n");
}
