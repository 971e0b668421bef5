// Tools that need the program's own memory, which threads cannot read.
import type { z } from "zod";
import { noteCall } from "./notes.ts";
import { asPlainResult } from "./plain.ts";

/** A tool that runs in the program itself. `Held` is what the program gives it besides the arguments. */
export type LocalTool<Held, Parameters extends z.ZodObject = z.ZodObject> = {
  readonly name: string;
  readonly description: string;
  readonly parameters: Parameters;
  readonly local: true;
  run(args: z.infer<Parameters>, held: Held): unknown;
};

/**
 * Makes a local tool from its parts. Its results are plain data, and its errors are like those of a tool in
 * a thread: see `asPlainResult`.
 */
export function defineLocal<Parameters extends z.ZodObject, Held>(
  tool: LocalTool<Held, Parameters>,
): LocalTool<Held> {
  return {
    ...tool,
    run(args: z.infer<Parameters>, held) {
      return asPlainResult(() => noteCall(tool.name, args, () => tool.run(args, held)));
    },
  };
}
