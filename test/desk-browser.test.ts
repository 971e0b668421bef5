// A browser is found where there is one, the npm one is installed as a whole or not at all, and each error
// says what to do. Here npm is a script that is found on the PATH, so these tests need neither a browser
// nor a network.
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync } from "node:fs";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { findBrowser, openBrowser, type Places } from "../desk/browser.ts";
import { ROOT } from "../scripts/chapters.ts";
import { type Ended, run } from "../scripts/run.ts";

afterEach(() => vi.unstubAllEnvs());

function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), "browser-"));
}

/** A folder with these programs. */
function programs(...names: readonly string[]): string {
  const folder = emptyFolder();
  for (const name of names) writeFileSync(join(folder, name), "");
  return folder;
}

async function look(places: Partial<Places>, CHROME = ""): Promise<string | undefined> {
  vi.stubEnv("CHROME", CHROME);
  const nowhere = { chrome: [], programs: join(tmpdir(), "nowhere"), installed: () => undefined };
  return (await findBrowser({ ...nowhere, ...places }))?.executablePath;
}

test("the setting CHROME comes first, then Chrome, a distribution's Chromium, and the npm one", async () => {
  const folder = programs("mine", "chrome", "chromium", "chromium-headless-shell");
  const places = {
    chrome: [join(folder, "none"), join(folder, "chrome")],
    programs: folder,
    installed: () => "npm",
  };
  expect(await look(places, join(folder, "mine"))).toBe(join(folder, "mine"));
  expect(await look(places)).toBe(join(folder, "chrome"));
  expect(await look({ ...places, chrome: [] })).toBe(join(folder, "chromium"));
  expect(await look({ ...places, chrome: [], programs: emptyFolder() })).toBe("npm");
  expect(await look({})).toBeUndefined();
});

test("Chromium is found under each of its names, and other programs are left alone", async () => {
  const others = ["chromium-bsu", "chromedriver", "chromium-driver", "mychromium"];
  for (const name of ["chromium", "chromium-browser", "chromium-headless-shell"]) {
    const folder = programs(...others, name);
    expect(await look({ programs: folder })).toBe(join(folder, name));
  }
  expect(await look({ programs: programs(...others) })).toBeUndefined();
});

test("a CHROME that names no file is refused, and not passed over", async () => {
  await expect(look({ installed: () => "npm" }, "/no/such/chrome")).rejects.toThrow(
    new Error("CHROME names no file: /no/such/chrome"),
  );
});

test("a program that is no browser gives one clear error", async () => {
  const file = join(programs("chrome"), "chrome");
  writeFileSync(
    file,
    "#!/bin/sh\necho error while loading shared libraries: libnss3.so >&2\nexit 127\n",
  );
  chmodSync(file, 0o755);
  vi.stubEnv("CHROME", file);
  const message = await openBrowser().catch((error) => error.message);
  expect(message).toMatch(
    /chrome cannot be started \(.+\): install Google Chrome, set CHROME .* npm run book:browser/,
  );
  expect(message).not.toContain("\n");
});

const SETUP = "desk/browser/setup.ts";
const PACKAGE = "@sparticuz/chromium";
const VERSION = "147.0.0";
const INSTALLED = `browser: Chromium ${VERSION} is installed`;

/** The scripts need a shell, and the browser is one for Linux on x64. */
const onLinux = test.skipIf(`${process.platform}-${process.arch}` !== "linux-x64");

/** The setup alone, in a folder of its own, without a browser. */
function makeDesk(): string {
  const folder = emptyFolder();
  const filter = (file: string): boolean =>
    !/node_modules|\.install-/.test(file.slice(ROOT.length));
  for (const part of ["desk/browser", "shared", "mock-tools", "package.json"]) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true, filter });
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "junction");
  return folder;
}

/** What a setup has left in the folder of the browser. */
function left(folder: string): string[] {
  const names = readdirSync(join(folder, "desk/browser"));
  return names.filter((name) => name === "node_modules" || name.startsWith(".install-"));
}

/** A package that unpacks a program with these lines into the temporary folder, as the real one does. */
function fakePackage(...lines: readonly string[]): string {
  const folder = emptyFolder();
  mkdirSync(join(folder, PACKAGE, "bin"), { recursive: true });
  const manifest = { name: PACKAGE, version: VERSION, type: "module", exports: "./index.js" };
  writeFileSync(join(folder, PACKAGE, "package.json"), JSON.stringify(manifest));
  const program = JSON.stringify(["#!/bin/sh", ...lines, ""].join("\n"));
  const code = `import { writeFileSync } from "node:fs"; import { tmpdir } from "node:os";
export default { executablePath: async () => writeFileSync(tmpdir() + "/chromium", ${program}, { mode: 0o755 }) };`;
  writeFileSync(join(folder, PACKAGE, "index.js"), code);
  return folder;
}

/** Runs the setup with an npm that is a script. */
function setUp(folder: string, ...lines: readonly string[]): Promise<Ended> {
  const bin = emptyFolder();
  writeFileSync(join(bin, "npm"), ["#!/bin/sh", ...lines, ""].join("\n"));
  chmodSync(join(bin, "npm"), 0o755);
  return run(SETUP, [], { folder, env: { PATH: `${bin}:/usr/bin:/bin` } });
}

onLinux("npm run book:browser installs the locked version, and says so the next time", async () => {
  const folder = makeDesk();
  const install = `echo "$@" > ../said; cp -r ${fakePackage("echo Chromium")} node_modules`;
  const first = await setUp(folder, install);
  expect(first).toMatchObject({ code: 0, stdout: "" });
  const lines = first.stderr.split("\n").filter((line) => !/ s so far$/.test(line));
  expect(lines).toEqual([
    `browser: Chromium ${VERSION} is missing, so npm fetches it`,
    "browser: about 70 MB, which become 220 MB in desk/browser/node_modules",
    "browser: npm has fetched it, now it is unpacked",
    INSTALLED,
    "",
  ]);
  expect(readFileSync(join(folder, "desk/browser/said"), "utf8")).toMatch(/^ci --ignore-scripts /);
  expect(existsSync(join(folder, "desk/browser/node_modules/.unpacked/chromium"))).toBe(true);
  expect(left(folder)).toEqual(["node_modules"]);
  expect(await setUp(folder, "exit 1")).toMatchObject({
    code: 0,
    stderr: `${INSTALLED} already\n`,
  });
  // Another version is replaced.
  const manifest = join(folder, "desk/browser/node_modules", PACKAGE, "package.json");
  writeFileSync(manifest, '{ "version": "1.0.0" }');
  expect((await setUp(folder, install)).stderr).toMatch(/is installed\n$/);
  expect(readFileSync(manifest, "utf8")).toContain(VERSION);
});

onLinux.each([
  [
    "has no network",
    "echo npm error code ENOTFOUND >&2; exit 1",
    /npm does not reach its registry \(ENOTFOUND\): try again with a network$/,
  ],
  [
    "installs what misses a library",
    `cp -r ${fakePackage("echo libnss3.so: cannot open >&2", "exit 127")} node_modules`,
    /Chromium cannot be run here: libnss3\.so: cannot open$/,
  ],
  [
    "installs what is no program",
    `cp -r ${fakePackage()} node_modules; sed -i s/0o755/0o644/ node_modules/${PACKAGE}/index.js`,
    /Chromium cannot be run here: spawnSync \S+ EACCES$/,
  ],
])("an npm that %s gives one clear error, and leaves nothing", async (_, script, message) => {
  const folder = makeDesk();
  const { code, stderr } = await setUp(folder, script);
  expect(stderr.trimEnd().split("\n").at(-1)).toMatch(/^error: /);
  expect(stderr.trimEnd()).toMatch(message);
  expect(code).toBe(1);
  expect(left(folder)).toEqual([]);
});

test("another system is told where to get a browser", async () => {
  const folder = makeDesk();
  const script = 'Object.defineProperty(process, "platform", { value: "plan9" });';
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(script)}`;
  const { code, stderr } = await run(SETUP, [], { folder, env: { NODE_OPTIONS, PATH: "" } });
  expect(stderr).toBe(
    `error: this browser is made for Linux on x64, not for plan9-${process.arch}: install Google Chrome (https://www.google.com/chrome), or set CHROME to the path of a Chromium\n`,
  );
  expect(code).toBe(1);
  rmSync(folder, { recursive: true });
});

test("--help says what is fetched, where it goes and how to remove it", async () => {
  const { code, stdout } = await run(SETUP, ["--help"], { folder: ROOT });
  expect(stdout).toMatch(/^npm run book:browser\n.*220 MB.*delete desk\/browser\/node_modules/s);
  expect(code).toBe(0);
});
