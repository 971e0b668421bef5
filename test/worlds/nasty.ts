/** A weather tool that does whatever a tool should not do, by the name of the place. */
export function forecast({ location }: { location: string }): unknown {
  switch (location) {
    case "throws a string":
      throw "a string";
    case "throws nothing":
      throw undefined;
    case "throws like the program":
      throw new Error("unknown tool get_weather; there are others");
    case "returns nothing":
      return undefined;
    case "returns a function":
      return () => 1;
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
