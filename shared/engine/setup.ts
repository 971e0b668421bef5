// npm run durable:setup
import { parseArgs } from "node:util";
import { messageOf } from "../../mock-tools/plain.ts";
import { print, printStatus } from "../print.ts";
import { ensureEngine, findEngine, lockedVersion } from "./install.ts";

const HELP = `npm run durable:setup

Installs the engine of chapters 22 and 23, Restate's server, in shared/engine/node_modules, and checks it.
If it is installed already, the command only says so. The chapters install it, too, if it is missing.

npm fetches about 80 MB, which become 226 MB. To remove the engine, delete shared/engine/node_modules.
The server's licence is the Business Source License 1.1; the book's own code and Restate's SDK are under MIT.`;

try {
  const { values } = parseArgs({ options: { help: { type: "boolean", short: "h" } } });
  const found = findEngine();
  if (values.help) print(HELP);
  else if (found) printStatus(`engine: restate-server ${lockedVersion()} is installed already`);
  else await ensureEngine();
} catch (error) {
  printStatus(`error: ${messageOf(error)}`);
  process.exitCode = 1;
}
