// The part of a chapter's page where the reader asks a question and the chapter runs in the page.
import { type Chapter, findChapter } from "../scripts/chapters.ts";
import { knobsOf, PLAYED } from "./bundle.ts";
import { escapeHtml, type Html } from "./html.ts";
import { drawLegend } from "./scene.ts";

/** Why a chapter cannot run in a page. */
const REASONS: Readonly<Record<string, string>> = {
  "16": "its clients ask the servers of three providers",
  "19": "it starts other processes, and a page has none",
  "20": "it waits for a person at a terminal, in processes that end and start again",
  "21": "its process is killed and started again, and a page has none",
  "22": "the engine that it needs is a server",
  "23": "it runs on several processes, and its engine is a server",
};

/** Questions to try, and what the reader sees of each: the chapter's own demo is another button. */
const CITIES = [
  ["Six cities", "How is the weather in Beijing, Cairo, LA, Lima, London and Paris?"],
  [
    "Two cities and an e-mail",
    "Get the weather in Beijing and LA and send an summary email to me.",
  ],
] as const;

/** The places that make trouble. */
const TROUBLES = [
  ["Oslo, whose line drops", "How is the weather in Oslo and LA?"],
  ["Pompeii, which ends its thread", "How is the weather in Pompeii and LA?"],
  ["McMurdo, which takes ten seconds", "How is the weather in McMurdo and LA?"],
  ["Vostok, which never ends", "How is the weather in Vostok and LA?"],
] as const;

function tryButton([words, question]: readonly [string, string]): Html {
  return `<button type="button" class="plain" data-question="${escapeHtml(question)}">${words}</button>`;
}

function numberField(name: string, value: number, kind: "knob" | "env", least: number): Html {
  return `<label><code>${name}</code> <input type="number" name="${name}" value="${value}" min="${least}" max="600000" step="1" required data-${kind}></label>`;
}

function renderKnobs(chapter: Chapter): Html {
  const knobs = knobsOf(chapter);
  const fields = knobs.map(({ name, value }) => {
    const least = /^MAX_(?:STEPS|THREADS|CONCURRENT|WAITING|ATTEMPTS)$/.test(name) ? 1 : 0;
    return numberField(name, value, "knob", least);
  });
  const hasTimes = knobs.some(({ name }) => name.endsWith("_MS"));
  const unit = hasTimes ? " Those that end in <code>_MS</code> are milliseconds." : "";
  return `<p>Constants of <code>main.ts</code>.${unit}</p>
<div class="fields">${fields.join("\n")}</div>`;
}

const PROTOCOL = `<label><code>OPENAI_PROTOCOL</code> <select name="OPENAI_PROTOCOL" data-env><option>responses</option><option>chat</option></select></label>`;

/** A setting of a chapter, what it means, and in which chapters it is one. */
const SETTINGS = [
  {
    // As in the recorded runs: with 0, threads would still be starting when the first calls come.
    field: numberField("OFFLINE_LATENCY_MS", 200, "env", 0),
    meaning:
      "how many milliseconds the offline model takes for each reply. A real model often takes 1000 or more.",
    isOf: () => true,
  },
  {
    field: numberField("OFFLINE_TOKENS_PER_SECOND", 25, "env", 1),
    meaning: "how many pieces of a reply the offline model streams in a second.",
    isOf: (number: string) => number === "17",
  },
  {
    field: numberField("MAX_OUTPUT_BYTES", 2_000, "env", 1),
    meaning: "how many bytes of an output the model sees at once.",
    isOf: (number: string) => number === "18",
  },
  {
    field: numberField("MAX_OUTPUT_LINES", 40, "env", 1),
    meaning: "how many lines of an output the model sees at once.",
    isOf: (number: string) => number === "18",
  },
  {
    field: PROTOCOL,
    meaning: "which of OpenAI's two APIs the client uses.",
    isOf: (number: string) => number >= "14",
  },
];

function renderSettings({ number }: Chapter): Html {
  const own = SETTINGS.filter(({ isOf }) => isOf(number));
  const fields = own.map(({ field, meaning }) => `<div>${field}<small>${meaning}</small></div>`);
  return `<p>Settings. In a terminal they are environment variables.</p>
<div class="fields">${fields.join("\n")}</div>`;
}

/** What is different from a terminal. */
function renderLimits({ number }: Chapter): Html {
  const limits = [
    "The offline model answers in the page. Nothing is sent to a server.",
    "The tools' files are kept in memory, for one run.",
    ...(number >= "04"
      ? [
          "A thread is a worker of the browser. A page cannot limit its memory, so <code>resourceLimits</code> has no effect.",
        ]
      : []),
    ...(number === "08"
      ? [
          "A page has no file for a trace. The spans are in the picture of a terminal, with <code>--timeline</code>.",
        ]
      : []),
  ];
  return `<details><summary>What differs from a terminal</summary><ul>${limits.map((limit) => `<li>${limit}</li>`).join("")}</ul></details>`;
}

/** Shown where the page has no memory that threads share. */
const UNSHARED = `<p class="recorded" data-part="unshared" hidden>This page has no shared memory, so no thread sees the flag <code>cancelled</code>. Each call that is cancelled ends with its thread, after <code>GRACE_MS</code>; in a terminal, McMurdo sees the flag and returns early.</p>`;

function renderButtons({ number }: Chapter, base: Chapter | undefined): Html {
  const cancel =
    number === "10"
      ? '<button type="button" class="plain" data-action="cancel" disabled>Cancel, as Ctrl-C does</button>'
      : "";
  const beside = base
    ? `<button type="button" class="plain" data-action="beside">Ask ${base.number} the same</button>`
    : "";
  return `<div class="controls"><button type="submit" class="plain run">Run</button>
<button type="button" class="plain" data-action="demo">Run the demo</button>
<button type="button" class="plain" data-action="stop" disabled>Stop</button>
${cancel}${beside}</div>`;
}

function renderTranscript(which: "own" | "base", { number }: Chapter): Html {
  const open = which === "own" ? " open" : "";
  return `<details data-part="${which}-transcript" hidden${open}><summary>Transcript of ${number}</summary>
<div class="transcript"><ol class="said-list" data-part="steps"></ol></div></details>`;
}

function nameOf({ number, title }: Chapter): string {
  return `${number} · ${title}`;
}

/** What a reader may ask, since a page has no real model. */
function renderMayAsk({ number }: Chapter): Html {
  const month = number === "18" ? ", how a month was there" : "";
  const ask =
    number === "01"
      ? "This chapter gives it no tools, so ask it who it is, or read what it says without them."
      : `Ask it how the weather is in some places, which of them is warmer${month}, what your profile says, or to send an e-mail.`;
  return `<p class="may-ask" id="may-ask">The offline model answers. ${ask} It understands nothing else. For a real model, run the chapter in a terminal.</p>`;
}

function renderForm(chapter: Chapter, base: Chapter | undefined): Html {
  const troubles = TROUBLES.map(([words, question]) => {
    return tryButton([
      chapter.number < "04" ? words.replace("its thread", "the program") : words,
      question,
    ]);
  });
  return `<form data-js hidden>
<label class="ask" for="question">Your question</label>
<textarea id="question" name="question" rows="2" spellcheck="false" aria-describedby="may-ask" required>${CITIES[0][1]}</textarea>
${renderMayAsk(chapter)}
<p class="may-ask" id="tries">Or ask one of these at once:</p>
<div class="tries" role="group" aria-labelledby="tries">${[...CITIES.map(tryButton), ...troubles].join("\n")}</div>
<details class="knobs"><summary>The numbers of this chapter</summary>
${renderKnobs(chapter)}
${renderSettings(chapter)}</details>
${renderButtons(chapter, base)}
</form>`;
}

/** What a bar of a run in the page can be besides what recorded bars are. */
const OTHER_SIGNS = [
  ["bar stopped", "stopped"],
  ["wait", "waiting"],
] as const;

const SHARED = `<p class="recorded">Calls that compute share the cores of your machine, so a call takes longer while others run. The first call in a thread takes longer, too.</p>`;

/** The panel of a chapter that runs in its page. Nothing of it is loaded before the reader asks for it. */
function renderPanel(chapter: Chapter): Html {
  const base = PLAYED.includes(chapter.base) ? findChapter(chapter.base) : undefined;
  const data = base
    ? ` data-base="${base.number}" data-base-title="${escapeHtml(`${nameOf(base)}, the base`)}"`
    : "";
  return `<div class="play" data-number="${chapter.number}" data-title="${escapeHtml(nameOf(chapter))}"${data}>
<p>This <code>main.ts</code> runs here, in your browser, and its calls are drawn while they run.</p>
<noscript><p>It needs JavaScript. The recorded run below does not.</p></noscript>
${renderForm(chapter, base)}
${chapter.number === "10" ? UNSHARED : ""}
<p class="news" role="status" data-part="news"></p>
<p class="answer" role="status" data-part="answer"></p>
<div class="counts" data-part="counts"></div>
<div class="timelines" data-part="times"></div>
<div class="timelines" data-part="legend" hidden>${drawLegend(OTHER_SIGNS)}${chapter.number >= "04" ? SHARED : ""}</div>
<div data-part="mailbox"></div>
${renderTranscript("own", chapter)}
${base ? renderTranscript("base", base) : ""}
${renderLimits(chapter)}
</div>`;
}

/** The part of a chapter's page that runs it, or a line that says why it cannot run there. */
export function renderPlay(chapter: Chapter): Html {
  if (PLAYED.includes(chapter.number)) return renderPanel(chapter);
  const reason = REASONS[chapter.number] ?? "";
  return `<p>This chapter does not run in a page: ${reason}. Its recorded run is below.</p>`;
}
