// Asks each of the QUESTIONS with the parallel runner and reports how it ended. Then it asks the
// question on the command line in the chapter's own way.
import { parallelRunner, runAgent } from "../../chapters/14-native-tools/main.ts";
import { getWeather } from "../../mock-tools/tools.ts";
import { talkOverChat } from "../../shared/chat-completions.ts";
import { runQuestions } from "../../shared/cli.ts";
import { report } from "./report.ts";

/** The chapter's loop ends at a reply without calls. Here the conversation goes on after two. */
async function askThrice(question: string): Promise<string> {
  const conversation = talkOverChat({ question, prompt: "Be brief.", tools: [getWeather] });
  const replies = [await conversation.ask(), await conversation.ask(), await conversation.ask()];
  return replies.flatMap((outputs) => outputs.map((output) => JSON.stringify(output))).join("\n");
}

for (const question of JSON.parse(process.env.QUESTIONS ?? "[]")) {
  const asked = question.startsWith("thrice") ? askThrice : runAgent;
  const end = await asked(question, parallelRunner()).then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error: String(error) }),
  );
  report(question, end);
}
await runQuestions((question) => runAgent(question), []);
// The threads of the chapter's pool would keep the process.
process.exit();
