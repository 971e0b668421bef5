// Starts the chapter as a reader would, in one process after another. One engine serves all of them.
import { join } from "node:path";
import { openEngine } from "../../shared/engine/engine.ts";
import { print } from "../../shared/print.ts";
import { makeRunFolder, repeat, runProgram } from "../../shared/processes.ts";

/** An option of this program that each process gets, too. */
export const flags = process.argv.slice(2).filter((word) => word === "--timeline");

type Settings = Readonly<Record<string, string>>;
export type Runs = {
  /** The world of all processes. */
  readonly folder: string;
  /** Starts a program of this folder that asks or goes on with the question, and prints its output. */
  readonly print: (title: string, settings?: Settings, program?: string) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Starts an engine for one run in several processes. */
export async function openRuns(question: string): Promise<Runs> {
  const folder = makeRunFolder("durable");
  const engine = await openEngine(join(folder, "engine"));
  const own = {
    RUN: "demo",
    RESTATE_INGRESS_URL: engine.ingress,
    RESTATE_ADMIN_URL: engine.admin,
    KILL_AT: "",
  };
  return {
    folder,
    async print(title, settings = {}, program = "main") {
      print(`── ${title}\n`);
      const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
      const args = [join(import.meta.dirname, `${program}.${extension}`), question, ...flags];
      const ended = await runProgram(folder, args, { ...own, ...settings });
      const lines = ended.stderr.split("\n").slice(0, -1);
      const isError = (line: string) => line.startsWith("error: ");
      const killed = settings.KILL_AT && ended.code !== 0 ? ["(killed)"] : [];
      const others = lines.filter((line) => !isError(line)).map((line) => `${line}\n`);
      repeat({ stdout: ended.stdout, stderr: others.join("") });
      print([...killed, ...lines.filter(isError), ""].join("\n"));
    },
    close: engine.close,
  };
}
