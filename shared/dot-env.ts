import { existsSync } from "node:fs";
import { messageOf } from "../mock-tools/plain.ts";
import { printStatus } from "./print.ts";

/** Reads the settings in the file .env, if there is one. If it cannot be read, the program ends. */
export function readDotEnv(): void {
  const file = new URL("../.env", import.meta.url);
  try {
    if (existsSync(file)) process.loadEnvFile(file);
  } catch (error) {
    printStatus(`error: the file .env cannot be read: ${messageOf(error)}`);
    process.exit(1);
  }
}
