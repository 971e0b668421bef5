// Ends the thread of a call that never ends by itself, and prints the notes that are passed on.
import { Piscina } from "piscina";
import { execArgv } from "../../shared/threads.ts";
import { passNotes, watchThreads } from "../../shared/timeline.ts";

const end = new AbortController();
passNotes((note) => {
  console.log(note.type === "end" ? `end, ${note.how}` : `start of ${note.label}`);
  if (note.type === "start") end.abort();
});
const pool = new Piscina({
  filename: `${import.meta.dirname}/../../mock-tools/worker.ts`,
  name: "runTool",
  execArgv,
});
watchThreads(pool);
const task = { name: "get_weather", args: { location: "Vostok" } };
await pool.run(task, { signal: end.signal }).catch(() => undefined);
await pool.close();
