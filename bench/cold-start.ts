import { spawnSync } from "node:child_process";
import { ROOT } from "../scripts/chapters.ts";
import { type Candidate, interleave, LOADER, type Spread } from "./measure.ts";

const CHAPTER = "chapters/04-parallel-tools/main.ts";
const QUESTION = "How is the weather in Beijing and LA?";

/** Starts a process and waits for its end: the time it took in ms. */
function started(command: string, args: readonly string[]): Candidate {
  return async () => {
    const env = { ...process.env, OPENAI_API_KEY: "", OPENAI_BASE_URL: "" };
    const start = performance.now();
    const { status } = spawnSync(command, args, { cwd: ROOT, env });
    if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed`);
    return { ms: performance.now() - start };
  };
}

/** The time of chapter 04 from the command to its end, and of the parts of that time. */
export async function measureColdStart(): Promise<Record<string, Spread>> {
  const candidates = {
    node: started(process.execPath, ["--eval", "0"]),
    loader: started(process.execPath, [...LOADER, "--eval", "0"]),
    npx: started("npx", ["tsx", "--eval", "0"]),
    imports: started(process.execPath, [...LOADER, CHAPTER, "--help"]),
    first: started(process.execPath, [...LOADER, CHAPTER, QUESTION]),
    demo: started(process.execPath, [...LOADER, CHAPTER]),
    typed: started("npx", ["tsx", CHAPTER]),
  };
  return interleave(candidates, 7);
}
