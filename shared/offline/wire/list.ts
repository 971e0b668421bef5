import { z } from "zod";

/**
 * Takes the schema of an entry, returns the schema of a list of such entries. Unlike zod's own arrays,
 * it stops at the first wrong entry: a request may hold a million of them, and one is enough to report.
 */
export function listOf<Entry extends z.ZodType>(entry: Entry) {
  return z.array(z.unknown()).transform((list, context): z.output<Entry>[] => {
    const entries: z.output<Entry>[] = [];
    for (const [index, value] of list.entries()) {
      const parsed = entry.safeParse(value);
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        const [message, path] = [issue?.message, issue?.path ?? []];
        context.addIssue({ code: "custom", message, path: [index, ...path], continue: false });
        return z.NEVER;
      }
      entries.push(parsed.data);
    }
    return entries;
  });
}
