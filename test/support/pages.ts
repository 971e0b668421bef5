import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findChapter, ROOT } from "../../scripts/chapters.ts";

/**
 * What a chapter's page says that its demo prints. That it prints this is checked with the pages, in
 * documents.test.ts, so no other test has to run the demo for its transcript.
 *
 * @param question the question after the command, or none for the demo's own
 * @param program another program of the chapter's folder
 */
export function printed(number: string, question?: string, program = "main.ts"): string {
  const { folder } = findChapter(number);
  const file = `chapters/${folder}/${program}`;
  const page = readFileSync(join(ROOT, "chapters", folder, "README.md"), "utf8");
  const command = question === undefined ? `npx tsx ${file}` : `npx tsx ${file} "${question}"`;
  const [, after] = page.split(
    `<!-- generated: output ${command} -->\n\`\`\`console\n$ ${command}\n`,
  );
  const [output] = after?.split("```\n<!-- end -->") ?? [];
  if (output === undefined) throw new Error(`the page of ${number} has no output of ${command}`);
  return output;
}
