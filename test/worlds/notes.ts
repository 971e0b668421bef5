// The notes of a world for its test: a file with one JSON note per line.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { worldFile } from "../../mock-tools/world.ts";

const NOTES = "notes.jsonl";

export function note(what: object): void {
  appendFileSync(worldFile(NOTES), `${JSON.stringify(what)}\n`);
}

export function readNotes(): string {
  return existsSync(worldFile(NOTES)) ? readFileSync(worldFile(NOTES), "utf8") : "";
}
