// The engine on demand: as long as its program runs, it answers at one address, even if the server dies.
// Nothing is left of it afterwards, however the program ends.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import * as restate from "@restatedev/restate-sdk";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { bookFolder } from "../scripts/chapters.ts";
import { run } from "../scripts/run.ts";
import { type Engine, openEngine } from "../shared/engine/engine.ts";
import { findEngine } from "../shared/engine/install.ts";
import { type Log, noteLine, readPorts } from "../shared/engine/log.ts";
import { registerService } from "../shared/engine/register.ts";
import { type ServiceServer, type Services, serveService } from "../shared/engine/serve.ts";
import {
  callService,
  engineTest,
  freshFolder,
  keeperOf,
  pause,
  serversOf,
  until,
  untilGone,
} from "./support/engine.ts";

test.runIf(process.env.CI && process.platform !== "win32")(
  "the engine is installed where CI is set, so that its tests run",
  () => expect(findEngine()).toBeDefined(),
);

test("the ports and the last error are read from a server's log, but an error about the network is ignored", () => {
  const log: Log = { ports: {}, isLeader: false, error: "" };
  const line = (level: string, more: object) => JSON.stringify({ level, ...more });
  const listening = (name: string, port: number) => {
    return line("INFO", { span: { server_name: `${name}-server`, "server.port": port } });
  };
  const leader = line("INFO", { fields: { message: "Processor became Leader of epoch e2." } });
  noteLine(log, leader);
  noteLine(log, listening("http-ingress", 1));
  noteLine(log, listening("admin-api", 2));
  expect(readPorts(log)).toBeUndefined();
  noteLine(log, listening("message-fabric", 3));
  expect(readPorts(log)).toEqual({ ingress: 1, admin: 2, node: 3 });
  noteLine(log, line("ERROR", { fields: { message: "failed", error: "no room" } }));
  noteLine(log, line("ERROR", { fields: { message: "cannot connect" }, target: "octocrab" }));
  expect(log.error).toBe("no room");
  noteLine(log, "cannot even log");
  noteLine(log, "");
  expect(log.error).toBe("cannot even log");
});

/** An engine that ends with the test. */
async function open(folder = freshFolder(), temporary = true): Promise<Engine> {
  const engine = await openEngine(folder, { temporary });
  onTestFinished(() => engine.close());
  return engine;
}

/** Services that are registered with an engine and end with the test. */
async function serve(engine: Engine, services: Services): Promise<ServiceServer> {
  const server = await serveService(services);
  onTestFinished(() => server.close());
  await registerService(engine, server.port);
  return server;
}

/** A service that answers with a word. */
function echo(word: string) {
  return restate.service({ name: "echo", handlers: { say: async () => word } });
}

/** Two steps. The second waits until the test releases it. Each run of a step is noted. */
function makeSteps() {
  const runs: string[] = [];
  let letGo: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const ask = async (context: restate.Context): Promise<string> => {
    const first = await context.run("first", () => `first ${runs.push("first")}`);
    const second = await context.run("second", async () => {
      runs.push("second");
      await gate;
      return "second";
    });
    return `${first}, ${second}`;
  };
  const service = restate.service({ name: "steps", handlers: { ask } });
  return { runs, letGo, service };
}

engineTest("a service is called, and nothing of the engine is left when it is closed", async () => {
  const folder = freshFolder();
  const engine = await open(folder);
  const server = await serve(engine, [echo("hello")]);
  expect(await callService(engine.ingress, "echo/say", "1")).toEqual({
    status: 200,
    answer: "hello",
  });
  const { pid } = engine;
  const keeper = keeperOf(pid);
  await engine.close();
  await server.close();
  await untilGone(pid, keeper);
  expect(existsSync(folder)).toBe(false);
  expect(engine.lost.aborted).toBe(false);
});

engineTest("an engine is closed although calls are under way", { timeout: 30_000 }, async () => {
  const engine = await open();
  const { runs, letGo, service } = makeSteps();
  await serve(engine, [service]);
  const cut = callService(engine.ingress, "steps/ask", "1").catch(() => "cut");
  await until(() => expect(runs).toEqual(["first", "second"]));
  await engine.close();
  expect(await cut).toBe("cut");
  letGo();
});

engineTest(
  "data stays in a folder that is not temporary, for the next engine over it",
  async () => {
    const folder = freshFolder();
    const first = await open(folder, false);
    const server = await serve(first, [echo("first")]);
    expect(await callService(first.ingress, "echo/say", "1")).toMatchObject({ answer: "first" });
    await first.close();
    await server.close();
    const second = await open(folder, false);
    // No process serves the service, but the engine has kept the answer of the call with this key.
    expect(await callService(second.ingress, "echo/say", "1")).toMatchObject({ answer: "first" });
  },
);

engineTest(
  "a killed server comes back at its address, and an unfinished call goes on",
  async () => {
    const engine = await open();
    const { runs, letGo, service } = makeSteps();
    await serve(engine, [service]);
    const { pid } = engine;
    const cut = callService(engine.ingress, "steps/ask", "1").catch(() => "cut");
    await until(() => expect(runs).toEqual(["first", "second"]));
    process.kill(pid, "SIGKILL");
    expect(await cut).toBe("cut");
    letGo();
    await until(async () => {
      const answered = await callService(engine.ingress, "steps/ask", "1");
      expect(answered).toEqual({ status: 200, answer: "first 1, second" });
    });
    expect(runs.filter((step) => step === "first")).toHaveLength(1);
    expect(engine.pid).not.toBe(pid);
    expect(engine.lost.aborted).toBe(false);
  },
);

engineTest("what a service had begun goes on in the next process of that service", async () => {
  const engine = await open();
  const { runs, letGo, service } = makeSteps();
  const first = await serve(engine, [service]);
  const answered = callService(engine.ingress, "steps/ask", "1");
  await until(() => expect(runs).toEqual(["first", "second"]));
  await first.close();
  await serve(engine, [service]);
  letGo();
  expect(await answered).toEqual({ status: 200, answer: "first 1, second" });
  const known = await fetch(`${engine.admin}/deployments`);
  expect(await known.json()).toMatchObject({ deployments: [{ services: [{ name: "steps" }] }] });
});

engineTest("a service that cannot be reached gives one clear error", async () => {
  const engine = await open();
  const { port, close } = await serveService([echo("")]);
  await close();
  const message = `^the engine cannot take the services: [^\\n]*${port}[^\\n]*refused[^\\n]*$`;
  await expect(registerService(engine, port)).rejects.toThrow(new RegExp(message));
});

engineTest("two engines beside each other have their own services", async () => {
  const engines = await Promise.all([open(), open()]);
  const words = ["left", "right"];
  const answers = engines.map(async (engine, index) => {
    await serve(engine, [echo(words[index] ?? "")]);
    return (await callService(engine.ingress, "echo/say", "1")).answer;
  });
  expect(await Promise.all(answers)).toEqual(words);
});

const Started = z.object({ ingress: z.string(), admin: z.string(), pid: z.int() });

/** A program with an engine, in a process group of its own as in a terminal. */
async function startProgram(folder: string, kind: "temporary" | "lasting") {
  const file = join(bookFolder(), "test/programs/engine.js");
  const program = spawn(process.execPath, [file, folder, kind], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void program.kill("SIGKILL"));
  const [line] = await once(program.stdout, "data");
  return { group: -Number(program.pid), ...Started.parse(JSON.parse(String(line))) };
}

engineTest.each(["SIGKILL", "SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s of a program, also from its terminal, leaves no process and no temporary folder",
  async (signal) => {
    const folder = freshFolder();
    const { group, pid } = await startProgram(folder, "temporary");
    const keeper = keeperOf(pid);
    expect(existsSync(folder)).toBe(true);
    process.kill(group, signal);
    await untilGone(-group, pid, keeper);
    expect(existsSync(folder)).toBe(false);
  },
);

engineTest(
  "the folder of a killed program can be used, although its engine still ends",
  async () => {
    const folder = freshFolder();
    const { group, pid } = await startProgram(folder, "lasting");
    const keeper = keeperOf(pid);
    // With this, the first engine cannot end before the second one has met it.
    process.kill(keeper, "SIGSTOP");
    process.kill(group, "SIGKILL");
    const opening = open(folder, false);
    await until(() => expect(serversOf(folder)).toHaveLength(2));
    process.kill(keeper, "SIGCONT");
    expect((await opening).pid).not.toBe(pid);
    await untilGone(pid, keeper);
  },
);

engineTest.each(["hasty", "leaving"])(
  "a %s program, which does not close its engine, ends and leaves no engine",
  async (kind) => {
    const folder = freshFolder();
    const { code, stderr } = await run("test/programs/engine.ts", [folder, kind]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    await until(() => expect([...serversOf(folder), existsSync(folder)]).toEqual([false]));
  },
);

engineTest("a server without its keeper is ended by the program, which gets an error", async () => {
  const engine = await open();
  const { pid } = engine;
  process.kill(keeperOf(pid), "SIGKILL");
  await untilGone(pid);
  expect(engine.lost.reason).toEqual(Error("the process that keeps the engine was killed"));
});

engineTest("a folder that is a file, in use, or not empty and temporary, is refused", async () => {
  const folder = freshFolder();
  writeFileSync(folder, "");
  const message = `the engine cannot be started: EEXIST: file already exists, mkdir '${folder}'`;
  await expect(openEngine(folder)).rejects.toThrow(Error(message));
  await expect(openEngine(join(folder, "a"))).rejects.toThrow(/ ENOTDIR: not a directory, mkdir /);

  const used = freshFolder();
  const engine = await open(used, false);
  await expect(openEngine(used)).rejects.toThrow(Error(`another engine uses ${used}`));
  expect(serversOf(used)).toHaveLength(1);
  expect((await fetch(`${engine.admin}/health`)).status).toBe(200);

  const full = freshFolder();
  mkdirSync(full);
  writeFileSync(join(full, "a"), "");
  const refused = openEngine(full, { temporary: true });
  await expect(refused).rejects.toThrow(
    Error(`the engine cannot be started: ${full} is not empty`),
  );
  expect(readdirSync(full)).toEqual(["a"]);
});

engineTest("a first start that fails says why, and leaves no folder", async () => {
  // The folder itself can be made, but what the server makes in it has too long a path.
  const longest = process.platform === "linux" ? 4_095 : 1_023;
  let folder = freshFolder();
  while (folder.length < longest - 202) folder = join(folder, "a".repeat(200));
  mkdirSync(folder, { recursive: true });
  folder = join(folder, "a".repeat(longest - folder.length - 2));
  await expect(openEngine(folder)).rejects.toThrow(
    /^the engine cannot be started: failed to create data directory at [^\n]*name too long[^\n]*$/,
  );
  expect(existsSync(folder)).toBe(false);
});

engineTest("a server that dies again and again at its start gives one clear error", async () => {
  const folder = freshFolder();
  const engine = await open(folder);
  const lost = once(engine.lost, "abort");
  for (const store of ["db", "log-store", "replicated-metadata-server"]) {
    writeFileSync(join(folder, "book", store, "CURRENT"), "nonsense");
  }
  process.kill(engine.pid, "SIGKILL");
  await lost;
  expect(String(engine.lost.reason)).toMatch(
    /^Error: the engine cannot be started: .*Corruption.*$/,
  );
  await expect(callService(engine.ingress, "echo/say", "1")).rejects.toThrow();
  await until(() => expect([...serversOf(folder), existsSync(folder)]).toEqual([false]));
});

engineTest("a port that another program has taken meanwhile is one clear error", async () => {
  const engine = await open();
  const { pid } = engine;
  const lost = once(engine.lost, "abort");
  // With this, the keeper does not notice the server's death until the port is taken.
  const goOn = pause(keeperOf(pid));
  process.kill(pid, "SIGKILL");
  const port = Number(new URL(engine.ingress).port);
  const other = createServer();
  await until(async () => {
    other.listen(port, "127.0.0.1");
    await once(other, "listening");
  });
  goOn();
  await lost;
  other.close();
  const message = `the engine cannot be started again: another program has its port ${port}`;
  expect(engine.lost.reason).toEqual(Error(message));
});

engineTest(
  "only errors of the SDK are printed, one line each, and open connections end",
  async () => {
    const { code, stdout, stderr } = await run("test/programs/engine-service.ts", [freshFolder()]);
    expect(stdout).toBe("done\ncut\n");
    expect(stderr).toBe("error: nothing is\n");
    expect(code).toBe(0);
  },
);
