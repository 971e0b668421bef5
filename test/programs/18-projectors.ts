// Shows one outcome with projectors that throw, each in its own way, and reports what the model sees.
import { show } from "../../chapters/18-tool-output/kept.ts";
import { report } from "./report.ts";
import { make } from "../worlds/odd.ts";

const outcome = Object.freeze({ type: "success", id: "one", result: "calm" });
const thrown = {
  "an error": new Error("it has no words"),
  "a text": "no words at all",
  nothing: undefined,
  "what cannot be read": make({ kind: "unreadable" }),
  much: new Error("x".repeat(100_000)),
};
for (const [name, value] of Object.entries(thrown)) {
  const project = () => {
    throw value;
  };
  const seen = show(outcome, project, { bytes: 2_000, lines: 40 });
  report(name, { seen, outcome });
}
process.exit();
