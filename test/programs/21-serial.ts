// The chapter with the serial runner, so that a crash may come between two calls.
import { runAgent, serialRunner } from "../../chapters/21-replay/main.ts";
import { openEffects, printCounts } from "../../chapters/21-replay/settings.ts";
import { runQuestions } from "../../shared/cli.ts";

await runQuestions((question) => runAgent(question, serialRunner, openEffects(question)), []);
printCounts();
// The threads of the chapter's pool would keep the process.
process.exit();
