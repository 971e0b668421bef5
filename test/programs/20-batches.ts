// Runs batches of chapter 20, and reports for each the outcomes of its calls, when they started and
// ended, and the reply to people who try to resolve them afterwards.
import { z } from "zod";
import { sayResolved, resolve } from "../../chapters/20-human-approval/exchange.ts";
import { parallelRunner } from "../../chapters/20-human-approval/main.ts";
import { keys, letGo } from "../worlds/askers.ts";
import { report } from "./report.ts";

const Call = z.object({
  type: z.literal("function_call"),
  id: z.string(),
  name: z.string(),
  arguments: z.string(),
});
const Batches = z.record(z.string(), z.object({ calls: z.array(Call), limit: z.number() }));

const [, , batches = "{}"] = process.argv;
for (const [name, { calls, limit }] of Object.entries(Batches.parse(JSON.parse(batches)))) {
  const trail: string[] = [];
  const runBatch = parallelRunner(limit, (call) => {
    trail.push(`start ${call.id}`);
    return () => {
      trail.push(`end ${call.id}`);
      // Held e-mails are approved when the weather has come, so this only works if they do not delay it.
      if (call.name === "get_weather") trail.push(`approve ${letGo()}`);
    };
  });
  const outcomes = await runBatch(calls);
  const late = [...keys].map(([to, key]) => [to, sayResolved(resolve(key, { said: "no" }))]);
  report(name, { outcomes, trail, late: Object.fromEntries(late), keys: [...keys.values()] });
  keys.clear();
}
// The threads of the chapter's pool would keep the process.
process.exit();
