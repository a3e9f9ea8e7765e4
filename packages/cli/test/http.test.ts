// The HTTP port: health, metrics, the page for people.

import { freePort } from '@forgekv/testkit';
import { test } from 'tap';
import { connect, serve } from './support/servers.ts';

test('http-port', async (t) => {
  const httpPort = await freePort();
  const args = ['--http-port', String(httpPort)];
  const server = await serve(t, { fronts: 2, workers: 2, args });
  const client = await connect(t, server);
  await client.pipeline([['SET', 'k', 'v'], ['GET', 'k'], ['GET', 'absent'], ['NOSUCH']]);
  const get = (path: string, method = 'GET') => {
    return fetch(`http://127.0.0.1:${httpPort}${path}`, { method });
  };
  for (const path of ['/livez', '/readyz']) {
    const response = await get(path);
    t.equal(response.status, 200);
    t.equal(await response.text(), 'ok\n');
    t.equal((await get(path, 'HEAD')).status, 200);
  }
  // Threads publish their counts ten times a second.
  await new Promise((resolve) => setTimeout(resolve, 250));
  const metrics = await get('/metrics');
  t.equal(metrics.status, 200);
  t.match(metrics.headers.get('content-type'), 'text/plain; version=0.0.4');
  const text = await metrics.text();
  t.match(text, /^redis_up 1$/m);
  t.match(text, /^redis_connected_clients 1$/m);
  t.match(text, /^redis_keyspace_hits_total 1$/m);
  t.match(text, /^redis_keyspace_misses_total 1$/m);
  // More when somebody asked for PONG while it was loading.
  t.match(text, /^redis_error_replies_total [1-9]\d*$/m);
  t.match(text, /^redis_aof_enabled 1$/m);
  t.match(text, /^redis_aof_last_write_status 1$/m);
  t.match(text, /^redis_loading_dump_file 0$/m);
  t.match(text, /^forgekv_wal_writes_total [1-9]/m);
  t.match(text, /^forgekv_wal_bytes_total [1-9]/m);
  for (const line of text.trim().split('\n')) {
    t.match(line, /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+ [\d.e+-]+)$/);
  }
  const page = await get('/');
  t.equal(page.status, 200);
  t.match(page.headers.get('content-type'), 'text/html');
  const html = await page.text();
  t.match(html, /<h1>ForgeKV \d+\.\d+\.\d+<\/h1>/);
  t.match(html, 'All threads are running.');
  t.notMatch(html, /<script/i);
  t.equal((await get('/nothing')).status, 404);
  t.equal((await get('/metrics', 'POST')).status, 405);
  t.equal((await get('/%00%ff/../..//?x=<script>')).status, 404);
  t.match(await client.command('PING'), { text: 'PONG' });
  await server.stop();
  await t.rejects(get('/livez'));
});
