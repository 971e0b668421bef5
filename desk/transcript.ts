import { folded, showCalls, showEntry, showReply, showRequest, showSegment } from "./beside.ts";
import { escapeHtml, type Html } from "./html.ts";
import { readRun, type Run, type Step } from "./runs.ts";
import { divideBlock } from "./segments.ts";
import { whereRecorded } from "./timeline.ts";

/** What happened in a step that the transcript does not show. */
function showBeside({ wire, ran, fedBack, kind }: Step, missing: string | undefined): Html {
  const parts = [
    ...(wire ? [showRequest(wire), showReply(wire)] : []),
    ...(kind === "reply" && !wire ? ["<p>No request: this reply was recorded before.</p>"] : []),
    ...(kind === "reply" && missing ? [`<p>${escapeHtml(missing)}</p>`] : []),
    ...(ran.length > 0 ? [showCalls(ran)] : []),
    ...(fedBack.length > 0
      ? [folded("Fed back to the model", fedBack.map(showEntry).join(""))]
      : []),
  ];
  return parts.length > 0 ? `<div class="beside">${parts.join("\n")}</div>` : "";
}

const CONTROLS = `<div class="controls" data-js hidden>
<button type="button" class="plain" data-go="previous">Previous</button>
<button type="button" class="plain" data-go="next">Next step</button>
<button type="button" class="plain" data-go="all">All</button>
<span class="place" aria-live="polite"></span>
<span class="keys">Keys with the focus here: ← →</span>
</div>`;

function showAll(items: readonly Html[], text: string, note: Html): Html {
  const [command = ""] = text.split("\n");
  const controls = items.length > 2 ? CONTROLS : "";
  return `<section class="transcript" aria-label="Transcript of ${escapeHtml(command.replace("$ ", ""))}" tabindex="-1">
${controls}<ol class="said-list">${items.join("\n")}</ol>${note}</section>`;
}

/** The steps of a recorded run, with what is on the wire and what ran. The command is not a part of it. */
function showRun({ parts, recording, transcript }: Run): Html {
  const [command = ""] = transcript.split("\n");
  const steps = parts.flatMap(({ steps, missing }) => steps.map((step) => ({ step, missing })));
  const last = steps.length - 1;
  const items = steps.map(({ step, missing }, index) => {
    const before = index === 0 ? `${command}\n` : "";
    const text = `${before}${index === last ? step.text.trimEnd() : step.text}`;
    return showSegment({ ...step, text }, showBeside(step, missing));
  });
  const note = `<p class="recorded">${escapeHtml(whereRecorded(recording))}</p>`;
  return showAll(items, transcript, note);
}

/**
 * A console block of a chapter's page as steps. The output of the chapter's demo has beside each step what
 * was recorded: the exchange with the model, the calls that ran, what went back to the model.
 *
 * @param number the chapter's number
 * @param text the block, as it stands on the page
 */
export function renderTranscript(number: string, text: string): Html {
  const run = readRun(number);
  const block = text.trimEnd();
  if (run && run.transcript === block) return showRun(run);
  const items = divideBlock(block).map((segment) => showSegment(segment, ""));
  return showAll(items, block, "");
}
