// Programs that people use, over TLS: nothing but the connection is different.

import { freePort } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { Certified } from './support/certified.ts';
import { tourWithIoredis } from './support/ioredis-tour.ts';
import { tourWithNodeRedis } from './support/node-redis-tour.ts';
import { run } from './support/run-program.ts';
import { connect, infoField, LAYOUTS, serve } from './support/servers.ts';

for (const { fronts, workers } of [LAYOUTS[0], LAYOUTS[2]]) {
  test(`client libraries, ${fronts} fronts, ${workers} workers`, async (t) => {
    const certified = new Certified(t);
    const tls = certified.client;
    const { port } = await serve(t, { fronts, workers, tls, args: certified.args });
    for (const protocol of [2, 3] as const) {
      await t.test(`ioredis, RESP${protocol}`, async (t) => {
        await tourWithIoredis(t, { port, tls, protocol, db: protocol });
      });
      await t.test(`node-redis, RESP${protocol}`, async (t) => {
        await tourWithNodeRedis(t, { port, tls, protocol, db: protocol + 2 });
      });
    }
  });
}

const speaksTls = await run('redis-cli', ['--help']).then(
  ({ stdout, stderr }) => `${stdout}${stderr}`.includes('--tls'),
  () => false,
);
const skip = speaksTls ? false : 'there is no redis-cli that speaks TLS';
if (skip) process.stderr.write(`\n*** SKIP: ${skip} ***\n\n`);

test('redis-cli --tls', { skip }, async (t) => {
  const certified = new Certified(t);
  const args = [...certified.args.slice(0, -1), 'yes', '--tls-ca-cert-file'];
  const { port } = await serve(t, {
    ...{ fronts: 2, workers: 1, args: [...args, certified.path('ca.crt')] },
    tls: { ...certified.client, ...certified.authority.issue('probe') },
  });
  certified.write(certified.authority.issue('someone'), 'someone');
  const trusts = ['--tls', '--cacert', certified.path('ca.crt')];
  const shows = ['--cert', certified.path('someone.crt'), '--key', certified.path('someone.key')];
  const cli = (words: readonly string[], input: string | Uint8Array = '') =>
    run('redis-cli', ['-p', String(port), ...trusts, ...shows, ...words], { input });

  t.equal((await cli(['PING'])).stdout, 'PONG\n');
  const value = 'v'.repeat(1_000_000);
  t.equal((await cli(['-x', 'SET', 'large'], value)).stdout, 'OK\n');
  t.equal((await cli(['GET', 'large'])).stdout, `${value}\n`);
  const many = Array.from({ length: 20_000 }, (_, i) => `SET key:${i} ${i}\r\n`).join('');
  t.match((await cli(['--pipe'], many)).stdout, 'errors: 0, replies: 20000');
  t.equal((await cli(['--scan', '--pattern', 'key:1999?'])).stdout.split('\n').length, 11);

  const stranger = await run('redis-cli', ['-p', String(port), ...trusts, 'PING']);
  t.notMatch(stranger.stdout, 'PONG', 'who shows no certificate is not served');
  const doubter = await run('redis-cli', ['-p', String(port), '--tls', ...shows, 'PING']);
  t.match(doubter.stderr, 'certificate verify failed');
});

async function bothPorts(t: Test) {
  const certified = new Certified(t);
  const tlsPort = await freePort();
  const args = [...certified.args, '--tls-port', String(tlsPort)];
  const server = await serve(t, { fronts: 2, workers: 1, args });
  return { server, secure: { port: tlsPort, tls: certified.client } };
}

test('a port with TLS beside one without', async (t) => {
  const { server, secure } = await bothPorts(t);
  const plain = await connect(t, server);
  const safe = await connect(t, secure);
  await plain.must('SET', 'key', 'value');
  t.match(await safe.command('GET', 'key'), { bytes: Buffer.from('value') });
  t.equal(await infoField(safe, 'tcp_port'), String(server.port));
  t.equal(await infoField(safe, 'connected_clients'), '2');
  const list = await plain.must('CLIENT', 'LIST');
  if (list.kind !== 'bulk') throw new Error('CLIENT LIST is a text');
  const line = new RegExp(`addr=127.0.0.1:\\d+ laddr=127.0.0.1:${secure.port} fd=\\d+ .* flags=N `);
  t.match(list.bytes.toString(), line);
  t.match(server.log(), `127.0.0.1 port ${secure.port} (TLS)`);
});

test('each port understands its own language only', async (t) => {
  const { server, secure } = await bothPorts(t);
  const plain = await connect(t, { port: secure.port });
  await t.rejects(plain.command('PING'), /closed|ECONNRESET/);
  await t.rejects(connect(t, { port: server.port, tls: secure.tls, timeoutMs: 2000 } as never));
  const client = await connect(t, secure);
  t.match(await client.command('PING'), { text: 'PONG' });
});

test('TLS alone', async (t) => {
  const certified = new Certified(t);
  const tls = certified.client;
  const server = await serve(t, { fronts: 2, workers: 1, tls, args: certified.args });
  const client = await connect(t, server, { resp: 3 });
  t.equal(await infoField(client, 'tcp_port'), String(server.port));
  t.match(server.log(), `connect      redis-cli --tls -p ${server.port}`);
  await client.must('SET', 'key', 'kept');
  await server.restart();
  const again = await connect(t, server);
  t.match(await again.command('GET', 'key'), { bytes: Buffer.from('kept') });
});
