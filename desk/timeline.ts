import { findChapter } from "../scripts/chapters.ts";
import type { Recording } from "../scripts/recording.ts";
import { escapeHtml, type Html } from "./html.ts";
import { readRun, type Run } from "./runs.ts";
import { drawLegend, drawScene, type Lane, lanesOf, type Scene } from "./scene.ts";

function nameOf(number: string): string {
  const { title } = findChapter(number);
  return `${number} · ${title}`;
}

/** The base's run with a question. */
function baseLanes({ base }: Recording, question: string): Lane[] {
  const asked = base?.asked.find((one) => one.question === question);
  if (!base || !asked) return [];
  const ran = asked.bars.map((bar) => ({ bar, zero: 0, result: undefined }));
  return lanesOf(base.number, `${nameOf(base.number)}, the base`, { ...asked, ran });
}

/** The scenes of a run: its questions in order, each with the base's run above the chapter's. */
function scenesOf(number: string, { recording, parts }: Run): Scene[] {
  const asked = parts.map(({ steps }) => {
    const [, question = ""] = /^Q: (.*)$/m.exec(steps.map(({ text }) => text).join("")) ?? [];
    return question;
  });
  return [...new Set(asked)].map((question) => {
    const own = parts.filter((_, index) => asked[index] === question);
    const lanes = own.flatMap(({ steps, wires, missing }) => {
      const [, part] = /^── (.*)/m.exec(steps[0]?.text ?? "") ?? [];
      const title = part === undefined ? nameOf(number) : `${nameOf(number)}: ${part}`;
      const ran = steps.flatMap((step) => step.ran);
      return lanesOf(number, title, { replies: wires, ran, missing });
    });
    return { question, lanes: [...baseLanes(recording, question), ...lanes] };
  });
}

function dayOf(date: string): string {
  const format = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
  return format.format(new Date(date));
}

/** The sentence that says where and when a run was recorded. */
export function whereRecorded({ date, machine }: Recording): string {
  const { node, cores, cpu, system } = machine;
  return `Recorded on ${dayOf(date)} on ${cores} cores (${cpu}, ${system}) with Node ${node.slice(1)}.`;
}

/**
 * The recorded run of a chapter's demo as timelines: for each question the base's run, and below it the
 * chapter's in the same scale. Empty if no run was recorded.
 */
export function renderTimelines(number: string): Html {
  const run = readRun(number);
  if (!run) return "";
  const scenes = scenesOf(number, run);
  const drawn = scenes.map((scene, index) => drawScene(scene, `call-${number}-${index + 1}`));
  return `<div class="timelines">${drawLegend()}${drawn.join("\n")}
<p class="recorded">${escapeHtml(whereRecorded(run.recording))} A run begins at 0 ms, with its first request or call. The offline model was told to take ${run.recording.latency} ms for each reply. <code>npm run bench runs ${number}</code> records it again.</p></div>`;
}
