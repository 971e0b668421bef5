// npm run book:browser
import { parseArgs } from "node:util";
import { messageOf } from "../../mock-tools/plain.ts";
import { print, printStatus } from "../../shared/print.ts";
import { ensureBrowser, installedBrowser, lockedBrowser } from "./install.ts";

const HELP = `npm run book:browser

Installs a Chromium without a window in desk/browser/node_modules, and checks it. It draws the pictures and
tests the pages where there is neither Google Chrome nor another Chromium. It is made for Linux on x64.
If it is installed already, the command only says so.

npm fetches about 70 MB, which become 220 MB. To remove the browser, delete desk/browser/node_modules.`;

try {
  const { values } = parseArgs({ options: { help: { type: "boolean", short: "h" } } });
  const found = installedBrowser();
  if (values.help) print(HELP);
  else if (found) printStatus(`browser: Chromium ${lockedBrowser()} is installed already`);
  else await ensureBrowser();
} catch (error) {
  printStatus(`error: ${messageOf(error)}`);
  process.exitCode = 1;
}
