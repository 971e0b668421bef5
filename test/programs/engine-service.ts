// Calls a service that prints something, and then ends by itself.
import { EventEmitter, once } from "node:events";
import * as restate from "@restatedev/restate-sdk";
import { openEngine } from "../../shared/engine/engine.ts";
import { registerService } from "../../shared/engine/register.ts";
import { serveService } from "../../shared/engine/serve.ts";

const [, , folder = ""] = process.argv;

const work = new EventEmitter();

const talker = restate.service({
  name: "talker",
  handlers: {
    talk: async (context: restate.Context) => {
      context.console.log("all is well");
      context.console.error("nothing is\nwell");
      return context.run("work", () => "done", { maxRetryAttempts: 1 });
    },
    wait: async (context: restate.Context) => {
      await context.run("work", () => {
        work.emit("begun");
        return once(work, "over");
      });
    },
  },
});

const engine = await openEngine(folder, { temporary: true });
const server = await serveService([talker]);
await registerService(engine, server.port);
const answer = await fetch(`${engine.ingress}/talker/talk`, { method: "POST" });
console.log(await answer.json());
// A call that is under way, and the engine's connection, keep neither of them from closing.
const cut = fetch(`${engine.ingress}/talker/wait`, { method: "POST" }).catch(() => "cut");
await once(work, "begun");
await server.close();
work.emit("over");
await engine.close();
console.log(await cut);
