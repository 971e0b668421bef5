const USE = String.raw`\b(?:use|call|try|run) (?:the |your |a )?`;
/** "Use the teleport tool", "call get_weather", "use the teleport tool and the frobnicate tool". */
const NAMED = new RegExp(
  String.raw`${USE}(?:[\w-]+ tool\b|[a-z]+_\w+)(?:(?:,| and|, and) (?:the |your |a )?[\w-]+ tool\b)*`,
  "gi",
);
const NAME = /([\w-]+) tool\b|([a-z]+_\w+)/gi;

/** Short names of the book's tools. */
const SHORT = new Map([
  ["weather", "get_weather"],
  ["profile", "get_user_profile"],
  ["email", "send_email"],
  ["e-mail", "send_email"],
  ["mailbox", "list_emails"],
]);

/** "Use send_email to bob@example.com", but not "use the send_email tool to write to Bob". */
const USE_MAIL =
  /(?<=^\W*(?:please )?|[.?!]\s+)(?:use|call) (?:the )?send_email(?: tool)? (?=to (?!send|write|forward|e-?mail|mail)|for )/gi;

/** Takes a question. If it only names the tool for e-mails, replaces the name by "send an email". */
export function orderMail(question: string): string {
  return question.replace(USE_MAIL, "send an email ");
}

/** The tools that a question names, and the question without them. */
export type NamedReading = { readonly tools: readonly string[]; readonly rest: string };

/** Takes a question, returns the tools that it names, each once. */
export function readNamed(question: string): NamedReading {
  const tools = new Set<string>();
  const rest = question.replace(NAMED, (words) => {
    const names = [...words.matchAll(NAME)].map(([, tool, name]) => tool ?? name ?? "");
    const named = names.map((name) => SHORT.get(name.toLowerCase()) ?? name);
    for (const name of named) tools.add(name);
    return named.includes("get_weather") ? "weather" : "";
  });
  return { tools: [...tools], rest };
}
