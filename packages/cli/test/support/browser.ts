// Chromium without a window, driven over its DevTools protocol; and whether a page can be used by
// everybody (axe-core).

import { accessSync, constants, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import type { Test } from 'tap';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Where the browser is, or undefined when it is not installed (CHROMIUM overrides PATH). */
function browserPath(): string | undefined {
  const { CHROMIUM: named, PATH: path = '' } = process.env;
  const dirs = path.split(delimiter);
  const found = named ? [named] : NAMES.flatMap((name) => dirs.map((dir) => join(dir, name)));
  return found.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** False when there is a browser, else the reason, which is also printed loudly. */
export function skipWithoutBrowser(): string | false {
  if (browserPath() !== undefined) return false;
  const reason = 'chromium is not installed, nobody has looked at the console';
  process.stderr.write(`\n*** SKIP: ${reason} ***\n\n`);
  return reason;
}

/** Starts it; it ends with the test. */
export async function openBrowser(t: Test): Promise<Browser> {
  const executablePath = browserPath();
  if (executablePath === undefined) throw new Error('no browser');
  // Its sandbox needs a user that is not root. What it is shown is ours.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const options = { executablePath, args, timeout: 60_000, protocolTimeout: 60_000 };
  const browser = await puppeteer.launch(options);
  t.teardown(() => browser.close());
  return browser;
}

/** Resolves to what axe finds wrong: rule and place. */
export async function accessProblems(page: Page): Promise<string[]> {
  // Not as a script of the page, which its content security policy would refuse.
  await page.evaluate(readFileSync(AXE, 'utf8'));
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof import('axe-core') };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  });
}
