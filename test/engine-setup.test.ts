// npm run durable:setup says what it does, checks what npm has installed, and says what to do if it
// cannot. It never takes half of an engine for a whole one. Here npm is a script that is found on the
// PATH, so these tests need neither the engine nor a network.
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { ROOT } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";
import { type Ended, run, start } from "../scripts/run.ts";
import { until, untilGone } from "./support/engine.ts";
import { startForUser } from "./support/interrupt.ts";

const SETUP = "shared/engine/setup.ts";
const LOCK = "shared/engine/package-lock.json";
const PLATFORM = `${process.platform}-${process.arch}`;
const PACKAGE = `node_modules/@restatedev/restate-server-${PLATFORM}`;
const VERSION = "1.7.12";

const Locked = z.looseObject({ version: z.string().optional(), integrity: z.string().optional() });
const Lock = z.looseObject({ packages: z.record(z.string(), Locked) });
const lock = Lock.parse(JSON.parse(readFileSync(join(ROOT, LOCK), "utf8")));

/** The scripts need a shell, and there is no engine for Windows. */
const onUnix = test.skipIf(process.platform === "win32");

/** A copy of the book without the engine. */
function makeBook(changes: Readonly<Record<string, string>> = {}): string {
  const folder = copyBook(changes);
  rmSync(join(folder, "shared/engine/node_modules"), { recursive: true, force: true });
  return folder;
}

/** An environment in which npm is a script. It runs in a folder in shared/engine. */
function withNpm(...lines: readonly string[]): { PATH: string } {
  const folder = mkdtempSync(join(tmpdir(), "npm-"));
  const file = join(folder, "npm");
  writeFileSync(file, ["#!/bin/sh", ...lines, ""].join("\n"));
  chmodSync(file, 0o755);
  return { PATH: `${folder}:/usr/bin:/bin` };
}

/** Lines of a script that install a server, and what that says of its version. */
function installing(words = `restate-server ${VERSION}`): string[] {
  return [
    `mkdir -p ${PACKAGE}/bin`,
    `echo '{ "version": "${VERSION}" }' > ${PACKAGE}/package.json`,
    `printf '#!/bin/sh\\necho ${words}\\n' > ${PACKAGE}/bin/restate-server`,
    `chmod 755 ${PACKAGE}/bin/restate-server`,
  ];
}

/** A line of a script that waits until a shell condition holds, at most half a minute. */
function waiting(condition: string): string {
  return `for i in $(seq 600); do if ${condition}; then break; fi; sleep 0.05; done`;
}

function setUp(folder: string, env: { readonly PATH: string }): Promise<Ended> {
  return run(SETUP, [], { folder, env });
}

/** Files of an engine in a copy of the book, and files that setups have left there. */
function look(folder: string): string[] {
  const names = readdirSync(join(folder, "shared/engine"));
  return names.filter((name) => name === "node_modules" || name.startsWith(".install-"));
}

/** The whole output of a setup with this end. */
function said(...end: readonly string[]): string {
  const lines = [
    `engine: restate-server ${VERSION} is missing, so npm fetches it for ${PLATFORM}`,
    "engine: about 80 MB, which become 226 MB in shared/engine/node_modules",
    "engine: its licence is the Business Source License 1.1, whose text comes with it",
  ];
  return [...lines, ...end, ""].join("\n");
}

const INSTALLED = `engine: restate-server ${VERSION} is installed`;

test("the engine's versions are locked with checksums, and without an address to fetch them from", () => {
  const { "": own, ...others } = lock.packages;
  expect(own).toMatchObject({ dependencies: { "@restatedev/restate-server": VERSION } });
  const servers = Object.entries(others).filter(([path]) => path.includes("/restate-server"));
  expect(servers.map(([, { version }]) => version)).toEqual(Array(5).fill(VERSION));
  const loose = Object.entries(others).filter(([, one]) => !one.integrity || "resolved" in one);
  expect(loose).toEqual([]);
});

onUnix(
  "the setup says what it fetches, and checks it afterwards; the next setup ends at once",
  async () => {
    const folder = makeBook();
    const first = await setUp(folder, withNpm(...installing()));
    expect(first).toEqual({ code: 0, stdout: "", stderr: said(INSTALLED) });
    expect(look(folder)).toEqual(["node_modules"]);
    const second = await setUp(folder, withNpm("exit 1"));
    expect(second).toEqual({ code: 0, stdout: "", stderr: `${INSTALLED} already\n` });
  },
);

onUnix("npm installs what is locked, and runs no script of a package", async () => {
  const folder = makeBook();
  await setUp(folder, withNpm('echo "$@" > ../said', "cat package-lock.json > ../lock"));
  const engine = join(folder, "shared/engine");
  expect(readFileSync(join(engine, "said"), "utf8")).toMatch(/^ci --ignore-scripts /);
  expect(JSON.parse(readFileSync(join(engine, "lock"), "utf8"))).toEqual(lock);
});

onUnix("without a terminal, lines say how much is there", async () => {
  const folder = makeBook();
  const large = `dd if=/dev/zero of=${PACKAGE}/bin/restate-server bs=1 count=0 seek=150000000`;
  const env = withNpm(
    ...installing(),
    `${large} 2> /dev/null`,
    waiting("[ -e ../go ]"),
    ...installing(),
  );
  const { stderr } = start(SETUP, [], { folder, env });
  let seen = "";
  for await (const data of stderr) {
    seen += String(data);
    if (seen.includes("100 MB")) writeFileSync(join(folder, "shared/engine/go"), "");
  }
  expect(seen).toBe(said("engine: 100 MB are unpacked", INSTALLED));
});

onUnix("an engine of another version is replaced", async () => {
  const folder = makeBook();
  await setUp(folder, withNpm(...installing()));
  const manifest = join(folder, "shared/engine", PACKAGE, "package.json");
  writeFileSync(manifest, '{ "version": "1.0.0" }');
  const { stderr } = await setUp(folder, withNpm(...installing()));
  expect(stderr).toBe(said(INSTALLED));
  expect(JSON.parse(readFileSync(manifest, "utf8"))).toEqual({ version: VERSION });
  expect(look(folder)).toEqual(["node_modules"]);
});

/** How npm fails, and what the setup says about it. */
const FAILURES: readonly [string, readonly string[], RegExp][] = [
  [
    "has no network",
    ["echo npm error code ENOTFOUND >&2", "echo npm error more >&2", "exit 1"],
    /npm does not reach its registry \(ENOTFOUND\): try again with a network$/,
  ],
  [
    "finds the disk full",
    ["echo npm ERR! code ENOSPC >&2", "exit 1"],
    /the disk is full: make room for 500 MB in \S+$/,
  ],
  [
    "may not write",
    ["echo npm error code EACCES >&2", "exit 1"],
    /npm may not write \(EACCES\): make \S+ and npm's cache writable$/,
  ],
  [
    "fails otherwise",
    ["echo npm error code EUSAGE >&2", "echo 'npm error the lock file is odd' >&2", "exit 1"],
    /npm ci has failed: the lock file is odd$/,
  ],
  ["fails in silence", ["exit 1"], /npm ci has failed: it does not say why$/],
  ["installs nothing", [], /npm ci has installed no server for this platform$/],
  [
    "installs another version",
    installing("restate-server 9.9.9"),
    /expected restate-server 1\.7\.12 from npm, got restate-server 9\.9\.9$/,
  ],
  [
    "installs what cannot be run",
    [...installing(), `chmod 644 ${PACKAGE}/bin/restate-server`],
    /what npm has installed cannot be run: spawn \S+ EACCES$/,
  ],
];

onUnix.each(FAILURES)("an npm that %s gives one clear error", async (_, script, message) => {
  const folder = makeBook();
  const { code, stdout, stderr } = await setUp(folder, withNpm(...script));
  const [end, ...more] = stderr.slice(said().length).trimEnd().split("\n");
  expect(end).toMatch(message);
  expect(end).toMatch(/^error: /);
  expect({ code, stdout, more }).toEqual({ code: 1, stdout: "", more: [] });
  expect(look(folder)).toEqual([]);
});

onUnix("a missing npm gives one clear error", async () => {
  const folder = makeBook();
  const { code, stderr } = await setUp(folder, { PATH: mkdtempSync(join(tmpdir(), "empty-")) });
  const message =
    "there is no npm on the PATH: install it, it comes with Node (https://nodejs.org)";
  expect(stderr).toBe(said(`error: ${message}`));
  expect(code).toBe(1);
  expect(look(folder)).toEqual([]);
});

test("a platform without a server from Restate gives one clear error", async () => {
  const others = Object.entries(lock.packages).filter(([path]) => !path.endsWith(PLATFORM));
  const packages = Object.fromEntries(others);
  const folder = makeBook({ [LOCK]: JSON.stringify({ ...lock, packages }) });
  const { code, stderr } = await setUp(folder, { PATH: "" });
  expect(stderr).toBe(
    `error: Restate makes its server for Linux and macOS, not for ${PLATFORM}: run the book in WSL or in a Linux container (https://docs.restate.dev/installation)\n`,
  );
  expect(code).toBe(1);
});

onUnix("two setups at the same time do each other no harm", async () => {
  const folder = makeBook();
  const bothHaveBegun = '[ "$(ls ../began-* | wc -l)" -ge 2 ]';
  const env = withNpm(...installing(), "echo > ../began-$$", waiting(bothHaveBegun));
  const both = await Promise.all([setUp(folder, env), setUp(folder, env)]);
  expect(both.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
    Array(2).fill({ code: 0, stderr: said(INSTALLED) }),
  );
  expect(look(folder)).toEqual(["node_modules"]);
  expect((await setUp(folder, withNpm("exit 1"))).stderr).toBe(`${INSTALLED} already\n`);
});

onUnix(
  "files of a killed setup are not taken for an engine, and the next setup removes them",
  async () => {
    const folder = makeBook();
    const env = withNpm(...installing(), "echo > ../began", waiting("[ -e ../go ]"));
    const { kill, ended } = startForUser(SETUP, [], { folder, env });
    await until(() => expect(existsSync(join(folder, "shared/engine/began"))).toBe(true));
    kill();
    await ended;
    expect(look(folder)).toEqual([expect.stringMatching(/^\.install-/)]);
    expect((await setUp(folder, withNpm(...installing()))).stderr).toBe(said(INSTALLED));
    expect(look(folder)).toEqual(["node_modules"]);
    writeFileSync(join(folder, "shared/engine/go"), "");
  },
);

onUnix("Ctrl-C ends a setup and its npm, and leaves nothing", async () => {
  const folder = makeBook();
  const env = withNpm(...installing(), "echo $$ > ../began", "exec sleep 60");
  const { pressCtrlC, ended } = startForUser(SETUP, [], { folder, env });
  const began = join(folder, "shared/engine/began");
  await until(() => expect(readFileSync(began, "utf8")).toMatch(/\n$/));
  pressCtrlC();
  expect(await ended).toMatchObject({ code: 130 });
  await untilGone(Number(readFileSync(began, "utf8")));
  expect(look(folder)).toEqual([]);
});

test("--help says what is fetched, where it goes and how to remove it; another option is refused", async () => {
  const help = await run(SETUP, ["--help"]);
  expect(help).toMatchObject({ code: 0, stderr: "" });
  expect(help.stdout).toMatch(
    /^npm run durable:setup\n.*226 MB.*delete shared\/engine\/node_modules/s,
  );
  const odd = await run(SETUP, ["--fast"]);
  expect(odd).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: .*'--fast'.*\n$/) });
});
