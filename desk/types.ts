import { z } from "zod";
import { ROOT } from "../scripts/chapters.ts";
import { run } from "../scripts/run.ts";

/** The type of each name in a file, by the offset at which the name begins. */
export type Types = ReadonlyMap<number, string>;

const TypeList = z.array(z.tuple([z.number(), z.string()]).readonly());

/** The offsets and types of a file's names, as desk/read-types.ts prints them. */
export type TypeList = z.infer<typeof TypeList>;

const Printed = z.record(z.string(), TypeList);

/**
 * Asks the compiler for the types of all names, in a process of its own: the compiler's interface waits
 * for each answer, and the book is laid out in the meantime. The interface is still called unstable, so
 * the book is built without types where it is missing or fails.
 *
 * @param files paths from the root
 * @param program prints the types of the files
 */
export async function hoverTypes(
  files: readonly string[],
  program = "desk/read-types.ts",
): Promise<Map<string, Types>> {
  const { code, stdout, stderr } = await run(program, files, { folder: ROOT });
  if (code !== 0) {
    const why = /^\w*Error.*$/m.exec(stderr)?.[0] ?? `${program} ended with ${code}`;
    console.log(`no types on hover: ${why}`);
    return new Map();
  }
  const lists = Object.entries(Printed.parse(JSON.parse(stdout)));
  return new Map(lists.map(([file, list]) => [file, new Map(list)]));
}
