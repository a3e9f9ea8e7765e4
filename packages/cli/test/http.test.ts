// The HTTP port: health, metrics, the files of the console, and what it refuses.

import { connect as connectTcp } from 'node:net';
import { freePort } from '@forgekv/testkit';
import { test } from 'tap';
import { connect, serve } from './support/servers.ts';

test('http-port', async (t) => {
  const httpPort = await freePort();
  const args = ['--http-port', String(httpPort)];
  const server = await serve(t, { fronts: 2, workers: 2, args });
  const get = (path: string, method = 'GET', headers: Record<string, string> = {}) => {
    return fetch(`http://127.0.0.1:${httpPort}${path}`, { method, headers });
  };
  for (const path of ['/livez', '/readyz']) {
    const response = await get(path);
    t.equal(response.status, 200);
    t.equal(await response.text(), 'ok\n');
    t.equal((await get(path, 'HEAD')).status, 200);
  }
  const page = await get('/');
  t.equal(page.status, 200);
  t.match(page.headers.get('content-type'), 'text/html');
  t.match(
    page.headers.get('content-security-policy'),
    /default-src 'none'.*frame-ancestors 'none'/,
  );
  const html = await page.text();
  t.match(html, '<title>ForgeKV</title>');
  t.notMatch(html, /https?:\/\//, 'nothing is from elsewhere');
  const etag = page.headers.get('etag') ?? '';
  t.equal((await get('/', 'GET', { 'if-none-match': etag })).status, 304);
  t.equal((await get('/', 'GET', { 'if-none-match': '"other"' })).status, 200);
  for (const path of ['/console.js', '/console.css', '/icon.svg']) {
    const zipped = await get(path);
    t.equal(zipped.status, 200);
    t.notSame(zipped.headers.get('etag'), null);
  }
  const history = await get('/data/history?after=-1');
  t.match(await history.json(), { threads: ['front-0', 'front-1', 'shard-0', 'shard-1'] });
  t.match(await (await get('/data/overview')).json(), { problem: '', stuck: [] });
  for (const path of [
    '/nothing',
    '/../package.json',
    '/console.html',
    '/%00%ff/../..//?x=<script>',
  ]) {
    t.equal((await get(path)).status, 404, path);
  }
  t.equal((await get('/data/history?after=x&after=1e99')).status, 200);
  await server.stop();
  await t.rejects(get('/livez'));
});

test('requests nobody should make', async (t) => {
  const httpPort = await freePort();
  const server = await serve(t, { fronts: 1, workers: 1, args: ['--http-port', String(httpPort)] });
  /** Resolves to what the server says until it closes the connection. */
  const say = (text: string): Promise<string> =>
    new Promise((resolve) => {
      let heard = '';
      const socket = connectTcp(httpPort, '127.0.0.1', () => socket.write(text));
      socket.on('data', (data) => {
        heard += data.toString('latin1');
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(heard));
    });
  const host = 'Host: 127.0.0.1\r\n';
  t.match(
    await say(`POST /metrics HTTP/1.1\r\n${host}Connection: close\r\n\r\n`),
    /^HTTP\/1.1 405 /,
  );
  t.match(await say(`DELETE / HTTP/1.1\r\n${host}Content-Length: 999999999\r\n\r\n`), / 405 /);
  t.match(await say(`GET / HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello`), /^HTTP\/1.1 413 /);
  t.match(await say(`GET / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`), / 413 /);
  t.match(await say('GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n'), / 403 /);
  t.match(await say('GET / HTTP/1.0\r\n\r\n'), / 403 /, 'no name at all');
  t.match(await say(`GET / HTTP/1.1\r\n${host}X: ${'x'.repeat(9000)}\r\n\r\n`), /^HTTP\/1.1 431 /);
  t.match(await say('*1\r\n$4\r\nPING\r\n'), /^HTTP\/1.1 400 /);
  t.match(
    await say('GET / HTTP/1.1\r\nHost: 1'),
    /^HTTP\/1.1 408 /,
    'half a head is not waited for',
  );
  t.equal(
    await say(''),
    'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n',
    'nor silence',
  );
  const crowd = await Promise.all(
    Array.from({ length: 100 }, () => {
      return new Promise<boolean>((resolve) => {
        const socket = connectTcp(httpPort, '127.0.0.1');
        t.teardown(() => socket.destroy());
        socket.on('close', () => resolve(false));
        socket.on('error', () => {});
        setTimeout(() => resolve(true), 2000);
      });
    }),
  );
  t.equal(crowd.filter(Boolean).length, 64, 'as many as may');
  const client = await connect(t, server);
  t.match(await client.command('PING'), { text: 'PONG' }, 'Redis clients do not notice');
});
