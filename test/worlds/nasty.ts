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

/** A weather tool that does whatever a tool should not do, by the name of the place. */
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
    case "ends its thread":
      return process.exit(3);
    case "eats memory": {
      const eaten: number[][] = [];
      for (;;) eaten.push(new Array(1e5).fill(Math.random()));
    }
    default:
      return `calm in ${location}`;
  }
}
