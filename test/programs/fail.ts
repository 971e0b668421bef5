// An agent that fails with causes of two kinds: an error, which says why, and data, which is for programs.
import { runQuestions } from "../../shared/cli.ts";

const inner = new Error("the line dropped", { cause: { retry: { after_ms: 20 } } });
await runQuestions(
  () => Promise.reject(new Error("no forecast", { cause: inner })),
  ["a question"],
);
