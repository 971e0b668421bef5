import { setTimeout as wait } from "node:timers/promises";
import { print } from "../../shared/print.ts";
import { openStage, type Stage } from "./runs.ts";

export { isDemo } from "./runs.ts";

const MAIL = 'Send an email to bob@example.com saying "Lunch at noon?".';

async function killWorker(stage: Stage): Promise<void> {
  print("── 1 · Five calls on two workers; one worker is killed in the middle of a call\n");
  const question = "Compare the weather in Lima, Cairo, LA, Paris and Tokyo.";
  await stage.start(question, { RUN: "weather", KILL_WORKER: "weather_paris" }).finish();
  print(`Workers killed so far: ${stage.killed()}\n`);
}

async function killStudy(stage: Stage): Promise<void> {
  print("── 2 · Three studies; one of them goes on in another worker\n");
  const question =
    "Study the climate of Lima, Paris and Tokyo. Only the winter of Paris. Cancel Tokyo.";
  const settings = { RUN: "climate", KILL_WORKER: "study_climate_lima spring" };
  await stage.start(question, settings).finish();
  print(`Workers killed so far: ${stage.killed()}\n`);
}

async function killAllAndApprove(stage: Stage): Promise<void> {
  print("── 3 · A call waits for approval, and everything is killed meanwhile\n");
  const first = stage.start(MAIL, { RUN: "lunch" });
  const { key } = await stage.pending();
  await first.killAll();
  print("── 4 · The run goes on, and somebody in another process approves\n");
  const second = stage.start(MAIL, { RUN: "lunch" });
  await stage.resolve("Somebody approves with a forged key", `${key.slice(0, -1)}x`, {
    said: "yes",
  });
  await stage.resolve("Somebody approves", key, { said: "yes" });
  await stage.resolve("Somebody denies", key, { said: "no" });
  await second.finish();
}

async function missDeadline(stage: Stage): Promise<void> {
  print("── 5 · A call waits for a second, and everything is killed until that is over\n");
  const settings = { RUN: "late", APPROVAL_SECONDS: "1" };
  const first = stage.start(MAIL, settings);
  const { key, deadline } = await stage.pending();
  await first.killAll();
  await wait(Math.max(0, deadline - Date.now()));
  print("── 6 · The run goes on\n");
  const second = stage.start(MAIL, settings);
  await stage.resolve("Somebody approves too late", key, { said: "yes" });
  await second.finish();
}

/** Shows the ways in which processes are killed and go on, each time with two workers. */
export async function runDemo(): Promise<void> {
  const stage = await openStage();
  await killWorker(stage);
  await killStudy(stage);
  await killAllAndApprove(stage);
  await missDeadline(stage);
  await stage.close();
}
