import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { ROOT } from "../scripts/chapters.ts";

const Versions = z.record(z.string(), z.string());
const Package = z.looseObject({
  license: z.string().optional(),
  dependencies: Versions.default({}),
  devDependencies: Versions.default({}),
  optionalDependencies: Versions.default({}),
});
const Lock = z.object({ packages: z.record(z.string(), Package) });

function read(file: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, file), "utf8"));
}

const { packages } = Lock.parse(read("package-lock.json"));

test("versions are exact", () => {
  const { dependencies, devDependencies } = Package.parse(read("package.json"));
  const versions = Object.values({ ...dependencies, ...devDependencies });
  expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

test("the lock file contains the packages of every platform, and no address of a registry", () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies }]) =>
    Object.keys(optionalDependencies).filter((name) => {
      return !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`];
    }),
  );
  expect(missing).toEqual([]);
  expect(Object.keys(packages).filter((path) => packages[path]?.resolved)).toEqual([]);
});

test("licences are permissive", () => {
  // Both exceptions are under MPL-2.0: lightningcss, which vitest brings along, and axe-core, which tests use as it is.
  const permissive =
    /^(MIT|ISC|0BSD|Apache-2\.0|BSD-[23]-Clause|MIT OR Apache-2\.0|Unlicense|\(AFL-2\.1 OR BSD-3-Clause\))$/;
  const others = Object.entries(packages).filter(
    ([, { license }]) => !permissive.test(license ?? ""),
  );
  const names = others.map(([path]) => path.replace("node_modules/", ""));
  const exceptions = /^(lightningcss.*|axe-core|)$/;
  expect(names.filter((name) => !exceptions.test(name))).toEqual([]);
});

/** The folders of the book, and those that the files in each may import from, besides its own. */
const BELOW = new Map([
  ["mock-tools", []],
  ["shared", ["mock-tools"]],
  ["chapters", ["shared", "mock-tools"]],
  ["scripts", ["shared", "mock-tools"]],
  ["bench", ["scripts", "shared", "mock-tools"]],
  ["desk", ["bench", "scripts", "shared", "mock-tools"]],
  // Checks are tests for readers, so they use what the tests use.
  ["exercises", ["test", "scripts", "chapters", "shared", "mock-tools"]],
  ["test", ["exercises", "desk", "bench", "scripts", "chapters", "shared", "mock-tools"]],
]);

/** What each file of the book imports, types included, as paths from the root. */
const imports = new Map(
  [...BELOW.keys()].flatMap((folder) => {
    const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" });
    const sources = files.filter((file) => file.endsWith(".ts"));
    return sources.map((name) => {
      const file = posix.join(folder, name.replaceAll("\\", "/"));
      const source = readFileSync(join(ROOT, file), "utf8");
      const found = [...source.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)];
      return [file, found.map(([, path = ""]) => posix.join(dirname(file), path))] as const;
    });
  }),
);

test("nothing imports from above, and no chapter imports another", () => {
  const upwards = [...imports].flatMap(([file, paths]) => {
    const [folder = "", chapter] = file.split("/");
    const allowed = paths.filter((path) => {
      const [other = "", part] = path.split("/");
      const own = other === folder && (folder !== "chapters" || part === chapter);
      return own || BELOW.get(folder)?.includes(other);
    });
    return paths.filter((path) => !allowed.includes(path)).map((path) => `${file} -> ${path}`);
  });
  expect(upwards).toEqual([]);
});

/** How many lines of a file print without the guard of shared/print.ts, and why they may. */
const OWN_WORDS = {
  "chapters/08-tracing/trace.ts": 1,
  "chapters/08-tracing/trace/record.ts": 1,
  "chapters/15-parallel-knobs/main.ts": 1,
  "chapters/16-providers/main.ts": 1,
  // A person who approves sees the whole call. It is cleaned here, since the guard would cut it.
  "chapters/20-human-approval/approve.ts": 1,
  "chapters/23-scale-out/approve.ts": 1,
  // The output of a program in another process has passed the guard there.
  "shared/cli.ts": 2,
  // Numbers that are added to a line, and its end.
  "shared/engine/progress.ts": 2,
  // Its labels have passed the guard.
  "shared/timeline.ts": 1,
  // The output of a program in another process has passed the guard there.
  "shared/processes.ts": 2,
};

test("text from elsewhere is printed with the guard", () => {
  const files = [...imports.keys()].filter((file) => /^(chapters|shared|mock-tools)\//.test(file));
  const counts = files.flatMap((file) => {
    const source = readFileSync(join(ROOT, file), "utf8");
    const lines = source.match(/console\.\w+\((?!\))|std(?:out|err)\.write/g) ?? [];
    return lines.length === 0 || file === "shared/print.ts" ? [] : [[file, lines.length] as const];
  });
  expect(Object.fromEntries(counts)).toEqual(OWN_WORDS);
});

test("no file imports itself through others", () => {
  const reach = (from: string, seen = new Set<string>()): Set<string> => {
    for (const path of imports.get(from) ?? []) {
      if (seen.has(path)) continue;
      seen.add(path);
      reach(path, seen);
    }
    return seen;
  };
  expect([...imports.keys()].filter((file) => reach(file).has(file))).toEqual([]);
});
