import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { messageOf } from "../../mock-tools/plain.ts";

async function readVersion(binary: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(binary, ["--version"]);
    return stdout.trim();
  } catch (error) {
    const [line] = messageOf(error).split("\n");
    throw new Error(`what npm has installed cannot be run: ${line}`);
  }
}

/**
 * Runs a server's binary to see which version it is.
 *
 * @throws an error that says what was found instead of the expected version
 */
export async function checkVersion(binary: string, version: string): Promise<void> {
  if (!existsSync(binary)) throw new Error("npm ci has installed no server for this platform");
  const expected = `restate-server ${version}`;
  const said = await readVersion(binary);
  if (said !== expected) throw new Error(`expected ${expected} from npm, got ${said || "nothing"}`);
}
