/** Where an e-mail goes and what it says, as far as the question tells. */
type Letter = { readonly to: string | undefined; readonly text: string | undefined };

/** What a question asks for, as far as the offline model understands it. */
export type Wish = {
  /** The weather is wanted. */
  readonly weather: boolean;
  /** Cities whose weather is wanted, spelt as in the question. */
  readonly places: readonly string[];
  /** The user's own name or e-mail address is wanted. */
  readonly profile: boolean;
  /** An e-mail is wanted. It goes to the user if it has no address. */
  readonly email: Letter | undefined;
  /** The e-mails that were sent are wanted. */
  readonly mailbox: boolean;
  /** How the calls are to run, if the question says so: "sequential", or a mode that it names. */
  readonly mode: string | undefined;
  /** A tool is asked for by name. */
  readonly tool: string | undefined;
  /** The model itself is asked about. */
  readonly self: boolean;
  /** How many malformed replies are wanted before a good one: "Slip once", "slip every time". */
  readonly slips: number;
};

const WEATHER =
  /\b(weather|forecast|temperatures?|degrees|warm|hot|cold|cool|rain|sun)(er|ter|est|test|y|ny|ing|s)?\b/i;
const EMAIL =
  /\b(send|write)\b.*\b(e-?mails?|mails?|messages?|summary)\b|\be?-?mail (me|it|this|the|an?|\S+@)|\bby e-?mail\b/i;
const MAILBOX =
  /\b(read|show|list|check|open)\b[^.?!]*\b(mailbox|inbox|e-?mails|mails)\b|\bin (my|the) (mailbox|inbox)\b/i;
const IN_ORDER =
  /\bone (?:by|after) (?:one|another|the other)\b|\bone (?:city |place )?at a time\b|\bin (?:this|that) order\b/i;
const MODE = /\b(?:in|use|with) (?:the |an? )?([\w-]+) mode\b/i;
const PROFILE = /\bwho am i\b|\bmy (name|profile|e-?mail|mail|address)\b/i;
const SELF =
  /\bwho (are you|you are)\b|\bwhat (are you|you are|can you do)\b|^\W*(hello|hi|hey)\b/i;
const TOOL = /\b(?:use|call|try|run) (?:the |your |a )?([\w-]+) tool\b/i;
const SLIP = /\bslip (once|twice|every time|\d+ times)\b/i;
const ADDRESS = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/;
const QUOTED = /["“”]([^"“”]+)["“”]/;
const SAID =
  /\b(?:saying|says|the (?:text|words|message)):? (.+?)(?=,? (?:and|then) (?:then )?(?:read|show|list|check|open)\b|$)/i;

const SEPARATOR = /,|;|&|\b(?:and|or|than|then|versus|vs)\b\.?/i;
const NOT_A_PLACE =
  /^(?:the|an?|my|me|your?|it|is|are|this|that|all|both|each|general|celsius|fahrenheit|degrees|send|e?-?mail|mail|write|run|ask|tell|let|give|show|get|say|compare|use|who|what|where|how|which|why|when|if|also|please|i)\b/i;
const AFTER_A_PLACE =
  /[?!.:]?\s+(?:by|via|to|with|as|on|is|are|was|like|for|today|tomorrow|tonight|now|right now|this|next|please|together)\b.*$/i;

function placesInList(list: string): string[] {
  const places: string[] = [];
  for (const item of list.split(SEPARATOR)) {
    const place = item.replace(/[?!]+.*$|\.\s*$|\.\s+(?=[A-Z][a-z]+ [a-z]).*$/s, "").trim();
    if (place === "") continue;
    if (NOT_A_PLACE.test(place)) break;
    places.push(place.replace(AFTER_A_PLACE, ""));
    if (/[?!]/.test(item)) break;
  }
  return places;
}

function placesIn(question: string): string[] {
  const weather = WEATHER.exec(question);
  if (!weather) return [];
  const before = question.slice(0, weather.index);
  const after = question.slice(weather.index + weather[0].length);
  const owner = /([A-Z]\p{L}*(?: [A-Z]\p{L}*)*)'s $/u.exec(before)?.[1] ?? "";
  const afterColon = /^\s*:(.+)$/s.exec(after)?.[1] ?? "";
  const lists = [
    owner,
    afterColon,
    ...before.split(/\bin\b/i).slice(1),
    ...after.split(/\b(?:in|at|of|for|between)\b/i).slice(1),
  ];
  const places = lists.flatMap(placesInList);
  // A place that is named twice is kept once, where it came first and as it was spelt last.
  return [...new Map(places.map((place) => [place.toLowerCase(), place])).values()];
}

function slipsIn(question: string): number {
  const often = SLIP.exec(question)?.[1]?.toLowerCase();
  if (often === undefined) return 0;
  if (often === "once") return 1;
  if (often === "twice") return 2;
  return often === "every time" ? Infinity : Number.parseInt(often, 10);
}

/** Takes a question in plain English, returns what it asks for. Anything else is ignored. */
export function readQuestion(question: string): Wish {
  const places = placesIn(question.replace(QUOTED, "").replace(IN_ORDER, "").replace(MODE, ""));
  const to = ADDRESS.exec(question)?.[0];
  const text = (QUOTED.exec(question) ?? SAID.exec(question))?.[1];
  const tool = TOOL.exec(question)?.[1];
  return {
    weather: WEATHER.test(question),
    places,
    profile: PROFILE.test(question) || tool === "get_user_profile",
    email: EMAIL.test(question) ? { to, text } : undefined,
    mailbox: MAILBOX.test(question),
    mode: MODE.exec(question)?.[1] ?? (IN_ORDER.test(question) ? "sequential" : undefined),
    tool,
    self: SELF.test(question),
    slips: slipsIn(question),
  };
}
