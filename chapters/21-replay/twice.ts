// A run is killed when its e-mail is sent, and started again, without a journal.
//
// npx tsx chapters/21-replay/twice.ts
import { openStage, play } from "./acts.ts";

const QUESTION = "Send an email to jack@example.com saying hello.";

const folder = openStage();
await play("A run, killed when the e-mail is sent", folder, QUESTION, {
  KILL_AT: "after step 1 call 0",
});
await play("The same question once more", folder, QUESTION, {});
