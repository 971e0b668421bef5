import { z } from "zod";

const MARK = "===== ";
const Line = z.object({ name: z.string(), value: z.unknown() });

/** Ends a part of a program's output, and gives the test that started it the part's name and a value. */
export function report(name: string, value: unknown): void {
  console.log(`${MARK}${JSON.stringify({ name, value })}`);
}

/** The output and the reported value of each part of a program, by name. */
export function readReports(stdout: string): Map<string, { printed: string; value: unknown }> {
  const pieces = stdout.split(new RegExp(`^${MARK}(.*)\n`, "m"));
  const reports = new Map<string, { printed: string; value: unknown }>();
  // Texts and lines alternate, since the lines are what the pieces were split at.
  for (let index = 1; index < pieces.length; index += 2) {
    const { name, value } = Line.parse(JSON.parse(pieces[index] ?? ""));
    reports.set(name, { printed: pieces[index - 1] ?? "", value });
  }
  return reports;
}
