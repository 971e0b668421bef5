// The panel of a chapter's page: takes a question, runs the chapter, and draws what it does while it does it.
import { type Asked, type Running, startProgram } from "./run.ts";
import { drawCounts, drawMailbox, drawSteps, drawTimes, sayAnswers } from "./show.ts";
import { barsOf, hear, newStory, now, type Story } from "./story.ts";

/** How often a run is drawn, in milliseconds. */
const FRAME_MS = 80;

/** A story with the program that tells it. */
type Told = { readonly story: Story; readonly running: Running };

function part(root: Element, name: string): HTMLElement {
  const found = root.querySelector(`[data-part="${name}"]`);
  if (found instanceof HTMLElement) return found;
  throw new Error(`the panel has no part ${name}`);
}

/** The values of the fields with a number, by their names, as far as the reader has changed them. */
function readFields(form: HTMLFormElement, kind: "knob" | "env"): Record<string, string> {
  const fields = [...form.querySelectorAll<HTMLInputElement | HTMLSelectElement>(`[data-${kind}]`)];
  return Object.fromEntries(fields.map(({ name, value }) => [name, value]));
}

function numbersOf(values: Record<string, string>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]));
}

/** Replaces the items of a list that have changed. The others stay, and with them what the reader has opened. */
function updateList(list: HTMLElement, items: readonly string[]): void {
  for (const [index, html] of items.entries()) {
    const old = list.children[index];
    if (old instanceof HTMLElement && old.dataset.html === html) continue;
    const box = document.createElement("template");
    box.innerHTML = html;
    const item = box.content.firstElementChild;
    if (!(item instanceof HTMLElement)) continue;
    item.dataset.html = html;
    if (old) old.replaceWith(item);
    else list.append(item);
  }
  while (list.children.length > items.length) list.lastElementChild?.remove();
}

/** What the reader has filled in. */
function readForm(form: HTMLFormElement): Omit<Asked, "number"> {
  const field = form.elements.namedItem("question");
  const question = field instanceof HTMLTextAreaElement ? field.value : "";
  const knobs = numbersOf(readFields(form, "knob"));
  return { question, knobs, env: readFields(form, "env") };
}

/** Says which calls have begun and ended since the last time. */
function tellNews(): (story: Story) => string {
  const told = new Map<string, number>();
  return (story) => {
    const bars = barsOf(story).filter(({ how }) => how !== "waiting");
    const starts = bars.slice(told.get("starts") ?? 0);
    const ended = bars.filter(({ how }) => how !== "running");
    const ends = ended.length - (told.get("ends") ?? 0);
    told.set("starts", bars.length).set("ends", ended.length);
    const begun =
      starts.length > 0 ? [`Started: ${starts.map(({ label }) => label).join(", ")}.`] : [];
    return [...begun, ...(ends > 0 ? [`Ended: ${ends} of ${bars.length}.`] : [])].join(" ");
  };
}

function sayEnd({ number, end, exchanges }: Story): string {
  if (!end) return "";
  if (end.code === undefined) return `${number} was stopped.`;
  const took = Math.round(end.at - (exchanges[0]?.start ?? end.at));
  const how = end.code === 0 ? "has ended" : `has ended with exit code ${end.code}`;
  return `${number} ${how}, after ${took} ms.`;
}

/** What the reader wants: the question of the form, the questions of the demo, or the base's run beside them. */
export type Wish = "question" | "demo" | "beside";

/** The panel of one page. */
class Panel {
  readonly #root: HTMLElement;
  readonly #form: HTMLFormElement;
  #own: Told | undefined;
  #base: Told | undefined;
  #asked: Asked | undefined;
  /** The form when the chapter was last asked. */
  #filled = "";
  /** True if the base runs as soon as the chapter has ended. */
  #isBaseNext = false;
  /** True until a run has its first bars. */
  #isNew = false;
  #drawing: ReturnType<typeof setTimeout> | undefined;

  constructor(root: HTMLElement, form: HTMLFormElement) {
    this.#root = root;
    this.#form = form;
    this.#listen("stop", () => this.#stop());
    this.#listen("cancel", () => this.#own?.running.interrupt());
  }

  /** Runs the chapter, or its base if the chapter has run with what the form says now. */
  run(wish: Wish): void {
    const form = readForm(this.#form);
    const filled = JSON.stringify(form);
    const hasRun = filled === this.#filled;
    if (wish !== "beside" || !hasRun) {
      this.#stop();
      this.#base = undefined;
      this.#filled = filled;
      const { number = "" } = this.#root.dataset;
      this.#asked = { number, ...form, ...(wish === "demo" && { question: undefined }) };
      this.#ask("own");
    }
    if (wish === "beside") this.#askBase();
  }

  /** Runs the base, as soon as the chapter has ended. */
  #askBase(): void {
    const { number = "", base = "" } = this.#root.dataset;
    this.#isBaseNext = !this.#own?.story.end;
    if (this.#isBaseNext) this.#tell(`${number} runs, then ${base}.`);
    else this.#ask("base");
  }

  #listen(action: string, act: () => void): void {
    this.#form.querySelector(`[data-action="${action}"]`)?.addEventListener("click", act);
  }

  #ask(which: "own" | "base"): void {
    const { base = "", baseTitle = "", title = "" } = this.#root.dataset;
    if (!this.#asked) return;
    if (which === "base") this.#base?.running.stop();
    const asked = which === "own" ? this.#asked : { ...this.#asked, number: base };
    const story = newStory(asked.number, which === "own" ? title : baseTitle);
    const news = tellNews();
    const running = startProgram(asked, (said) => {
      hear(story, said);
      this.#tell(story.end ? this.#sayEnds() : news(story));
      this.#drawSoon();
      if (which === "own" && story.end && this.#isBaseNext) this.#askBase();
    });
    const before = which === "base" && this.#own ? sayEnd(this.#own.story) : "";
    if (which === "own") this.#own = { story, running };
    else this.#base = { story, running };
    this.#tell(`${before} ${asked.number} runs.`.trim());
    this.#draw();
    this.#isNew = true;
    this.#bringIntoView();
    this.#drawSoon();
  }

  #tell(news: string): void {
    if (news) part(this.#root, "news").textContent = news;
  }

  /** How the programs have ended. */
  #sayEnds(): string {
    const told = [this.#own, this.#base].filter((one) => one !== undefined);
    return told
      .map(({ story }) => sayEnd(story))
      .join(" ")
      .trim();
  }

  /** Brings Stop and the news to the top of the window, unless these and the bars are in view. */
  #bringIntoView(): void {
    const buttons = this.#form.querySelector(".controls") ?? this.#form;
    const least = Number.parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop);
    const { top } = buttons.getBoundingClientRect();
    const { bottom } = part(this.#root, "times").getBoundingClientRect();
    if (top < (least || 0) || bottom > innerHeight) buttons.scrollIntoView();
  }

  /** Ends all that runs, and draws what has happened until now. */
  #stop(): void {
    for (const { running, story } of this.#all()) {
      if (story.end) continue;
      running.stop();
      story.end = { code: undefined, at: now() };
      this.#tell(this.#sayEnds());
    }
    this.#isBaseNext = false;
    clearTimeout(this.#drawing);
    this.#drawing = undefined;
    this.#draw();
  }

  #all(): Told[] {
    return [this.#base, this.#own].filter((one) => one !== undefined);
  }

  #drawSoon(): void {
    this.#drawing ??= setTimeout(() => {
      this.#drawing = undefined;
      this.#draw();
      if (this.#all().some(({ story }) => !story.end)) this.#drawSoon();
    }, FRAME_MS);
  }

  #draw(): void {
    const stories = this.#all().map(({ story }) => story);
    const isRunning = stories.some(({ end }) => !end);
    this.#root.dataset.running = String(isRunning);
    const times = part(this.#root, "times");
    times.innerHTML = drawTimes(stories);
    part(this.#root, "counts").innerHTML = stories.map(drawCounts).join("");
    part(this.#root, "answer").textContent = sayAnswers(stories);
    part(this.#root, "mailbox").innerHTML = this.#own ? drawMailbox(this.#own.story) : "";
    this.#drawTranscript("own", this.#own?.story);
    if (this.#root.dataset.base) this.#drawTranscript("base", this.#base?.story);
    this.#enable(isRunning);
    this.#showFirstBars();
    if (isRunning) return;
    for (const figure of times.children) {
      figure.dispatchEvent(new CustomEvent("drawn", { bubbles: true }));
    }
  }

  /** Brings the first bars of a run into view, unless the reader has left them meanwhile. */
  #showFirstBars(): void {
    const { story } = this.#base ?? this.#own ?? {};
    if (!this.#isNew || !story || barsOf(story).length === 0) return;
    this.#isNew = false;
    const { top } = part(this.#root, "news").getBoundingClientRect();
    if (top >= 0 && top < innerHeight) this.#bringIntoView();
  }

  #drawTranscript(which: "own" | "base", story: Story | undefined): void {
    const box = part(this.#root, `${which}-transcript`);
    box.hidden = story === undefined;
    updateList(part(box, "steps"), story ? drawSteps(story) : []);
  }

  #enable(isRunning: boolean): void {
    for (const action of ["stop", "cancel"]) {
      this.#form
        .querySelector(`[data-action="${action}"]`)
        ?.toggleAttribute("disabled", !isRunning);
    }
  }
}

const panels = new WeakMap<HTMLElement, Panel>();

/** Runs the chapter of a panel. Its script calls this when everything is loaded. */
export function play(root: HTMLElement, form: HTMLFormElement, wish: Wish): void {
  const panel = panels.get(root) ?? new Panel(root, form);
  panels.set(root, panel);
  panel.run(wish);
}
