import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../scripts/chapters.ts";
import { LOADER } from "./measure.ts";

const CHAPTER = "chapters/08-tracing/main.ts";

/** The timelines of chapter 08's demo, one per run, as on a terminal. */
export async function measureTrace(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "trace-"));
  const args = [...LOADER, CHAPTER, "--trace", join(folder, "trace.json")];
  const env = { ...process.env, OPENAI_API_KEY: "", OPENAI_BASE_URL: "", COLUMNS: "" };
  const { stderr } = spawnSync(process.execPath, args, { cwd: ROOT, env, encoding: "utf8" });
  rmSync(folder, { recursive: true });
  const [, ...lines] = stderr.trim().split("\n");
  return lines.slice(lines.indexOf("run 1"));
}
