// Exercises that check themselves: npm run exercises
import { describe } from "../shared/describe.ts";
import { endWithOutput } from "../shared/output.ts";
import { clean } from "../shared/terminal.ts";
import { judge } from "./command/judge.ts";
import { readKeys } from "../scripts/exercises/keys.ts";
import { type Exercise, exercises } from "../scripts/exercises/list.ts";
import { exercisesOf, findExercise } from "../scripts/exercises/names.ts";
import { isUntouched, open, readOwn, reset } from "../scripts/exercises/own.ts";
import { practise } from "./command/practise.ts";
import { readDone, rememberPass } from "../scripts/exercises/progress.ts";
import { refresh } from "../scripts/exercises/refresh.ts";
import { listOf, solutionOf, taskOf, verdictOf } from "../scripts/exercises/show.ts";

const USAGE = `npm run exercises                      shows where you are, and opens the next exercise
npm run exercises 06-jitter            opens this one; 06 opens the next of chapter 06
npm run exercises list                 only shows where you are
npm run exercises 06-jitter check      checks it once; exit code 0 if it passes
npm run exercises 06-jitter hint       prints the hint
npm run exercises 06-jitter solution   prints a solution, as changes to the start
npm run exercises 06-jitter reset      replaces your files by those of the start; it asks before
npm run exercises refresh 06           for authors: fits the patches to chapter 06 after it has changed`;

const isTerminal = process.stdin.isTTY && process.stdout.isTTY;

/** The first exercise of a list that is not done, from a place on; undefined if all are done. */
function nextOf(list: readonly Exercise[], from = 0): Exercise | undefined {
  const done = readDone();
  return [...list.slice(from), ...list.slice(0, from)].find(({ name }) => !done.has(name));
}

function nextAfter(exercise: Exercise): Exercise | undefined {
  const all = exercises();
  return nextOf(all, all.findIndex(({ name }) => name === exercise.name) + 1);
}

/** Opens one exercise after the other, as long as the reader goes on. Without a terminal, prints the first. */
async function practiseFrom(first: Exercise | undefined): Promise<void> {
  for (let exercise = first; exercise; exercise = nextAfter(exercise)) {
    if (!isTerminal) {
      open(exercise);
      console.log(taskOf(exercise));
      console.log(`Check it with: npm run exercises ${exercise.name} check`);
      return;
    }
    if ((await practise(exercise)) === "quit") return;
  }
  console.log("All exercises are done.");
}

async function check(exercise: Exercise): Promise<void> {
  open(exercise);
  const files = readOwn(exercise);
  const verdict = await judge(exercise, files);
  if (verdict.passed) rememberPass(exercise, files);
  else process.exitCode = 1;
  console.log(`${exercise.name} ${verdictOf(verdict)}`);
  const next = nextAfter(exercise);
  if (!verdict.passed) console.log(`Stuck? npm run exercises ${exercise.name} hint`);
  else if (next) console.log(`Next: npm run exercises ${next.name}`);
}

/** Waits for one key: true if it is y. */
function agrees(question: string): Promise<boolean> {
  console.log(`${question} (y/n)`);
  return new Promise((resolve) => {
    const end = readKeys((key) => {
      end();
      resolve(key === "y");
    });
  });
}

async function startAgain(exercise: Exercise): Promise<void> {
  open(exercise);
  if (isUntouched(exercise)) return console.log("These are the files of the start.");
  if (!isTerminal)
    throw new Error("expected a terminal, to ask whether your files may be replaced");
  const agreed = await agrees("Replace your files by those of the start?");
  if (agreed) reset(exercise);
  console.log(agreed ? "The start is back." : "Nothing has changed.");
}

type Action = (exercise: Exercise) => void | Promise<void>;

const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  ["check", check],
  ["hint", ({ hint }) => console.log(hint.trim())],
  ["solution", (exercise) => console.log(solutionOf(exercise))],
  ["reset", startAgain],
]);

/** The exercise that a word names: itself, or the next of a chapter; without a word, the next of all. */
function readExercise(word: string | undefined): Exercise | undefined {
  if (word === undefined) return nextOf(exercises());
  const ofChapter = exercisesOf(word);
  return ofChapter.length > 0 ? (nextOf(ofChapter) ?? ofChapter[0]) : findExercise(word);
}

async function main(): Promise<void> {
  const words = process.argv.slice(2).map((word) => word.replace(/^--?(?=[a-z])/, ""));
  if (words.includes("help") || words.includes("h")) return console.log(USAGE);
  if (words[0] === "refresh") return refresh(words[1]);
  const action = words.find((word) => word === "list" || ACTIONS.has(word));
  const [name, ...others] = words.filter((word) => word !== action);
  if (others.length > 0)
    throw new Error(`expected one exercise, got ${words.join(" ")}\n\n${USAGE}`);
  const exercise = readExercise(name);
  if (action === "list" || (!name && !action)) console.log(listOf(exercise));
  if (action === "list") return;
  if (!action) return practiseFrom(exercise);
  if (!exercise) throw new Error("all exercises are done; name the one that you mean");
  await ACTIONS.get(action)?.(exercise);
}

endWithOutput();
try {
  await main();
} catch (error) {
  console.error(clean(`error: ${describe(error)}`));
  process.exitCode = 1;
}
