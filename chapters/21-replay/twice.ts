// A run is killed when its e-mail is sent, and started again, without a journal.
//
// npx tsx chapters/21-replay/twice.ts
import { makeRunFolder, printRun } from "./runs.ts";

const QUESTION = "Send an email to jack@example.com saying hello.";

const folder = makeRunFolder();
await printRun("A run, killed when the e-mail is sent", folder, QUESTION, {
  KILL_AT: "after step 1 call 0",
});
await printRun("The same question once more", folder, QUESTION, {});
