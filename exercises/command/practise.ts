// One exercise in a terminal: its task, a check after each save, and keys.
import { watch } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { describe } from "../../shared/describe.ts";
import { readKeys } from "../../scripts/exercises/keys.ts";
import type { Exercise, Verdict } from "../../scripts/exercises/list.ts";
import { folderOf, isUntouched, open, readOwn, reset } from "../../scripts/exercises/own.ts";
import { judge } from "./judge.ts";
import { rememberPass } from "../../scripts/exercises/progress.ts";
import { listOf, solutionOf, taskOf, verdictOf } from "../../scripts/exercises/show.ts";

const KEYS = "h hint · s solution · r reset · n next · l list · q quit";
/** An editor may write a file in several steps. */
const SETTLE_MS = 60;

/** What the reader wants at the end: the exercise after this one, or to stop. */
export type Wish = "next" | "quit";

/** Checks the reader's files whenever it is asked to, and drops a check that a later one overtakes. */
function makeChecker(exercise: Exercise, onVerdict: (verdict: Verdict) => void) {
  let checked = "";
  let running = new AbortController();
  let isStopped = false;
  const check = async (): Promise<void> => {
    await wait(SETTLE_MS);
    const files = readOwn(exercise);
    const text = JSON.stringify([...files]);
    if (text === checked || isStopped) return;
    checked = text;
    running.abort();
    running = new AbortController();
    const { signal } = running;
    console.log("\nchecking …");
    const verdict = await judge(exercise, files, signal);
    if (signal.aborted) return;
    if (verdict.passed) rememberPass(exercise, files);
    onVerdict(verdict);
  };
  const stop = (): void => {
    isStopped = true;
    running.abort();
  };
  return { check, stop };
}

/**
 * Lets the reader work at an exercise until it is passed, or until another key ends it. It never goes on
 * by itself.
 */
export function practise(exercise: Exercise): Promise<Wish> {
  return new Promise((resolve) => {
    let passed = false;
    /** What happens if the next key is y. */
    let agreed: (() => void) | undefined;

    const askFirst = (question: string, act: () => void): void => {
      console.log(`\n${question} (y/n)`);
      agreed = act;
    };
    const { check, stop } = makeChecker(exercise, (verdict) => {
      ({ passed } = verdict);
      console.log(verdictOf(verdict));
      console.log(passed ? "\nEnter goes on; s compares with a solution." : `\n${KEYS}`);
    });
    const checkNow = () => check().catch((error) => console.log(`error: ${describe(error)}`));
    const showSolution = () => console.log(`\n${solutionOf(exercise)}`);
    const startAgain = () => {
      reset(exercise);
      console.log("\nThe start is back.");
    };

    const actions: Readonly<Record<string, () => void>> = {
      h: () => console.log(`\n${exercise.hint.trim()}`),
      s: () =>
        passed ? showSolution() : askFirst("Show the solution before yours?", showSolution),
      r: () => {
        if (isUntouched(exercise)) console.log("\nThese are the files of the start.");
        else askFirst("Replace your files by those of the start?", startAgain);
      },
      l: () => console.log(`\n${listOf(exercise)}`),
      n: () => end("next"),
      q: () => end("quit"),
      return: () => (passed ? end("next") : console.log("\nEnter goes on when the check passes.")),
    };
    const endKeys = readKeys((key) => {
      const act = agreed;
      agreed = undefined;
      if (act && key === "y") act();
      else if (act && key !== "q") console.log("\nNothing has changed.");
      else actions[key]?.();
    });

    open(exercise);
    console.log(`\n${taskOf(exercise)}\nIt is checked whenever you save it. ${KEYS}`);
    const watcher = watch(folderOf(exercise), () => void checkNow());
    const end = (wish: Wish): void => {
      stop();
      watcher.close();
      endKeys();
      resolve(wish);
    };
    void checkNow();
  });
}
