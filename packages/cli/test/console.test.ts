// The console in a browser: it loads without a complaint, its charts draw what the server does,
// and everybody can use it, in light and dark, wide and narrow. SCREENSHOTS=DIR leaves pictures.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, type RespClient } from '@forgekv/testkit';
import type { Page } from 'puppeteer-core';
import { type Test, test } from 'tap';
import { accessProblems, openBrowser, skipWithoutBrowser } from './support/browser.ts';
import { connect, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const PATIENCE_MS = 30_000;
const VIEWS = [1280, 400].flatMap((width) =>
  ['light', 'dark'].map((scheme) => ({ width, scheme })),
);

/** Keeps the server busy with a bit of everything, until the test ends. */
function load(t: Test, clients: readonly RespClient[]): void {
  let isOn = true;
  t.teardown(() => {
    isOn = false;
  });
  const work = async (client: RespClient, mine: number): Promise<void> => {
    for (let i = 0; isOn; i = (i + 1) % 50_000) {
      const key = `user:${(i * 7 + mine) % 20_000}`;
      await client.pipeline([
        ['SET', key, 'x'.repeat(64), 'EX', '3600'],
        ...Array.from({ length: 12 }, (_, k) => ['GET', `user:${(i * 3 + k) % 24_000}`]),
        ['HSET', `cart:${i % 500}`, `item:${i % 90}`, '1'],
        ['MGET', key, 'user:1', 'user:2', 'user:3'],
      ]);
    }
  };
  // Connections end with the test, in the middle of what they wait for.
  clients.forEach((client, i) => void work(client, i).catch(() => {}));
}

/** Pixels of each chart's picture that are coloured: an empty one has grey lines only. */
const INK = `[...document.querySelectorAll('.chart canvas')].map((canvas) => {
  const { width, height } = canvas;
  // Of a copy that is made to be read: the browser complains of others.
  const pen = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  pen.drawImage(canvas, 0, 0);
  const { data } = pen.getImageData(0, 0, width, height);
  let coloured = 0;
  for (let i = 0; i < data.length; i += 4) {
    const [red, green, blue, alpha] = data.subarray(i, i + 4);
    if (alpha > 128 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60) coloured++;
  }
  return coloured;
})`;

async function textOf(page: Page, selector: string): Promise<string> {
  return (await page.evaluate(`document.querySelector('${selector}')?.textContent`)) as string;
}

test('console', { skip: skipWithoutBrowser() }, async (t) => {
  const httpPort = await freePort();
  const url = `http://127.0.0.1:${httpPort}/`;
  const args = ['--http-port', String(httpPort), '--memtable-size-mb', '64'];
  const server = await serve(t, { fronts: 2, workers: 2, args });
  const clients = await Promise.all([1, 2, 3, 4].map(() => connect(t, server)));
  await clients[0]?.command('CLIENT', 'SETNAME', '<b>bold</b>');
  await clients[0]?.command('CONFIG', 'SET', 'slowlog-log-slower-than', '500');
  load(t, clients);
  const browser = await openBrowser(t);
  const { SCREENSHOTS: directory } = process.env;
  if (directory !== undefined) mkdirSync(directory, { recursive: true });

  for (const { width, scheme } of VIEWS) {
    const view = `${width} ${scheme}`;
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('requestfailed', (request) => complaints.push(request.url()));
    page.on('request', (request) => {
      if (!request.url().startsWith(url)) complaints.push(`elsewhere: ${request.url()}`);
    });
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await page.setViewport({ width, height: 900 });
    await page.goto(url);
    const isDrawn = async (): Promise<boolean> => {
      const ink = (await page.evaluate(INK)) as number[];
      // A line that lies on the axis is not seen everywhere.
      return ink.length === 12 && ink.filter((pixels) => pixels > 20).length >= 10;
    };
    t.ok(await until(isDrawn, PATIENCE_MS), `${view}: charts are drawn`);
    const isShown = async (): Promise<boolean> => /\d/.test(await textOf(page, '#clients table'));
    t.ok(await until(isShown, PATIENCE_MS), `${view}: clients are listed`);
    t.equal(await textOf(page, '#state'), 'ready');
    const isTold = async (): Promise<boolean> =>
      /Commands[\d.]+k?\/s/.test(await textOf(page, '#tiles'));
    t.ok(await until(isTold, PATIENCE_MS), `${view}: and what is so now`);
    t.equal((await page.$$('.shard')).length, 64);
    const scrolls = await page.evaluate('document.documentElement.scrollWidth');
    t.equal(scrolls, width, `${view}: nothing is cut off at the side`);
    t.same(await accessProblems(page), [], `${view}: everybody can use it`);
    t.same(complaints, [], `${view}: the browser has nothing to complain of`);
    if (directory !== undefined) {
      const path = join(directory, `console-${width}-${scheme}.png`);
      await page.screenshot({ path: path as `${string}.png` });
      const whole = join(directory, `console-${width}-${scheme}-whole.png`);
      await page.screenshot({ path: whole as `${string}.png`, fullPage: true });
    }
    await page.close();
  }

  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 900 });
  await page.goto(url);
  const isListed = async (): Promise<boolean> =>
    (await page.$('#clients table')) !== null && (await page.$$('.shard')).length === 64;
  t.ok(await until(isListed, PATIENCE_MS));
  t.match(await textOf(page, '#clients'), '<b>bold</b>', 'names are text');
  t.equal(await page.$('#clients b'), null);
  // With the keyboard: a moment of a chart, and from shard to shard.
  await page.focus('.plot');
  await page.keyboard.press('ArrowLeft');
  const label = await page.evaluate(`document.querySelector('.plot').getAttribute('aria-label')`);
  t.match(label, /^Throughput at \d\d:\d\d:\d\d: front-0 /);
  await page.focus('.shard');
  await page.keyboard.press('ArrowDown');
  t.match(await textOf(page, '#shard-detail'), /^Shard 16: worker shard-0, [\d,]+ keys/);
  // One that goes, and comes back.
  await server.kill9();
  const isLost = async (): Promise<boolean> => /no answer/.test(await textOf(page, '#state'));
  t.ok(await until(isLost, PATIENCE_MS));
  await server.restart();
  const isBack = async (): Promise<boolean> => (await textOf(page, '#state')) === 'ready';
  t.ok(await until(isBack, PATIENCE_MS));
});
