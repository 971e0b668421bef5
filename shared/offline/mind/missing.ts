// Finds out what is missing for a wish: something that the user must say, or a tool.
import { type Conversation, isOffered, type Offer } from "./conversation.ts";
import type { Letter } from "./letters.ts";
import type { Wish } from "./question.ts";

function askForCity(everywhere: boolean): string {
  if (!everywhere) return "Which city? Ask me about the weather in Beijing, for example.";
  return "I have no list of all cities. Which ones? Ask me about the weather in Beijing and LA, for example.";
}

/** Questions about what is missing from a letter. */
function askAbout(wish: Wish, { to, text }: Letter): string[] {
  const asked: string[] = [];
  if (to.type === "name") asked.push(`What is ${to.name}'s e-mail address?`);
  if (to.type === "nobody") asked.push("To which address shall I send the e-mail?");
  const isPast = wish.past.months.length > 0;
  const hasTopic = wish.weather || isPast || wish.profile || wish.climate;
  if (text === undefined && !hasTopic) asked.push("What shall the e-mail say?");
  return asked;
}

/** Takes a wish and the tools on offer, returns a question for each missing argument. */
export function sayQuestions(wish: Wish, tools: readonly Offer[]): string[] {
  const asked: string[] = [];
  if (wish.weather && wish.places.length === 0 && isOffered(tools, "get_weather")) {
    asked.push(askForCity(wish.everywhere));
  }
  if (wish.past.months.length > 0 && wish.past.places.length === 0) {
    asked.push("Which city? Ask me how July was in Paris, for example.");
  }
  if (wish.climate && wish.studies.length === 0 && isOffered(tools, "study_climate")) {
    asked.push("Which city's climate shall I study?");
  }
  if (!isOffered(tools, "send_email")) return asked;
  return [...new Set([...asked, ...wish.letters.flatMap((letter) => askAbout(wish, letter))])];
}

/** Takes a wish, returns a sentence for each wanted thing for which no tool is on offer. */
export function sayLacks(wish: Wish, { tools, textOnly }: Conversation): string[] {
  const toUser = wish.letters.some((letter) => letter.to.type === "user");
  // The user's address is only needed if e-mails can be sent.
  const forLetter = toUser && isOffered(tools, "send_email");
  const needs = [
    { wanted: wish.weather, tool: "get_weather", subject: "the weather" },
    { wanted: wish.climate, tool: "study_climate", subject: "the climate" },
    { wanted: wish.profile || forLetter, tool: "get_user_profile", subject: "your profile" },
    { wanted: wish.letters.length > 0 || wish.obstacle, tool: "send_email", subject: "e-mail" },
    { wanted: wish.mailbox, tool: "list_emails", subject: "the mailbox" },
  ];
  const lacks = needs.filter(({ wanted, tool }) => wanted && !isOffered(tools, tool));
  const said = lacks.map(({ subject }) => {
    return `I have no tool for ${subject}, so I can't help with that here.`;
  });
  // If calls are possible, such a tool is called, and the program reports the error.
  const named = textOnly ? wish.named : [];
  const odd = named.filter((name) => needs.every(({ tool }) => tool !== name));
  return [...said, ...odd.map((name) => `I can't use the ${name} tool here.`)];
}
