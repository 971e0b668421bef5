// npm run book:pictures
import { rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { messageOf } from "../mock-tools/plain.ts";
import { print, printStatus } from "../shared/print.ts";
import { type Block, blocks, leftOver, missing, pictureFile } from "./blocks.ts";

const HELP = `npm run book:pictures
npm run book:pictures -- --all
npm run book:pictures -- --check

Draws each Mermaid block that has no picture, and removes each picture whose block is gone. --all draws every
block again. --check draws nothing, and fails if a picture is missing or left over.

A picture is an SVG in desk/pictures. Its name is the beginning of the SHA-256 of its block.`;

function placeOf({ page, line }: Block): string {
  return `${page}:${line}`;
}

async function draw(wanted: readonly Block[]): Promise<void> {
  // Loading these takes longer than a check.
  const { openBrowser } = await import("./browser.ts");
  const { drawPicture, openMermaid } = await import("./drawing.ts");
  const browser = await openBrowser();
  try {
    const page = await openMermaid(browser);
    for (const block of wanted) {
      const svg = await drawPicture(page, block.source).catch((error) => {
        throw new Error(`${placeOf(block)}: ${messageOf(error)}`, { cause: error });
      });
      writeFileSync(pictureFile(block.source), `${svg}\n`);
      printStatus(`${placeOf(block)}: drawn, ${(svg.length / 1_000).toFixed(1)} KB`);
    }
  } finally {
    await browser.close();
  }
}

/** Says which pictures are missing or left over, and fails if there are any. */
function check(all: readonly Block[]): void {
  const lines = [
    ...missing(all).map((block) => `${placeOf(block)}: the block has no picture`),
    ...leftOver(all).map((file) => `desk/pictures/${basename(file)}: the picture has no block`),
  ];
  for (const line of lines) printStatus(line);
  if (lines.length > 0) {
    throw new Error("pictures are missing or left over; npm run book:pictures puts them right");
  }
}

async function main(): Promise<void> {
  const flag = { type: "boolean" } as const;
  const options = { help: { ...flag, short: "h" }, check: flag, all: flag } as const;
  const { values } = parseArgs({ options });
  if (values.help) return print(HELP);
  const all = blocks();
  if (values.check) return check(all);
  const wanted = values.all ? all : missing(all);
  if (wanted.length > 0) await draw(wanted);
  const left = leftOver(all);
  for (const file of left) rmSync(file);
  printStatus(`pictures: ${wanted.length} drawn, ${left.length} removed, ${all.length} in all`);
}

try {
  await main();
} catch (error) {
  printStatus(`error: ${messageOf(error)}`);
  process.exitCode = 1;
}
