import { readFileSync } from "node:fs";
import { join } from "node:path";
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

test("the lock file holds the packages of every platform, and no address to fetch them from", () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies }]) =>
    Object.keys(optionalDependencies).filter((name) => {
      return !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`];
    }),
  );
  expect(missing).toEqual([]);
  expect(Object.keys(packages).filter((path) => packages[path]?.resolved)).toEqual([]);
});

test("licences are permissive", () => {
  // lightningcss, which vitest brings along to read style sheets, is the one exception (MPL-2.0).
  const permissive =
    /^(MIT|ISC|0BSD|Apache-2\.0|BSD-[23]-Clause|MIT OR Apache-2\.0|Unlicense|\(AFL-2\.1 OR BSD-3-Clause\))$/;
  const others = Object.entries(packages).filter(
    ([, { license }]) => !permissive.test(license ?? ""),
  );
  const names = others.map(([path]) => path.replace("node_modules/", ""));
  expect(names.filter((name) => name !== "" && !name.startsWith("lightningcss"))).toEqual([]);
});
