// What a world notes for the test that has made it: a file of one JSON note a line.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { worldFile } from "../../mock-tools/world.ts";

const NOTES = "notes.jsonl";

export function note(what: object): void {
  appendFileSync(worldFile(NOTES), `${JSON.stringify(what)}\n`);
}

export function readNotes(): string {
  return existsSync(worldFile(NOTES)) ? readFileSync(worldFile(NOTES), "utf8") : "";
}
