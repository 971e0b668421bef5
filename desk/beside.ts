// What stands beside a step of a transcript: the exchange with the model, and the calls that ran.
import { escapeHtml, type Html } from "./html.ts";
import type { Ran } from "./scene.ts";
import { nameOf, type Segment } from "./segments.ts";
import type { Wire } from "./wire.ts";

/** A value as JSON, in a box of its own. */
export function asJson(value: unknown): Html {
  return `<pre class="json" tabindex="0">${escapeHtml(JSON.stringify(value, null, 2))}</pre>`;
}

/** A part that the reader opens. */
export function folded(title: Html, body: Html): Html {
  return `<details><summary>${title}</summary>${body}</details>`;
}

/** True for a message that has a text and nothing else. */
function isPlain(entry: object): entry is { readonly role: string; readonly content: string } {
  const { role, content, ...others } = Object(entry);
  const isSaid = typeof role === "string" && typeof content === "string";
  return isSaid && Object.keys(others).length === 0;
}

/** An entry of a conversation: a plain message as its text, anything else as JSON. */
export function showEntry(entry: unknown): Html {
  if (!(entry instanceof Object) || !isPlain(entry)) return asJson(entry);
  const { role, content } = entry;
  return `<p><code>${escapeHtml(role)}</code></p><pre class="json" tabindex="0">${escapeHtml(content)}</pre>`;
}

/** A request, without what the requests before it said. */
export function showRequest({ path, field, added, rest, opens }: Wire): Html {
  const title = opens ? "Request" : "Request: what it adds to the one before";
  const others = rest ? folded("The other fields of the request", asJson(rest)) : "";
  const where = `<p>POST <code>${escapeHtml(path)}</code>, in <code>${field}</code>:</p>`;
  return folded(title, `${where}${added.map(showEntry).join("")}${others}`);
}

/** The events of a stream, each on a line: its time, its type, its piece of the reply, its other fields. */
function showEvents(events: NonNullable<Wire["events"]>): Html {
  const lines = events.map(({ at, data }) => {
    const { type, delta, ...others } = Object(data);
    const fields = delta === undefined ? others : { delta, ...others };
    return `${`${at} ms`.padStart(8)}  ${type} ${JSON.stringify(fields)}`;
  });
  return `<pre class="json events" tabindex="0">${escapeHtml(lines.join("\n"))}</pre>`;
}

/** A reply and how long it took; a streamed one as its events. */
export function showReply({ start, end, reply, events }: Wire): Html {
  const streamed = events ? `, a stream of ${events.length} events` : "";
  const title = `Reply, after ${end - start} ms${streamed}`;
  return folded(title, events ? showEvents(events) : asJson(reply));
}

/** What ran, call by call. */
export function showCalls(ran: readonly Ran[]): Html {
  const items = ran.map(({ bar: { label, start, end, how }, zero }) => {
    const times = `from ${start - zero} to ${end - zero} ms, ${how}`;
    return `<li>${escapeHtml(label)}: ${times}</li>`;
  });
  const count = ran.length === 1 ? "1 call" : `${ran.length} calls`;
  return folded(`What ran: ${count}`, `<ul>${items.join("")}</ul>`);
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

/** A piece of a transcript, and what stands beside it. */
export function showSegment(segment: Segment, beside: Html): Html {
  const text = `<pre class="said">${showText(segment.text)}</pre>`;
  const gap = segment.text.endsWith("\n\n") ? " gap" : "";
  return `<li class="${segment.kind}${gap}" data-name="${nameOf(segment)}">${text}${beside}</li>`;
}
