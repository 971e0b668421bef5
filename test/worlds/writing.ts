import { writeFileSync } from "node:fs";
import { worldFile } from "../../mock-tools/world.ts";

/** A weather tool that writes files without end, and says so. */
export function forecast(): never {
  for (let index = 0; ; index++) {
    try {
      writeFileSync(worldFile(`note-${index}`), "");
      if (index === 100) console.log("writing");
    } catch {
      // The folder is removed when the program ends.
    }
  }
}
