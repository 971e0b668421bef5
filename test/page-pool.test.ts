// The pool of a page behaves as Piscina where a chapter relies on it. Both run here, with the tools of the book;
// the page's pool gets workers of Node behind the face of a browser's.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker as Thread } from "node:worker_threads";
import { Piscina } from "piscina";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { pageScripts } from "../desk/bundle.ts";
import { ROOT } from "../scripts/chapters.ts";
import { execArgv } from "../shared/threads.ts";

type Pool = Pick<Piscina, "run" | "close" | "on" | "options" | "threads">;
type Limits = { readonly minThreads: number; readonly maxThreads: number };
type MakePool = (limits: Limits) => Pool;

const filename = join(ROOT, "mock-tools/worker.ts");
const makePiscina: MakePool = (limits) =>
  new Piscina({ filename, name: "runTool", execArgv, ...limits });

/** Makes a thread of Node look like a worker of a browser. */
const BROWSER = `const { parentPort } = require("node:worker_threads");
globalThis.self = globalThis;
self.postMessage = (said) => parentPort.postMessage(said);
parentPort.on("message", (data) => self.onmessage({ data }));`;

let threadCode = "";
let makePagePool: MakePool = makePiscina;

/** A browser's worker over a thread of Node. */
class BrowserWorker {
  readonly #thread = new Thread(`${BROWSER}\n${threadCode}`, { eval: true });
  onmessage: ((event: { data: unknown }) => void) | undefined;

  constructor() {
    this.#thread.on("message", (data) => this.onmessage?.({ data }));
  }

  postMessage(said: unknown): void {
    this.#thread.postMessage(said);
  }

  terminate(): void {
    void this.#thread.terminate();
  }
}

beforeAll(async () => {
  vi.stubEnv("WORLD_DIR", mkdtempSync(join(tmpdir(), "pool-")));
  const { "play/thread.js": script = "" } = await pageScripts([]);
  threadCode = `${script}self.onmessage = ({ data }) => { self.start = data; self.thread(); };`;
  vi.stubGlobal("start", { argv: [], env: {}, files: [], thread: 0, threadCode, knobs: {} });
  vi.stubGlobal("self", { postMessage: () => undefined });
  vi.stubGlobal("Worker", BrowserWorker);
  const file = "../desk/page/shims/piscina.ts";
  const { Piscina: PagePool } = await import(file);
  makePagePool = (limits) =>
    new PagePool({ filename, name: "runTool", idleTimeout: 60_000, ...limits });
}, 60_000);

afterAll(() => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

const opened: Pool[] = [];
const aborts: AbortController[] = [];
afterEach(async () => {
  // Vostok's calls never end by themselves.
  for (const abort of aborts.splice(0)) abort.abort();
  await Promise.all(opened.splice(0).map((pool) => pool.close()));
});

function weather(location: string) {
  return { name: "get_weather", args: { location } };
}

const AbortError = expect.objectContaining({
  name: "AbortError",
  message: "The task has been aborted",
});

describe.each([
  ["Piscina", (limits: Limits) => makePiscina(limits)],
  ["the page's pool", (limits: Limits) => makePagePool(limits)],
] as const)("%s", (_, make) => {
  function open(minThreads: number, maxThreads: number): Pool {
    const pool = make({ minThreads, maxThreads });
    opened.push(pool);
    return pool;
  }

  /** Starts a call that never ends, and returns what aborts it and how it has settled. */
  function runForever(pool: Pool) {
    const abort = new AbortController();
    aborts.push(abort);
    const settled = pool.run(weather("Vostok"), { signal: abort.signal }).catch((error) => error);
    return { abort, settled };
  }

  test("runs tasks and keeps the place of each result", async () => {
    const pool = open(1, 2);
    const results = await Promise.all(
      ["LA", "Lima", "Atlantis"].map((place) => pool.run(weather(place)).catch(String)),
    );
    expect(results.slice(0, 2)).toEqual(["sunny, 20 degrees", "cloudy, 18 degrees"]);
    expect(results[2]).toMatch(/^Error: no station in Atlantis; known places: /);
  });

  test("gives a tool's error with its cause", async () => {
    // Oslo's line drops at every second call, and both pools have one world.
    vi.stubEnv("WORLD_DIR", mkdtempSync(join(tmpdir(), "pool-")));
    const { message, cause } = await open(1, 1)
      .run(weather("Oslo"))
      .catch((error) => error);
    expect(message).toMatch(/^the line to Oslo dropped$/);
    expect(cause).toEqual({ failure: "tool_error", retry: { after_ms: 20 } });
  });

  test("runs no more tasks at once than it has threads; an abort frees one for the next", async () => {
    const pool = open(1, 2);
    const [first, second] = [runForever(pool), runForever(pool)];
    let isDone = false;
    const third = pool.run(weather("LA")).then(() => {
      isDone = true;
    });
    await vi.waitFor(() => expect(pool.threads.length).toBe(2), { timeout: 20_000 });
    expect(isDone).toBe(false);
    first.abort.abort();
    expect(await first.settled).toEqual(AbortError);
    await third;
    expect(await Promise.race([second.settled, "it still runs"])).toBe("it still runs");
  });

  test("an abort takes a task out of the queue, and a task that is aborted already never runs", async () => {
    const pool = open(1, 1);
    runForever(pool);
    const abort = new AbortController();
    const waiting = pool.run(weather("LA"), { signal: abort.signal });
    abort.abort("too late");
    await expect(waiting).rejects.toEqual(AbortError);
    await expect(waiting).rejects.toMatchObject({ cause: "too late" });
    await expect(pool.run(weather("LA"), { signal: abort.signal })).rejects.toEqual(AbortError);
  });

  test("a thread that ends fails its own task alone, and another thread takes its place", async () => {
    const pool = open(2, 2);
    const gone: unknown[] = [];
    pool.on("workerDestroy", (thread: unknown) => gone.push(thread));
    const ends = await Promise.allSettled([pool.run(weather("Pompeii")), pool.run(weather("LA"))]);
    expect(ends).toMatchObject([
      { status: "rejected", reason: { message: "worker exited with code: 79" } },
      { status: "fulfilled", value: "sunny, 20 degrees" },
    ]);
    expect(gone.length).toBe(1);
    expect(pool.threads.length).toBe(2);
    expect(await pool.run(weather("Lima"))).toBe("cloudy, 18 degrees");
  });

  test("close waits for the tasks that run, and ends all threads", async () => {
    const pool = open(1, 1);
    const result = pool.run(weather("LA"));
    await pool.run({ name: "get_user_profile", args: {} });
    await pool.close();
    expect(await result).toBe("sunny, 20 degrees");
    expect(pool.threads).toEqual([]);
  });

  test("refuses a minimum above the maximum", () => {
    expect(() => make({ minThreads: 2, maxThreads: 1 })).toThrow(
      new RangeError("options.minThreads and options.maxThreads must not conflict"),
    );
  });
});
