import { existsSync } from "node:fs";

function circle(): object {
  const self = { of: {} };
  self.of = self;
  return self;
}

function ownCause(): Error {
  const error = new Error("its own cause");
  error.cause = error;
  return error;
}

/** Throws from a timer, where no caller can catch it, and never ends. */
function throwLater(thrown: unknown): Promise<never> {
  setTimeout(() => {
    throw thrown;
  });
  return new Promise(() => undefined);
}

/** Ends the thread after its call, as soon as the file in END_WHEN_THERE exists. */
function endBetweenCalls(): void {
  const file = process.env.END_WHEN_THERE ?? "";
  const { wait } = Atomics;
  // The pool's code in the thread uses Atomics.wait to wait for the next call.
  Atomics.wait = () => {
    while (!existsSync(file)) wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    throw new Error("out of memory");
  };
}

function nest(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

/** A weather tool that does what a tool should not do. The name of the place chooses what. */
export function forecast({ location }: { location: string }): unknown {
  switch (location) {
    case "throws a string":
      throw "a string";
    case "throws nothing":
      throw undefined;
    case "throws null":
      throw null;
    case "throws what has no text":
      throw { toString: 1 };
    case "throws its own cause":
      throw ownCause();
    case "throws a DOMException":
      throw new DOMException("the operation was aborted", "AbortError");
    case "throws like the program":
      throw new Error("unknown tool get_weather; there are others");
    case "throws like the pool":
      throw new Error("worker exited with code: 3");
    case "throws much":
      throw new Error("x".repeat(100_000));
    case "throws null from a timer":
      return throwLater(null);
    case "throws its own cause from a timer":
      return throwLater(ownCause());
    case "throws what has no text from a timer":
      return throwLater({ toString: 1 });
    case "rejects and nobody listens":
      Promise.reject(new Error("nobody listens"));
      return new Promise(() => undefined);
    case "returns nothing":
      return undefined;
    case "returns a function":
      return () => 1;
    case "returns a BigInt":
      return 1n;
    case "returns a circle":
      return circle();
    case "returns much":
      return "x".repeat(1_000_000);
    case "returns too much":
      return "x".repeat(30_000_000);
    case "returns what is nested too deeply":
      return nest(5_000);
    case "returns many bytes":
      return Buffer.alloc(50_000_000);
    case "ends its thread after its call":
      endBetweenCalls();
      return "calm";
    case "ends its thread":
      return process.exit(3);
    case "eats memory": {
      const eaten: number[][] = [];
      for (;;) eaten.push(new Array(1e5).fill(Math.random()));
    }
    case "allocates too much at once":
      return "a".repeat(200_000_000).replace(/a/g, "bc").length;
    default:
      return `calm in ${location}`;
  }
}
