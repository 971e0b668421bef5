import { z } from "zod";
import { escapeHtml, type Html } from "./html.ts";
import { type Ran, readRun, type Run, type Step } from "./runs.ts";
import { divideBlock, nameOf, type Segment } from "./segments.ts";
import { whereRecorded } from "./timeline.ts";
import type { Wire } from "./wire.ts";

function asJson(value: unknown): Html {
  return `<pre class="json" tabindex="0">${escapeHtml(JSON.stringify(value, null, 2))}</pre>`;
}

function folded(title: Html, body: Html): Html {
  return `<details><summary>${title}</summary>${body}</details>`;
}

const Said = z.strictObject({ role: z.string(), content: z.string() });

/** An entry of a conversation: a plain message as its text, anything else as JSON. */
function showEntry(entry: unknown): Html {
  const said = Said.safeParse(entry);
  if (!said.success) return asJson(entry);
  const { role, content } = said.data;
  return `<p><code>${escapeHtml(role)}</code></p><pre class="json" tabindex="0">${escapeHtml(content)}</pre>`;
}

/** A request, without what the requests before it said. */
function showRequest({ path, field, added, rest, opens }: Wire): Html {
  const title = opens ? "Request" : "Request: what it adds to the one before";
  const others = rest ? folded("The other fields of the request", asJson(rest)) : "";
  const where = `<p>POST <code>${escapeHtml(path)}</code>, in <code>${field}</code>:</p>`;
  return folded(title, `${where}${added.map(showEntry).join("")}${others}`);
}

const Typed = z.looseObject({ type: z.string() });

/** The events of a stream, each on a line: its time, its type, its piece of the reply, its other fields. */
function showEvents(events: NonNullable<Wire["events"]>): Html {
  const lines = events.map(({ at, data }) => {
    const { type, delta, ...others } = Typed.parse(data);
    const fields = delta === undefined ? others : { delta, ...others };
    return `${`${at} ms`.padStart(8)}  ${type} ${JSON.stringify(fields)}`;
  });
  return `<pre class="json events" tabindex="0">${escapeHtml(lines.join("\n"))}</pre>`;
}

function showReply({ start, end, reply, events }: Wire): Html {
  const streamed = events ? `, a stream of ${events.length} events` : "";
  const title = `Reply, after ${end - start} ms${streamed}`;
  return folded(title, events ? showEvents(events) : asJson(reply));
}

/** What ran, call by call. */
function showCalls(ran: readonly Ran[]): Html {
  const items = ran.map(({ bar: { label, start, end, how }, zero }) => {
    const times = `from ${start - zero} to ${end - zero} ms, ${how}`;
    return `<li>${escapeHtml(label)}: ${times}</li>`;
  });
  const count = ran.length === 1 ? "1 call" : `${ran.length} calls`;
  return folded(`What ran: ${count}`, `<ul>${items.join("")}</ul>`);
}

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

/** Lines of a table that is made of letters. They must not be wrapped. */
const DRAWN = /(?:^(?:.*[│┌├└].*|\S.*? {3,}\S.*)(?:\n|$))+/gm;

function showText(text: string): Html {
  const tables = [...text.matchAll(DRAWN)];
  const parts = tables.map(([table], index) => {
    const before = tables[index - 1];
    const from = before ? before.index + before[0].length : 0;
    const words = text.slice(from, tables[index]?.index);
    const label = 'tabindex="0" role="region" aria-label="Table"';
    return `${escapeHtml(words)}<span class="drawn" ${label}>${escapeHtml(table)}</span>`;
  });
  const last = tables.at(-1);
  return parts.join("") + escapeHtml(text.slice(last ? last.index + last[0].length : 0));
}

function showSegment(segment: Segment, beside: Html): Html {
  const text = `<pre class="said">${showText(segment.text)}</pre>`;
  const gap = segment.text.endsWith("\n\n") ? " gap" : "";
  return `<li class="${segment.kind}${gap}" data-name="${nameOf(segment)}">${text}${beside}</li>`;
}

const CONTROLS = `<div class="controls" data-js hidden>
<button type="button" class="plain" data-go="previous">Previous</button>
<button type="button" class="plain" data-go="next">Next step</button>
<button type="button" class="plain" data-go="all">All</button>
<span class="place" aria-live="polite"></span>
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
