// Opens an engine, prints its address, and waits until it is ended. Its arguments: the engine's folder,
// and "temporary" or "lasting" for that folder; or "leaving" for a program that ends without
// closing its engine, and "hasty" for one that ends while its engine starts.
import { existsSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { openEngine } from "../../shared/engine/engine.ts";

const [, , folder = "", kind = ""] = process.argv;

const opening = openEngine(folder, { temporary: kind !== "lasting" });
if (kind === "hasty") {
  while (!existsSync(folder)) await wait(1);
  process.exit();
}
const { ingress, admin, pid } = await opening;
console.log(JSON.stringify({ ingress, admin, pid }));
if (kind !== "leaving") await wait(60_000);
