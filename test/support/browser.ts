// Helpers for tests in a real browser.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, test } from "vitest";
import { findBrowser, HOW_TO_GET, openBrowser } from "../../desk/browser.ts";
import { printStatus } from "../../shared/print.ts";

/** How a test file uses its browser. */
export type InBrowser = {
  /** A test that is skipped if there is no browser. */
  readonly browserTest: ReturnType<typeof test.skipIf>;
  /** The browser of the file, for its tests. */
  readonly browser: () => Browser;
};

/**
 * Starts a browser before the tests of the file that calls this, and ends it after them. Without a
 * browser, says in one line that the tests are skipped.
 *
 * @throws an error in one line if there is no browser and CI is set
 */
export async function useBrowser(): Promise<InBrowser> {
  const isMissing = (await findBrowser()) === undefined;
  if (isMissing && process.env.CI) throw new Error(`there is no browser: ${HOW_TO_GET}`);
  if (isMissing) printStatus(`tests in a browser are skipped; ${HOW_TO_GET}`);
  let opened: Browser | undefined;
  beforeAll(async () => {
    if (!isMissing) opened = await openBrowser();
  });
  afterAll(() => opened?.close());
  const browser = (): Browser => {
    if (!opened) throw new Error("the browser is open only in tests and hooks");
    return opened;
  };
  return { browserTest: test.skipIf(isMissing), browser };
}
