import { z } from "zod";
import { run } from "../../scripts/run.ts";
import { type ChatRequest, type Reply, serveScript } from "../../scripts/serve.ts";
import { readReports } from "../programs/report.ts";

const Mail = z.object({ from: z.string(), to: z.string(), message: z.string() });
const End = z.object({
  answer: z.string().optional(),
  error: z.string().optional(),
  mailbox: z.array(Mail),
});

/** The end of a question: its answer or error, and the mailbox afterwards. */
export type Asked = z.infer<typeof End> & {
  readonly printed: string;
  readonly requests: readonly ChatRequest[];
  /** The program's message to the model after each reply. */
  readonly feedback: readonly string[];
  /** The messages that held results, as data. */
  readonly results: readonly unknown[];
};

type Script = readonly Reply[];
type Options = Parameters<typeof run>[2];

function readAsked(printed: string, end: unknown, requests: readonly ChatRequest[]): Asked {
  const [, , ...rest] = requests.at(-1)?.messages ?? [];
  const feedback = rest.flatMap(({ role, content }) => (role === "user" ? content : []));
  const results = feedback.flatMap(
    (text) => /^Function call results?: (.*)/s.exec(text)?.[1] ?? [],
  );
  const data = results.map((text) => JSON.parse(text));
  return { ...End.parse(end), printed, requests, feedback, results: data };
}

async function askAll(
  folder: string,
  scripts: ReadonlyMap<string, Script>,
  { env, ...options }: NonNullable<Options>,
): Promise<Map<string, Asked>> {
  const server = await serveScript(({ messages }) => {
    const script = scripts.get(messages[1]?.content ?? "") ?? [];
    const step = messages.filter(({ role }) => role === "assistant").length;
    return script[Math.min(step, script.length - 1)] ?? "";
  });
  const settings = { ...options, env: { OPENAI_BASE_URL: server.url, ...env } };
  const questions = [...scripts.keys()];
  const { stdout, stderr } = await run("test/programs/ask.ts", [folder, ...questions], settings);
  server.close();
  const reports = readReports(stdout);
  const asked = questions.map((question): [string, Asked] => {
    const part = reports.get(question);
    if (!part) throw new Error(`no end of ${question}: ${stderr}`);
    const requests = server.requests.filter(({ messages }) => messages[1]?.content === question);
    return [question, readAsked(part.printed, part.value, requests)];
  });
  return new Map(asked);
}

/**
 * Lets the tests of a file share one process of a chapter. The returned function takes a question and the
 * model's replies to it, of which the last repeats. It returns a function that waits for the
 * question's end. All questions are asked one after the other, in their order, when the first test
 * waits.
 *
 * @param chapter the chapter's folder, such as "04-parallel-tools"
 */
export function askInOneProcess(
  chapter: string,
  options: NonNullable<Options> = {},
): (question: string, ...script: Script) => () => Promise<Asked> {
  const scripts = new Map<string, Script>();
  let all: Promise<Map<string, Asked>> | undefined;
  return (question, ...script) => {
    scripts.set(question, script);
    return async () => {
      all ??= askAll(chapter, scripts, options);
      const asked = (await all).get(question);
      if (!asked) throw new Error(`${question} was asked too late`);
      return asked;
    };
  };
}
