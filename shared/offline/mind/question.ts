import { type Obstacle, obstacleIn } from "./conditions.ts";
import { type Letter, readLetters } from "./letters.ts";
import {
  type Limit,
  type MailLimit,
  readLimits,
  readMailLimits,
  withoutSubjects,
} from "./limits.ts";
import { readMode } from "./modes.ts";
import { type Months, readMonths } from "./months.ts";
import { isCity } from "./place-words.ts";
import { placesIn } from "./places.ts";
import { tidy } from "./quotes.ts";
import { spell } from "./spelling.ts";
import { readStudies, type Study } from "./studies.ts";
import {
  COMPARE,
  FEELING,
  IS_IT,
  LIKE,
  MAILBOX,
  PROFILE,
  SELF,
  THANKS,
  TOOLS,
  WEATHER,
} from "./topics.ts";

/** What is to be found out of several temperatures. */
export type Comparison = "warm" | "cold" | "difference";

/** What a question asks for, as far as the offline model understands it. */
export type Wish = {
  /** The weather is wanted. */
  readonly weather: boolean;
  /** Places whose weather is wanted, spelt as in the question. */
  readonly places: readonly string[];
  /** All places that there are, without their names. */
  readonly everywhere: boolean;
  readonly comparison: Comparison | undefined;
  /** Whether it rains is wanted. */
  readonly rain: boolean;
  /** What is wanted of the weather and no tool tells. */
  readonly limits: readonly Limit[];
  /** The months that the question names, whose days a tool may list. */
  readonly past: Months;
  /** The climate is wanted. */
  readonly climate: boolean;
  /** What is wanted of the climate, place by place. */
  readonly studies: readonly Study[];
  /** The user's own name or e-mail address is wanted. */
  readonly profile: boolean;
  /** The e-mails that are to be sent, in order. */
  readonly letters: readonly Letter[];
  /** Why the e-mails that are wanted can't be sent. */
  readonly obstacle: Obstacle | undefined;
  /** What is wanted of the e-mails and their tool has no place for. */
  readonly mailLimits: readonly MailLimit[];
  /** The e-mails that were sent are wanted. */
  readonly mailbox: boolean;
  /** How the calls are to run, if the question says so: a mode that it names or describes. */
  readonly mode: string | undefined;
  /** A tool is asked for by name. */
  readonly tool: string | undefined;
  /** A list of the tools is wanted. */
  readonly tools: boolean;
  /** The model itself is asked about. */
  readonly self: boolean;
  /** The user says thank you. */
  readonly thanks: boolean;
  /** How many malformed replies are wanted before a good one: "Slip once", "slip every time". */
  readonly slips: number;
};

const EVERYWHERE =
  /\beverywhere\b|\b(?:every|all|each)\b[^.?!]*\b(?:city|cities|places?|towns?)\b/i;
/** "Which cities do you know?" */
const CITIES = /\b(?:which|what|list)(?: all)?(?: the)? (?:cities|places|towns)\b/i;
const WARM = /\b(?:warm|hott)(?:er|est)\b/i;
const COLD = /\b(?:cold|cool|chilli)(?:er|est)\b/i;
const THAN_NUMBER = /\bthan -?\d/i;
const DIFFERENCE = /\bdifference\b|\bhow much (?:warm|hott|cold|cool)er\b/i;
const RAIN = /\b(?:umbrella|rain(?:s|y|ing)?)\b/i;
/** "Use the teleport tool", "call get_weather". */
const TOOL = /\b(?:use|call|try|run) (?:the |your |a )?(?:([\w-]+) tool\b|([a-z]+_\w+))/i;
/** An e-mail of which nothing is known. */
const BLANK: Letter = { to: { type: "nobody" }, text: undefined };
const SLIP = /\bslip (once|twice|every time|\d+ times)\b/i;

function slipsIn(question: string): number {
  const often = SLIP.exec(question)?.[1]?.toLowerCase();
  if (often === undefined) return 0;
  if (often === "once") return 1;
  if (often === "twice") return 2;
  return often === "every time" ? Infinity : Number.parseInt(often, 10);
}

function comparisonIn(question: string): Comparison | undefined {
  // "Warmer than 10 degrees" compares no places.
  if (THAN_NUMBER.test(question)) return undefined;
  if (DIFFERENCE.test(question)) return "difference";
  if (WARM.test(question)) return "warm";
  return COLD.test(question) ? "cold" : undefined;
}

/** The letters of a question, and a blank one if it names the tool alone. */
function lettersOf(letters: readonly Letter[], tool: string | undefined): readonly Letter[] {
  return tool === "send_email" && letters.length === 0 ? [BLANK] : letters;
}

/** The part of the wish that is about the weather. */
function readWeather(question: string, tool: string | undefined) {
  const places = placesIn(question.replaceAll('"', " ").replace(TOOL, "weather"));
  const isFelt = FEELING.test(question) && (places.length > 0 || IS_IT.test(question));
  const isCompared = COMPARE.test(question) && places.some(isCity);
  const isAsked = [WEATHER, LIKE, CITIES].some((topic) => topic.test(question));
  const weather = isAsked || isFelt || isCompared || tool === "get_weather";
  return {
    weather,
    places: weather ? places : [],
    everywhere:
      weather && places.length === 0 && [EVERYWHERE, CITIES].some((topic) => topic.test(question)),
    comparison: weather ? comparisonIn(question) : undefined,
    rain: weather && RAIN.test(question),
    limits: weather ? readLimits(question) : [],
  };
}

/** Takes a question in plain English, returns what it asks for. Anything else is ignored. */
export function readQuestion(question: string): Wish {
  const plain = spell(tidy(question));
  const { mode, rest: unordered } = readMode(withoutSubjects(plain));
  const { letters, rest: unsent } = readLetters(unordered);
  const { studies, climate, rest } = readStudies(unsent);
  const obstacle = letters.length > 0 ? obstacleIn(rest) : undefined;
  const [, named, called] = TOOL.exec(rest) ?? [];
  const tool = named ?? called;
  return {
    ...readWeather(rest, tool),
    past: readMonths(rest),
    climate,
    studies,
    profile: PROFILE.test(rest.replace(MAILBOX, "")) || tool === "get_user_profile",
    letters: obstacle ? [] : lettersOf(letters, tool),
    obstacle,
    mailLimits: readMailLimits(plain, rest, letters.length),
    mailbox: MAILBOX.test(rest) || tool === "list_emails",
    mode,
    tool,
    tools: TOOLS.test(rest),
    self: SELF.test(rest),
    thanks: THANKS.test(rest),
    slips: slipsIn(rest),
  };
}
