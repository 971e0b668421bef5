// Starts the chapter as a reader would, beside an engine that outlives it, and kills processes.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { openEngine } from "../../shared/engine/engine.ts";
import { print } from "../../shared/print.ts";
import { countLines, makeRunFolder, repeat } from "../../shared/processes.ts";
import { KILLED_FILE } from "./kill.ts";
import { listPending, type Pending, resolve, type Said, sayResolved } from "./pending.ts";

const MAIN = join(import.meta.dirname, import.meta.url.endsWith(".ts") ? "main.ts" : "main.js");
/** An option of this program that each process gets, too. */
const flags = process.argv.slice(2).filter((word) => word === "--timeline");
/** True if neither a question nor RUN is given. */
export const isDemo = process.argv.length - 2 === flags.length && !process.env.RUN;

const LOOK_MS = 20;

type Settings = Readonly<Record<string, string>>;

/** A program that has been started. */
type Program = {
  /** Waits until it has ended, and prints its output. */
  finish(): Promise<void>;
  /** Kills it, its workers and the engine, and prints its output so far. */
  killAll(): Promise<void>;
};

export type Stage = {
  start(question: string, settings: Settings): Program;
  /** Waits until a call is pending. */
  pending(): Promise<Pending>;
  /** Resolves a call from this process, and prints what happened. */
  resolve(words: string, key: string, answer: Said): Promise<void>;
  /** How many workers were killed so far. */
  killed(): number;
  close(): Promise<void>;
};

/** The lines of a program that are not part of its transcript, because they differ in each run. */
const ASIDE = /^(model: |warning: |waiting for approval; )/;

function printSaid(files: readonly string[], ended: string): void {
  const [stdout = "", stderr = ""] = files.map((file) => readFileSync(file, "utf8"));
  const lines = stderr.split("\n").filter((line) => !ASIDE.test(line));
  repeat({ stdout, stderr: lines.join("\n") });
  print(ended);
}

/** Starts an engine for all programs of this stage. */
export async function openStage(): Promise<Stage> {
  const folder = makeRunFolder("scale-out");
  const engine = await openEngine(join(folder, "engine"));
  let count = 0;
  const own = {
    WORLD_DIR: folder,
    MAILBOX_FILE: "",
    RESTATE_INGRESS_URL: engine.ingress,
    RESTATE_ADMIN_URL: engine.admin,
    WORKERS: "2",
  };
  return {
    start(question, settings) {
      // The workers of a killed program may still write, so each program has files of its own.
      const files = ["stdout", "stderr"].map((name) => join(folder, `${name}-${++count}`));
      const [out = 0, err = 0] = files.map((file) => openSync(file, "w"));
      const child = spawn(process.execPath, [...process.execArgv, MAIN, question, ...flags], {
        env: { ...process.env, ...own, ...settings },
        stdio: ["ignore", out, err],
      });
      for (const file of [out, err]) closeSync(file);
      const ended = once(child, "exit");
      return {
        async finish() {
          await ended;
          printSaid(files, "");
        },
        async killAll() {
          child.kill("SIGKILL");
          process.kill(engine.pid, "SIGKILL");
          await ended;
          printSaid(files, "(the program, its workers and the engine are killed)\n");
        },
      };
    },
    async pending() {
      for (;;) {
        const [first] = await listPending(engine);
        if (first) return first;
        await wait(LOOK_MS);
      }
    },
    async resolve(words, key, answer) {
      const said = await resolve(engine, key, answer).then(sayResolved, ({ message }) => message);
      print(`${words}: ${said}`);
    },
    killed: () => countLines(join(folder, KILLED_FILE)),
    close: engine.close,
  };
}
