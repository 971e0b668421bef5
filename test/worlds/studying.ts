import { existsSync } from "node:fs";
import { BroadcastChannel, receiveMessageOnPort } from "node:worker_threads";
import type { RunContext } from "../../mock-tools/context.ts";
import { worldFile } from "../../mock-tools/world.ts";

const channel = new BroadcastChannel("studies");
channel.unref();

/** Blocks the thread for a while, as computing would. */
function nap(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
}

/** Goes on until the signal "go" comes, and returns the payloads of all signals up to that one. */
function hold({ cancelled, port }: RunContext, onCancel: () => string): string {
  const heard: string[] = [];
  for (;;) {
    if (cancelled && Atomics.load(cancelled, 0) !== 0) return onCancel();
    const received = port && receiveMessageOnPort(port);
    if (received) heard.push(received.message.payload);
    if (received?.message.name === "go") return heard.join(", ");
    if (!received) nap();
  }
}

function refuse(): never {
  throw new Error("no such study");
}

/**
 * A study that reports its begin. The first word of its place says what it does: it waits for a
 * signal or for a file of the world. After a cancel it throws, returns, or goes on.
 */
export function studyClimate(
  { location }: { location: string },
  context: RunContext = {},
): unknown {
  channel.postMessage(location);
  switch (location.split(" ")[0]) {
    case "held":
      return hold(context, refuse);
    case "keen":
      return hold(context, () => `a half of ${location}`);
    case "barred":
      while (!existsSync(worldFile("gate"))) nap();
      return `studied ${location}`;
    case "deaf":
      for (;;) nap();
    case "throwing":
      return refuse();
    case "dying":
      return process.exit(3);
    case "odd":
      return 1n;
    case "telling": {
      context.port?.postMessage("a \u001b[31mhalf\u0007");
      context.port?.postMessage({ not: "a text" });
      const heard = hold(context, refuse);
      for (let part = 1; part <= 50; part++) context.port?.postMessage(`part ${part}`);
      return heard;
    }
    default:
      return `studied ${location}`;
  }
}

/** A part of a study. These tests never call it. */
export function studySeason(task: { location: string }): unknown {
  return studyClimate(task);
}
