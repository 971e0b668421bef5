import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import pLimit from "p-limit";
import { expect, test } from "vitest";
import { proveStage, stagesOf } from "../exercises/command/proof.ts";
import { chapters, ROOT } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";
import { filesAt, wrongStages } from "../scripts/exercises/files.ts";
import { exercises, FOLDER } from "../scripts/exercises/list.ts";
import { findExercise } from "../scripts/exercises/names.ts";
import { run } from "../scripts/run.ts";
import { findEngine } from "../shared/engine/install.ts";

// An exercise is a start, a solution and wrong answers, as patches on its chapter, and a check that tells
// them apart.

const all = exercises();

// ── Proofs ───────────────────────────────────────────────────────────────────────────────────────

// Checks mostly wait for processes of their own, so several of them run at once.
const limit = pLimit(2);

/** With CI or EXERCISES=all, every stage of all exercises is proven, which takes minutes. */
const isWhole = Boolean(process.env.CI) || process.env.EXERCISES === "all";

/** Otherwise it is the solution of each chapter's first exercise, where it needs no engine. */
const firsts = all.filter(({ name, chapter }, index) => {
  return name < "22" && all[index - 1]?.chapter.number !== chapter.number;
});

const chosen = isWhole ? all.filter(({ name }) => name < "22" || findEngine()) : firsts;

const proofs = chosen.map((exercise) => {
  const stages = isWhole ? stagesOf(exercise) : (["solution"] as const);
  const judged = stages.map((stage) => limit(() => proveStage(exercise, stage)));
  // A failure is reported by the exercise's test, however late that test begins.
  for (const one of judged) one.catch(() => undefined);
  return { name: exercise.name, faults: () => Promise.all(judged) };
});

test.each(proofs)(
  "the check of $name tells its stages apart",
  async ({ faults }) => {
    const found = (await faults()).flatMap(({ fault }) => fault ?? []);
    expect(found).toEqual([]);
  },
  600_000,
);

test.each(all)("$name has an answer that looks right and is wrong", (exercise) => {
  expect(stagesOf(exercise).length).toBeGreaterThanOrEqual(3);
});

// ── Patches ──────────────────────────────────────────────────────────────────────────────────────

test.each(all)("the patches of $name fit its chapter as it is", (exercise) => {
  for (const stage of stagesOf(exercise))
    expect(filesAt(exercise, stage).get("main.ts")).toBeTruthy();
});

/** A copy of the book in which every exercise is at its solution. */
function solvedBook(): string {
  const files = all.flatMap((exercise) => {
    return [...filesAt(exercise, "solution")].map(([file, text]) => {
      return [`${FOLDER}/${exercise.name}/${file}`, text];
    });
  });
  return copyBook(Object.fromEntries(files), ROOT);
}

test("all solutions pass the compiler and Biome", async () => {
  const folder = solvedBook();
  const tool = (file: string, ...args: string[]) => {
    const command = [join(ROOT, "node_modules", file), ...args];
    return promisify(execFile)(process.execPath, command, { cwd: folder });
  };
  const config = `--config-path=${ROOT}`;
  await Promise.all([
    tool("typescript/bin/tsc", "-p", FOLDER),
    tool("@biomejs/biome/bin/biome", "ci", config, "--vcs-enabled=false", FOLDER),
  ]);
});

test("refresh fits patches to a chapter that has changed, and says what it cannot decide", async () => {
  const folder = copyBook({}, ROOT);
  const git = (...args: string[]) => {
    const author = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
    return promisify(execFile)("git", [...author, ...args], { cwd: folder });
  };
  await git("init", "--quiet");
  await git("add", "chapters", FOLDER);
  await git("commit", "--quiet", "-m", "The book");
  const file = join(folder, "chapters/04-parallel-tools/main.ts");
  const edit = (from: string, to: string) => {
    const source = readFileSync(file, "utf8");
    expect(source).toContain(from);
    writeFileSync(file, source.replace(from, to));
  };
  const refresh = async () => {
    const { stdout } = await run(`${FOLDER}/run.ts`, ["refresh", "04"], {
      folder,
      env: { COMPILED_BOOK: "" },
    });
    return stdout.split("\n").filter((line) => line.startsWith("04-order "));
  };
  edit(
    "readonly id: string; readonly result: unknown };",
    "readonly id: string; readonly result: unknown; };",
  );
  expect(await refresh()).toEqual([
    "04-order start: merged",
    "04-order solution: merged",
    ...wrongStages(findExercise("04-order")).map((stage) => `04-order ${stage}: fits`),
  ]);
  edit("return Promise.all(calls.map(", "return await Promise.all(calls.map(");
  expect(await refresh()).toEqual([
    expect.stringMatching(/^04-order start: decide the conflicts in exercises\/04-order, then: /),
  ]);
  expect(readFileSync(join(folder, FOLDER, "04-order/main.ts"), "utf8")).toContain("<<<<<<< now");
});

// ── Shape ────────────────────────────────────────────────────────────────────────────────────────

test("every chapter from 02 on has two exercises or more, and the first is short", () => {
  const own = chapters()
    .slice(1)
    .map(({ number }) => all.filter(({ chapter }) => chapter.number === number));
  expect(all.length).toBeGreaterThanOrEqual(40);
  expect(own.filter((list) => list.length < 2)).toEqual([]);
  expect(own.flatMap(([first]) => first?.minutes ?? []).filter((minutes) => minutes > 25)).toEqual(
    [],
  );
  expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set(["Fix", "Extend", "Predict"]));
});

test.each(all)(
  "the task of $name is short, and says what the check will say",
  ({ task, hint, says }) => {
    const lines = task.trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(25);
    expect(lines.filter((line) => line.length > 120)).toEqual([]);
    expect(says).not.toBe("");
    expect(hint.trim().split("\n").length).toBeLessThanOrEqual(6);
  },
);

test.each(all)("the page of its chapter names $name", ({ name, chapter }) => {
  const page = readFileSync(join(ROOT, "chapters", chapter.folder, "README.md"), "utf8");
  expect(page).toContain(`npm run exercises ${name}\``);
});
