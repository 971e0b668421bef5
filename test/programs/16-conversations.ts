// Has a conversation over each question in TALKS, with its config, and reports how each ended, with what
// is in the mailbox.
import { runAgent } from "../../chapters/16-providers/main.ts";
import { readMailbox } from "../../mock-tools/mailbox.ts";
import { report } from "./report.ts";

type Config = NonNullable<Parameters<typeof runAgent>[1]>;
const talks: [question: string, config: Config][] = JSON.parse(process.env.TALKS ?? "[]");

for (const [question, config] of talks) {
  const end = await runAgent(question, config).then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error: String(error) }),
  );
  report(`${config.provider}: ${question}`, { end, mailbox: readMailbox() });
}
// The threads of the chapter's pool would keep the process.
process.exit();
