// Serves conversations but asks no question. It runs in its own process or on its own machine.
//
// RESTATE_INGRESS_URL=… RESTATE_ADMIN_URL=… npx tsx chapters/23-scale-out/agent.ts
import { describe } from "../../shared/describe.ts";
import { registerService } from "../../shared/engine/register.ts";
import { serveService } from "../../shared/engine/serve.ts";
import { muteTranscript, printStatus } from "../../shared/print.ts";
import { type Answer, makeConversation } from "./conversation.ts";
import { parallelRunner, runAgent } from "./main.ts";
import { endWithStarter, tell } from "./reports.ts";
import { expectAddress, readPlace } from "./settings.ts";

const answer: Answer = (question, engine) => runAgent(question, parallelRunner(), engine);

async function serveAgent(): Promise<void> {
  const address = expectAddress();
  const place = readPlace();
  muteTranscript();
  const { port } = await serveService([makeConversation(answer)], {
    port: place?.port ?? 0,
    isPublic: place !== undefined,
  });
  await registerService(address, place?.url ?? port);
  tell({ type: "ready" });
  if (!process.send) printStatus(`conversations are served, on port ${port}`);
}

endWithStarter();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit());
try {
  await serveAgent();
} catch (error) {
  printStatus(`error: ${describe(error)}`);
  process.exit(1);
}
