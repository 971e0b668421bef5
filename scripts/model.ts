// Serves the offline model on a fixed port, for any client of the OpenAI API: npm run model
import { parseArgs } from "node:util";
import { endWithOutput } from "../shared/output.ts";
import { printStatus } from "../shared/print.ts";
import { serveOfflineModel } from "../shared/offline/wire/server.ts";

const USAGE = `npm run model                   serve the offline model on port 4010
npm run model -- --port 8080    serve it on another port`;

async function main(): Promise<void> {
  const options = {
    port: { type: "string", default: "4010" },
    help: { type: "boolean", short: "h", default: false },
  } as const;
  const { values } = parseArgs({ options });
  if (values.help) return console.log(USAGE);
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535) {
    throw new Error(`expected a port from 0 to 65535, got "${values.port}"`);
  }
  const url = await serveOfflineModel(port, true);
  console.log(`The offline model listens at ${url}; Ctrl-C stops it.`);
}

endWithOutput();
process.once("SIGINT", () => process.exit(130));
await main().catch((error: unknown) => {
  printStatus(`error: ${error instanceof Error ? error.message.split("\n")[0] : error}`);
  process.exit(1);
});
