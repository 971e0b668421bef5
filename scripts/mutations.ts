// Breaks the book in the ways that its tests must notice, one at a time: npm run mutations
// Some of them alone, by words of their names: npm run mutations "on Ctrl-C"
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { copyBook } from "./copy.ts";
import { ROOT } from "./chapters.ts";

type Mutation = {
  readonly name: string;
  readonly file: string;
  /** What stands in the file, and what stands there instead. */
  readonly from: string;
  readonly to: string;
  /** The test file, and the words of the test, that must fail. */
  readonly test: string;
  readonly fails: string;
};

const MUTATIONS: readonly Mutation[] = [
  {
    name: "a bad reply is not said back",
    file: "chapters/01-structured-output/main.ts",
    from: 'messages.push({ role: "user", content: feedback });',
    to: "",
    test: "01-structured-output",
    fails: "the error follows the bad reply",
  },
  {
    name: "the loop has no step limit",
    file: "chapters/03-agent-loop/main.ts",
    from: "step <= MAX_STEPS",
    to: "step <= 12",
    test: "03-agent-loop",
    fails: "the tenth step is the last",
  },
  {
    name: "calls run one after another",
    file: "chapters/04-parallel-tools/main.ts",
    from: "const MAX_THREADS = 4;",
    to: "const MAX_THREADS = 2;",
    test: "04-parallel-tools",
    fails: "have started before any of them ends",
  },
  {
    name: "results stand in the order in which the calls end",
    file: "chapters/04-parallel-tools/main.ts",
    from: "return Promise.all(calls.map(async (call) => ({ id: call.id, result: await runCall(call) })));",
    to: "const done: CallResult[] = []; await Promise.all(calls.map(async (call) => { done.push({ id: call.id, result: await runCall(call) }); })); return done;",
    test: "04-parallel-tools",
    fails: "in the order asked",
  },
  {
    name: "the mailbox is a variable",
    file: "mock-tools/mailbox.ts",
    from: "appendFileSync(mailboxFile(), ",
    to: "void (",
    test: "04-parallel-tools",
    fails: "ends with the mailbox",
  },
  {
    name: "one failure hides its siblings",
    file: "chapters/05-error-recovery/main.ts",
    from: "    return explain(call, error);\n",
    to: "    throw error;\n",
    test: "05-error-recovery",
    fails: "the nasty batch",
  },
  {
    name: "each attempt has a key of its own",
    file: "chapters/06-retries/main.ts",
    from: "  const key = crypto.randomUUID();\n  const task = { name: call.name, args: args.value, context: { key } };\n  for (let attempts = 1; ; attempts++) {\n",
    to: "  for (let attempts = 1; ; attempts++) {\n    const key = crypto.randomUUID();\n    const task = { name: call.name, args: args.value, context: { key } };\n",
    test: "06-retries",
    fails: "all attempts of a call have one key",
  },
  {
    name: "a retry does not ask for the tool's consent",
    file: "chapters/06-retries/main.ts",
    from: '(tool.retry ?? "never") !== "never" && ',
    to: "",
    test: "06-retries",
    fails: "a tool whose policy is never",
  },
  {
    name: "outcomes are paired with calls by id",
    file: "chapters/07-tool-runners/main.ts",
    from: "    return outcomes;\n",
    to: "    const byId = new Map(outcomes.map((outcome) => [outcome.id, outcome]));\n    return calls.flatMap(({ id }) => byId.get(id) ?? []);\n",
    test: "07-tool-runners",
    fails: "the nasty batch",
  },
  {
    name: "the limit is ignored",
    file: "chapters/07-tool-runners/main.ts",
    from: "Math.min(limit, calls.length)",
    to: "calls.length",
    test: "07-tool-runners",
    fails: "never passes it",
  },
  {
    name: "a call starts after the cancel",
    file: "chapters/10-cancellation/main.ts",
    from: '  if (signal.aborted) return { type: "cancelled", id: call.id, cancelled: "it never started" };\n',
    to: "",
    test: "10-cancellation",
    fails: "calls in the queue are never entered",
  },
  {
    name: "serial calls overlap",
    file: "chapters/12-exclusive-tools/main.ts",
    from: "await oneByOne(alone)",
    to: "await together(alone)",
    test: "12-exclusive-tools",
    fails: "each alone",
  },
  {
    name: "a mode is looked up without a check",
    file: "chapters/11-dynamic-parallelism/main.ts",
    from: "if (data) return runners[data];",
    to: "if (runners[mode]) return runners[mode];",
    test: "11-dynamic-parallelism",
    fails: "a reply whose mode is",
  },
  {
    name: "a call waits for a whole wave",
    file: "chapters/13-dependency-detection/main.ts",
    from: "await endsOf(sources)",
    to: "(await Promise.all(ends)).filter((_, index) => sources.includes(index))",
    test: "13-dependency-detection",
    fails: "own sources have ended",
  },
  {
    name: "calls on one resource overlap",
    file: "chapters/13-dependency-detection/main.ts",
    from: "      await endsOf(rivals);\n",
    to: "",
    test: "13-dependency-detection",
    fails: "a write waits for the reads before it",
  },
  {
    name: "a half call runs",
    file: "chapters/17-streaming/pieces.ts",
    from: '  return [{ type: "partial", index, call: one.call }];',
    to: '  return [{ type: "complete", index, call: one.call }];',
    test: "17-stream-readers",
    fails: "each call has its partials",
  },
  {
    name: "a knob leaks to the top of the request",
    file: "chapters/16-providers/claude.ts",
    from: "    ...(choice && { tool_choice: choice }),",
    to: "    ...(choice && { tool_choice: choice }), ...config.claude,",
    test: "16-providers",
    fails: "travel in tool_choice and nowhere else",
  },
  {
    name: "a failed call is not answered",
    file: "chapters/14-native-tools/main.ts",
    from: "outcomes.map(writeItem)",
    to: 'outcomes.filter(({ type }) => type === "success").map(writeItem)',
    test: "14-native-tools",
    fails: "the nasty batch goes back",
  },
  {
    name: "an output is cut within a character",
    file: "chapters/18-tool-output/cut.ts",
    from: "return start > 0 ? start : read;",
    to: "return read;",
    test: "18-cut",
    fails: "nothing is cut within",
  },
  {
    name: "what is behind a large character can't be read",
    file: "chapters/18-tool-output/cut.ts",
    from: "return start > 0 ? start : read;",
    to: "return start > 0 ? start : line.length;",
    test: "18-cut",
    fails: "gets every byte",
  },
  {
    name: "whatever is kept is sent whole",
    file: "chapters/18-tool-output/kept.ts",
    from: "text: cut(lines, keep(id, lines), budget)",
    to: "text: keep(id, lines) && text",
    test: "18-tool-output",
    fails: "an output like any other",
  },
  {
    name: "an output takes the place of an earlier one with its id",
    file: "chapters/18-tool-output/kept.ts",
    from: "kept.has(name); count++",
    to: "false; count++",
    test: "18-tool-output",
    fails: "two outputs with one id",
  },
  {
    name: "a projector that throws ends the run",
    file: "chapters/18-tool-output/kept.ts",
    from: "text = messageOf(error);",
    to: "throw error;",
    test: "18-tool-output",
    fails: "a projector that throws",
  },
  {
    name: "waits and forecasts share one limit",
    file: "chapters/09-async-tools/main.ts",
    from: "parallelRunner(MAX_WAITING, loop.onStart)",
    to: "parallelRunner(MAX_CONCURRENT, loop.onStart)",
    test: "09-async-tools",
    fails: "50 waits are in flight at once",
  },
  {
    name: "a watcher that throws breaks its batch",
    file: "chapters/08-tracing/trace.ts",
    from: "    complain(error);\n    return undefined;\n",
    to: "    throw error;\n",
    test: "08-tracing",
    fails: "changes nothing but stderr",
  },
  {
    name: "a tool passes for the pool",
    file: "mock-tools/plain.ts",
    from: "cause: { failure, ",
    to: "cause: { ",
    test: "05-error-recovery",
    fails: "the nasty batch",
  },
  {
    name: "a result may be of any size",
    file: "mock-tools/plain.ts",
    from: "if (length > MAX_RESULT || holdsBulk(value)) throw tooLarge;",
    to: "",
    test: "world",
    fails: "a result that is too large fails",
  },
  {
    name: "what is thrown from a timer reaches the pool as it is",
    file: "mock-tools/worker.ts",
    from: "throw new Error(messageOf(thrown));",
    to: "throw thrown;",
    test: "05-error-recovery",
    fails: "the nasty batch",
  },
  {
    name: "a thread that dies between two calls ends the program",
    file: "shared/threads.ts",
    from: "if (cannotStart || error instanceof SyntaxError) throw error;",
    to: "throw error;",
    test: "05-error-recovery",
    fails: "a thread that dies after its call",
  },
  {
    name: "control characters of one byte reach the terminal",
    file: "shared/controls.ts",
    from: "\\u007f-\\u009f",
    to: "\\u007f",
    test: "terminal",
    fails: "nothing that it would obey",
  },
  {
    name: "a key is printed",
    file: "shared/terminal.ts",
    from: "return hideSecrets(stripControls(text));",
    to: "return stripControls(text);",
    test: "terminal",
    fails: "no error line and no line of the model",
  },
  {
    name: "threads make the world's folder again",
    file: "mock-tools/world.ts",
    from: "  return join(folder, name);",
    to: "  mkdirSync(folder, { recursive: true });\n  return join(folder, name);",
    test: "terminal",
    fails: "leaves nothing behind",
  },
  {
    name: "an upload that breaks off ends the offline model",
    file: "shared/offline/wire/front-door.ts",
    from: ".catch((error) => giveUp(request, response, error))",
    to: "",
    test: "offline-server",
    fails: "ends nothing but its own connection",
  },
  {
    name: "references may make arguments of any length",
    file: "chapters/13-dependency-detection/dependencies.ts",
    from: "    add(toText(found[0]));\n",
    to: "",
    test: "13-references",
    fails: "refused before they are made",
  },
  {
    name: "a result that JSON cannot hold leaves its thread",
    file: "mock-tools/plain.ts",
    from: "return toPlainData(await run());",
    to: "return await run();",
    test: "05-error-recovery",
    fails: "the nasty batch",
  },
  {
    name: "a call's end is not told",
    file: "chapters/07-tool-runners/main.ts",
    from: "        onEnd(outcome);\n",
    to: "",
    test: "07-tool-runners",
    fails: "a watcher is told of the start of each call",
  },
  {
    name: "the trace is lost on Ctrl-C",
    file: "chapters/08-tracing/trace/record.ts",
    from: '  process.once("exit", show);\n',
    to: "",
    test: "08-tracing",
    fails: "Ctrl-C",
  },
  {
    name: "outcomes are dealt out in the order of their parts",
    file: "chapters/09-async-tools/main.ts",
    from: "return calls.flatMap((call) => outcomes.get(call) ?? []);",
    to: "return [...outcomes.values()].flatMap((outcome) => outcome ?? []);",
    test: "09-async-tools",
    fails: "outcomes of both kinds stand in the order asked",
  },
  {
    name: "a cancel does not reach the model",
    file: "chapters/10-cancellation/main.ts",
    from: "completions.create(request, { signal })",
    to: "completions.create(request)",
    test: "10-cancellation",
    fails: "Ctrl-C while the model thinks",
  },
  {
    name: "nobody is asked to stop before the thread is ended",
    file: "chapters/10-cancellation/main.ts",
    from: "    Atomics.store(cancelled, 0, 1);\n",
    to: "",
    test: "10-cancellation",
    fails: "a tool that looks at the flag",
  },
  {
    name: "bad replies are not counted",
    file: "chapters/13-dependency-detection/main.ts",
    from: "    replies++;\n",
    to: '    if (text.startsWith("{")) replies++;\n',
    test: "13-dependency-detection",
    fails: "the demo counts every reply",
  },
  {
    name: "a reference may lead forwards",
    file: "chapters/13-dependency-detection/dependencies.ts",
    from: "if (position > own) return",
    to: "if (position > Infinity) return",
    test: "13-dependency-detection",
    fails: "each kind of bad reference",
  },
  {
    name: "an e-mail starts before its reply has ended",
    file: "chapters/17-streaming/main.ts",
    from: "  [sendEmail.name, sendEmail],",
    to: '  [sendEmail.name, { ...sendEmail, retry: "safe" }],',
    test: "17-streaming",
    fails: "an e-mail when it is over",
  },
  {
    name: "a reply in the last event is lost",
    file: "chapters/17-streaming/responses.ts",
    from: "readEnd(reader, event.response?.output ?? [])",
    to: "readEnd(reader, [])",
    test: "17-stream-readers",
    fails: "counts where no other event has brought it",
  },
  {
    name: "an item of the last event counts twice",
    file: "chapters/17-streaming/responses.ts",
    from: "begun[pairs[position] ?? -1] ?? ",
    to: "",
    test: "17-stream-readers",
    fails: "does not count twice",
  },
  {
    name: "two calls of a reply have one id",
    file: "shared/call-ids.ts",
    from: " && !given.has(id);",
    to: ";",
    test: "14-native-tools",
    fails: "an id that the API would refuse",
  },
  {
    name: "arguments are parsed with each piece",
    file: "chapters/17-streaming/whole.ts",
    from: "    scan.text += letter;\n",
    to: "    scan.text += letter;\n    parses(scan.text);\n",
    test: "17-stream-readers",
    fails: "a name with each piece",
  },
  {
    name: "a pending call holds its lane",
    file: "chapters/20-human-approval/approvals.ts",
    from: "return asReady(asked).values();",
    to: "return asked.values();",
    test: "20-human-approval",
    fails: "hold no slot",
  },
  {
    name: "the last resolution stands",
    file: "chapters/20-human-approval/exchange.ts",
    from: "import { linkSync, ",
    to: "import { renameSync as linkSync, ",
    test: "20-human-approval",
    fails: "the first resolution stands",
  },
  {
    name: "two calls with one id have one key",
    file: "chapters/20-human-approval/keys.ts",
    from: "JSON.stringify([place, id])",
    to: "JSON.stringify([id])",
    test: "20-human-approval",
    fails: "a key in which anything was altered",
  },
  {
    name: "a late approval counts until the program looks at the clock",
    file: "chapters/20-human-approval/exchange.ts",
    from: "if (Date.now() < deadline) return",
    to: "return",
    test: "20-human-approval",
    fails: "even if its program has not looked at the clock",
  },
  {
    name: "somebody is asked about a call that cannot run",
    file: "chapters/20-human-approval/main.ts",
    from: "return args?.ok ? askFirst.get(call.name)?.(args.value, takeKey) : undefined;",
    to: "return askFirst.get(call.name)?.(args?.ok ? args.value : {}, takeKey);",
    test: "20-human-approval",
    fails: "nobody is asked about a call that cannot run",
  },
  {
    name: "what is recorded runs again",
    file: "chapters/21-replay/journal.ts",
    from: "      return entry.value;\n",
    to: "",
    test: "21-journal",
    fails: "a rerun returns what is recorded",
  },
  {
    name: "a changed call is replayed in silence",
    file: "chapters/21-replay/journal.ts",
    from: "entry.hash !== hash",
    to: "entry.hash.length !== hash.length",
    test: "21-journal",
    fails: "another input is refused",
  },
  {
    name: "two steps share the keys of their calls",
    file: "chapters/21-replay/main.ts",
    from: "runBatch(calls, inStep)",
    to: "runBatch(calls, execute)",
    test: "21-replay",
    fails: "the same call runs in each step",
  },
  {
    name: "a tool is not told its idempotency key",
    file: "chapters/21-replay/main.ts",
    from: "context: { key } };",
    to: "context: {} };",
    test: "21-replay",
    fails: "killed before, after, within",
  },
  {
    name: "a torn line stays in the journal",
    file: "chapters/21-replay/journal.ts",
    from: "    truncateSync(path, whole);\n",
    to: "",
    test: "21-journal",
    fails: "a last line that was torn anywhere",
  },
  {
    name: "two processes use one journal",
    file: "chapters/21-replay/lock.ts",
    from: "    if (isAlive(pid)) {\n",
    to: "    if (!isAlive(pid)) {\n",
    test: "21-replay",
    fails: "while a process uses the journal",
  },
  {
    name: "a README says something else than the code",
    file: "chapters/04-parallel-tools/README.md",
    from: "Beijing is cloudy at 5 degrees",
    to: "Beijing is cloudy at 6 degrees",
    test: "documents",
    fails: "what is generated in the READMEs",
  },
  {
    name: "a process of other arguments is taken for the same",
    file: "chapters/19-background-tools/processes.ts",
    from: "      if (before && before.input !== input) return undefined;\n",
    to: "",
    test: "19-background-tools",
    fails: "the same id with the same arguments",
  },
  {
    name: "a cancel claims that it has worked",
    file: "chapters/19-background-tools/tools.ts",
    from: "const { type: status } = await cancel(processes.find(id));",
    to: 'await cancel(processes.find(id)); const status = "cancelled";',
    test: "19-background-tools",
    fails: "a cancel says how the process has really ended",
  },
  {
    name: "a deaf process is awaited for ever",
    file: "chapters/19-background-tools/process.ts",
    from: "  end.abort();\n",
    to: "",
    test: "19-background-tools",
    fails: "is not awaited for ever",
  },
  {
    name: "what has ended takes signals",
    file: "chapters/19-background-tools/tools.ts",
    from: "if (process.ended) throw",
    to: "if (!process) throw",
    test: "19-background-tools",
    fails: "signals arrive in order",
  },
  {
    name: "a thread of another pool counts as ended",
    file: "shared/timeline.ts",
    from: "pools.flatMap((pool) => pool.threads)",
    to: "pools.slice(0, 1).flatMap((pool) => pool.threads)",
    test: "timeline",
    fails: "a process that goes on is running",
  },
  {
    name: "the offline model claims a study that it has not awaited",
    file: "shared/offline/mind/processes.ts",
    from: 'status: isCancelled ? "cancelled" : "running"',
    to: 'status: isCancelled ? "cancelled" : "ended", said: "mild"',
    test: "mind-studies",
    fails: "one that was not awaited",
  },
];

/** True if the test that must notice the mutation fails, or what it shares with its neighbours does. */
function isNoticed({ file, from, to, test, fails }: Mutation): boolean {
  const source = readFileSync(join(ROOT, file), "utf8");
  if (!source.includes(from)) throw new Error(`${file} does not hold: ${from}`);
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", `test/${test}.test.ts`, "-t", fails, "--bail", "1"];
  const { stdout, status } = spawnSync(process.execPath, args, {
    cwd: copyBook({ [file]: source.replace(from, to) }, ROOT),
    encoding: "utf8",
  });
  return status !== 0 && /Test Files .*failed/.test(stripVTControlCharacters(stdout));
}

const [words = ""] = process.argv.slice(2);
const wanted = MUTATIONS.filter(({ name }) => name.includes(words));
if (wanted.length === 0) {
  console.error(`error: expected words of a mutation's name, got ${words}`);
  process.exit(1);
}
const missed = wanted.filter((mutation) => {
  const noticed = isNoticed(mutation);
  console.log(`${noticed ? "noticed" : "MISSED "}  ${mutation.name}`);
  return !noticed;
});
if (missed.length > 0) {
  console.error(`error: ${missed.length} of ${wanted.length} mutations were not noticed`);
  process.exitCode = 1;
}
