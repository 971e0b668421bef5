// Draws stories: the transcript, the calls on the line of time, the mailbox.
import { folded, showReply, showRequest, showSegment } from "../beside.ts";
import { escapeHtml, type Html } from "../html.ts";
import { type Drawn, drawScene } from "../scene.ts";
import { divide } from "../segments.ts";
import { answersOf, barsOf, isOpen, measure, scenesOf, type Story, wiresOf } from "./story.ts";

/** The texts of a story in their order: what was printed on one stream, up to a line on the other. */
function blocksOf({
  printed,
}: Story): { readonly stream: "stdout" | "stderr"; readonly text: string }[] {
  const blocks: { stream: "stdout" | "stderr"; text: string }[] = [];
  for (const { stream, text } of printed) {
    const last = blocks.at(-1);
    if (last?.stream === stream) last.text += text;
    else blocks.push({ stream, text });
  }
  return blocks;
}

/** The steps of a story as items of a list, with the exchanges of each. */
export function drawSteps(story: Story): Html[] {
  const wires = wiresOf(story).values();
  return blocksOf(story).flatMap(({ stream, text }) => {
    if (stream === "stderr") {
      return `<li class="status"><pre class="said">${escapeHtml(text)}</pre></li>`;
    }
    return divide(text).map((segment) => {
      const wire = segment.kind === "reply" ? wires.next().value : undefined;
      const beside = wire ? `<div class="beside">${showRequest(wire)}${showReply(wire)}</div>` : "";
      return showSegment(segment, beside);
    });
  });
}

/** The questions that stories were asked, each with its calls on the line of time. */
export function drawTimes(stories: readonly Story[]): Html {
  const scenes = scenesOf(stories);
  return scenes.map((scene, index) => drawScene(scene, `play-${index + 1}`)).join("\n");
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

function sayThreads(running: readonly Drawn[]): string {
  const places = running.flatMap(({ where }) => where?.replace("thread ", "") ?? []);
  if (places.length === 0) return "";
  return ` in ${places.length === 1 ? "thread" : "threads"} ${places.sort().join(", ")}`;
}

/** What waits, what runs, and what has ended. */
function sayNow(story: Story, bars: readonly Drawn[]): string {
  const running = bars.filter(isOpen);
  const waiting = bars.filter(({ how }) => how === "waiting");
  const ended = bars.length - running.length - waiting.length;
  if (!story.end) {
    return `queue ${waiting.length}, running ${running.length}${sayThreads(running)}, ended ${ended}`;
  }
  if (bars.length === 0) return "no call ran";
  const open = running.map(({ how }) => (how === "stopped" ? "stopped" : "still running"));
  const others = open.length > 0 ? `, ${count(open.length, "was", "were")} ${open[0]}` : "";
  return `${count(ended, "call has ended", "calls have ended")}${others}`;
}

/** The starts and ends in their order. While calls run it would change with each of them. */
function drawTrail(story: Story, bars: readonly Drawn[]): Html {
  if (!story.end || bars.length === 0) return "";
  const open = bars.filter(isOpen).length;
  const others = open > 0 ? ` and ${count(open, "call", "calls")} without an end` : "";
  const runs = [...new Set(bars.map(({ run }) => run))].sort((one, other) => one - other);
  const trails = runs.map((run) => {
    return `<code class="trail">${measure(bars.filter((bar) => bar.run === run)).trail}</code>`;
  });
  const each = runs.length > 1 ? ", run by run" : "";
  return `<br>Each ( is a start and each ) an end, in order${each}: ${trails.join(" ")}${others}`;
}

/** What waits, what runs, and what has ended, and how many calls ran at once. */
export function drawCounts(story: Story): Html {
  const bars = barsOf(story);
  const { peak } = measure(bars);
  const most = peak > 0 ? `, at most ${peak} at the same time` : "";
  const requests = count(story.exchanges.length, "request", "requests");
  return `<p>${story.number}: ${sayNow(story, bars)}${most}; ${requests} to the model${drawTrail(story, bars)}</p>`;
}

/** The answer of each story that has one. All have the same, or each stands behind its chapter's number. */
export function sayAnswers(stories: readonly Story[]): string {
  const said = stories.flatMap((story) => {
    const [answer, ...others] = new Set(answersOf(story));
    // Of several questions, the transcript shows which answer is whose.
    return answer === undefined || others.length > 0 ? [] : [{ story, answer }];
  });
  const isSame = new Set(said.map(({ answer }) => answer)).size === 1;
  if (isSame) return said[0]?.answer ?? "";
  return said.map(({ story, answer }) => `${story.number}: ${answer}`).join("\n");
}

/** The e-mails that were sent, oldest first. */
export function drawMailbox({ mailbox }: Story): Html {
  const mails = mailbox.split("\n").filter((line) => line !== "");
  if (mails.length === 0) return "";
  const items = mails.map((line) => {
    const { from, to, message } = Object(JSON.parse(line));
    return `<li><code>${escapeHtml(to)}</code> from <code>${escapeHtml(from)}</code>: ${escapeHtml(message)}</li>`;
  });
  const title = `Mailbox: ${count(mails.length, "e-mail", "e-mails")}`;
  return folded(title, `<ol>${items.join("")}</ol>`);
}
