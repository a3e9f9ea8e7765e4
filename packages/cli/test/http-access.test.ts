// Who may see what: on loopback everybody, elsewhere whoever knows the password.

import { freePort } from '@forgekv/testkit';
import { test } from 'tap';
import { connect, serve } from './support/servers.ts';

const SECRET = 'a:b c-ü';
const OTHER = 'wrong';

/** Statuses by path, with a password or without. */
async function statuses(port: number, password?: string): Promise<Record<string, number>> {
  const pair = Buffer.from(`anybody:${password}`).toString('base64');
  const headers = password === undefined ? {} : { authorization: `Basic ${pair}` };
  const found: Record<string, number> = {};
  for (const path of ['/livez', '/readyz', '/metrics', '/', '/data/history', '/data/overview']) {
    found[path] = (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).status;
  }
  return found;
}

const PROBES = { '/livez': 200, '/readyz': 200 };
const console_ = (status: number) => ({
  ...{ '/': status, '/data/history': status, '/data/overview': status },
});

test('a port that others reach', async (t) => {
  const httpPort = await freePort();
  const args = ['--http-port', String(httpPort), '--http-bind', '0.0.0.0'];
  const server = await serve(t, { fronts: 1, workers: 1, args });
  const client = await connect(t, server);
  t.same(await statuses(httpPort), { ...PROBES, '/metrics': 200, ...console_(403) });
  t.same(
    await statuses(httpPort, ''),
    { ...PROBES, '/metrics': 200, ...console_(403) },
    'an empty password is none',
  );
  await client.command('CONFIG', 'SET', 'http-password', SECRET);
  t.same(await statuses(httpPort), { ...PROBES, '/metrics': 200, ...console_(401) });
  t.same(await statuses(httpPort, OTHER), { ...PROBES, '/metrics': 200, ...console_(401) });
  t.same(await statuses(httpPort, SECRET), { ...PROBES, '/metrics': 200, ...console_(200) });
  await client.command('CONFIG', 'SET', 'http-metrics-open', 'no');
  t.same(await statuses(httpPort), { ...PROBES, '/metrics': 401, ...console_(401) });
  t.same(await statuses(httpPort, SECRET), { ...PROBES, '/metrics': 200, ...console_(200) });
  const headers = { authorization: `Basic ${Buffer.from(`x:${SECRET}`).toString('base64')}` };
  const overview = await fetch(`http://127.0.0.1:${httpPort}/data/overview`, { headers });
  t.notMatch(await overview.text(), SECRET, 'the page says only that there is one');
  t.notMatch(server.log(), SECRET);
});

test('a port of this machine', async (t) => {
  const httpPort = await freePort();
  const args = ['--http-port', String(httpPort), '--http-password', SECRET];
  await serve(t, { fronts: 1, workers: 1, args });
  t.same(await statuses(httpPort), { ...PROBES, '/metrics': 200, ...console_(401) });
  t.same(await statuses(httpPort, SECRET), { ...PROBES, '/metrics': 200, ...console_(200) });
});
