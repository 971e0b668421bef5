import { type Obstacle, obstacleIn } from "./conditions.ts";
import { type Letter, readLetters } from "./letters.ts";
import { type MailLimit, readMailLimits, withoutSubjects } from "./limits.ts";
import { readMode } from "./modes.ts";
import { type Months, readMonths } from "./months.ts";
import { orderMail, readNamed } from "./named.ts";
import { tidy } from "./quotes.ts";
import { spell } from "./spelling.ts";
import { readStudies, type Study } from "./studies.ts";
import { MAILBOX, PROFILE, SELF, THANKS, TOOLS } from "./topics.ts";
import { readWeather, type WeatherWish } from "./weather.ts";
import type { Doubt } from "./whole.ts";

/** What a question asks for, as far as the offline model understands it. */
export type Wish = WeatherWish & {
  /** The months in the question. A tool may list their days. */
  readonly past: Months;
  /** True if the climate is wanted. */
  readonly climate: boolean;
  /** The wanted studies, one per place. */
  readonly studies: readonly Study[];
  /** True if the user's own name or e-mail address is wanted. */
  readonly profile: boolean;
  /** The e-mails to send, in order. */
  readonly letters: readonly Letter[];
  /** Why none of the wanted e-mails is sent. */
  readonly obstacle: Obstacle | Doubt | undefined;
  /** What the question wants for its e-mails although the tool cannot do it. */
  readonly mailLimits: readonly MailLimit[];
  /** True if a list of the sent e-mails is wanted. */
  readonly mailbox: boolean;
  /** The mode for the calls, if the question names or describes one. */
  readonly mode: string | undefined;
  /** The tools that the question names. */
  readonly named: readonly string[];
  /** True if a list of the tools is wanted. */
  readonly tools: boolean;
  /** True if the question is about the model itself. */
  readonly self: boolean;
  /** True if the user says thank you. */
  readonly thanks: boolean;
  /** How many malformed replies are wanted before a good one: "Slip once", "slip every time". */
  readonly slips: number;
};

/** An e-mail without any details. */
const BLANK: Letter = { to: { type: "nobody" }, text: undefined, places: undefined };
const SLIP = /\bslip (once|twice|every time|\d+ times)\b/i;

function slipsIn(question: string): number {
  const often = SLIP.exec(question)?.[1]?.toLowerCase();
  if (often === undefined) return 0;
  if (often === "once") return 1;
  if (often === "twice") return 2;
  return often === "every time" ? Infinity : Number.parseInt(often, 10);
}

/** True if an e-mail has a text, or if it is certain which results it tells. */
function isCertain(letter: Letter, wish: WeatherWish, mailbox: boolean, profile: boolean): boolean {
  if (letter.text !== undefined) return true;
  const known = wish.places.map((place) => place.toLowerCase());
  const told = letter.places ?? known;
  if (told.some((place) => !known.includes(place))) return false;
  // Only one comparison is made, of all places, and an e-mail never contains the mailbox.
  if (wish.comparison && (wish.hasMore || told.length < known.length)) return false;
  return !mailbox || known.length > 0 || profile;
}

/** Takes a question in plain English, returns what it asks for. Anything else is ignored. */
export function readQuestion(question: string): Wish {
  const plain = spell(tidy(question));
  const { mode, rest: unordered } = readMode(withoutSubjects(plain));
  const { letters, doubt, rest: unsent } = readLetters(orderMail(unordered));
  const { studies, climate, rest } = readStudies(unsent);
  const { tools: named, rest: unnamed } = readNamed(rest);
  const weather = readWeather(unnamed.replaceAll('"', " "), named.includes("get_weather"));
  const profile = PROFILE.test(unnamed.replace(MAILBOX, "")) || named.includes("get_user_profile");
  const mailbox = MAILBOX.test(unnamed) || named.includes("list_emails");
  const isSure = letters.every((letter) => isCertain(letter, weather, mailbox, profile));
  const uncertain = doubt ?? (isSure ? undefined : "unsure");
  const obstacle = (letters.length > 0 ? obstacleIn(rest) : undefined) ?? uncertain;
  const isBlank = named.includes("send_email") && letters.length === 0;
  return {
    ...weather,
    past: readMonths(unnamed),
    climate,
    studies,
    profile,
    letters: obstacle ? [] : isBlank ? [BLANK] : letters,
    obstacle,
    mailLimits: readMailLimits(plain, rest, letters.length),
    mailbox,
    mode,
    named,
    tools: TOOLS.test(unnamed),
    self: SELF.test(unnamed),
    thanks: THANKS.test(unnamed),
    slips: slipsIn(unnamed),
  };
}
