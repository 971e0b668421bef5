// Reads a key per line, resolves its call, and prints the time.
import { createInterface } from "node:readline";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "../scripts/chapters.ts";

const file = join(ROOT, "chapters/20-human-approval/exchange.ts");
const { resolve } = await import(pathToFileURL(file).href);
for await (const key of createInterface({ input: process.stdin })) {
  const time = process.hrtime.bigint();
  resolve(key, { said: "yes" });
  console.log(String(time));
}
