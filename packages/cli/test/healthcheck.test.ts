// forgekv healthcheck: alive or not, by its exit code and one line.

import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { Certified } from './support/certified.ts';
import { type Ended, run, runForgeKv } from './support/run-program.ts';
import { serve } from './support/servers.ts';
import { Spawned } from './support/spawned.ts';

/** What scripts/forgekv becomes for it. */
const PROGRAM = fileURLToPath(new URL('../src/healthcheck-main.js', import.meta.url));

function healthcheck(...args: string[]): Promise<Ended> {
  return run(process.execPath, [PROGRAM, ...args]);
}

const ALIVE = { code: 0, stdout: '', stderr: '' };

test('a server', async (t) => {
  const httpPort = await freePort();
  const socketPath = join(t.testdir(), 's');
  const args = ['--http-port', String(httpPort), '--unixsocket', socketPath];
  const server = await serve(t, { fronts: 1, workers: 1, args: [...args, '--requirepass', 'x'] });
  const port = String(server.port);
  t.same(await healthcheck('--port', port), ALIVE, 'it asks for a password: it is alive');
  t.same(await runForgeKv(['healthcheck', '--port', port]), ALIVE, 'the binary, too');
  t.same(await healthcheck('--port', port, '--host', 'localhost'), ALIVE);
  t.same(await healthcheck('--http-port', String(httpPort)), ALIVE);
  t.same(await healthcheck('--unixsocket', socketPath), ALIVE);
  const file = join(t.testdirName, 'redis.conf');
  writeFileSync(file, `port ${port}\nbind * -::*\nrequirepass x\n`);
  t.same(await healthcheck('--config', file), ALIVE);
  writeFileSync(file, `port 0\nunixsocket ${socketPath}\n`);
  t.same(await healthcheck('--config', file), ALIVE);
  writeFileSync(file, `port 0\nhttp-port ${httpPort}\nhttp-bind 0.0.0.0\n`);
  t.same(await healthcheck('--config', file), ALIVE);
  await server.stop();
  t.match(await healthcheck('--port', port), { code: 1, stderr: /^forgekv: .*ECONNREFUSED.*\n$/ });
  t.match(await healthcheck('--http-port', String(httpPort)), { code: 1, stderr: /ECONNREFUSED/ });
});

/** Listens and answers whatever it is asked with a text; '' = nothing. */
function pretend(t: Test, answer: string): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => answer !== '' && socket.end(answer));
  });
  t.teardown(() => server.close());
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(String(address === null || typeof address === 'string' ? 0 : address.port));
    });
  });
}

test('what answers', async (t) => {
  for (const [answer, code] of [
    ['+PONG\r\n', 0],
    ['-NOAUTH Authentication required.\r\n', 0],
    ['-LOADING Redis is loading the dataset in memory\r\n', 0],
    ['-BUSY Redis is busy running a script.\r\n', 0],
    ['-ERR max number of clients reached\r\n', 1],
    ['HTTP/1.1 400 Bad Request\r\n\r\n', 1],
    ['+PONGO\r\n', 1],
    ['x'.repeat(10_000), 1],
  ] as const) {
    const ended = await healthcheck('--port', await pretend(t, answer));
    t.equal(ended.code, code, answer.slice(0, 40));
    t.equal(ended.stderr.trim().split('\n').length, 1, 'one line');
    t.ok(ended.stderr.length < 400);
  }
  const silent = await pretend(t, '');
  t.match(await healthcheck('--port', silent), { code: 1, stderr: /no answer in 3000 ms\n$/ });
  t.match(await healthcheck('--http-port', silent), { code: 1, stderr: /no answer in 3000 ms\n$/ });
  const stuck = await pretend(t, 'HTTP/1.1 503 No\r\nConnection: close\r\n\r\nstuck: front-0\n');
  t.match(await healthcheck('--http-port', stuck), { code: 1, stderr: /503 stuck: front-0\n$/ });
});

test('a server that speaks only TLS', async (t) => {
  const certified = new Certified(t);
  // For another name than the address it is asked at, and signed by nobody who is known.
  certified.write(certified.authority.issue('db', { hosts: ['db.example'] }), 'named');
  const ca = ['--tls-ca-cert', certified.path('ca.crt')];
  const port = String(await freePort());
  const conf = (name: string, asks: string): string => {
    const file = certified.path('redis.conf');
    const [cert, key] = ['crt', 'key'].map((kind) => certified.path(`${name}.${kind}`));
    const lines = ['port 0', `tls-port ${port}`, `dir ${certified.dir}`, 'http-port 0'];
    lines.push(`tls-cert-file ${cert}`, `tls-key-file ${key}`, `tls-auth-clients ${asks}`);
    lines.push(`tls-ca-cert-file ${certified.path('ca.crt')}`, 'front-threads 1');
    writeFileSync(file, `${lines.join('\n')}\n`);
    return file;
  };
  const unknown = { code: 1, stderr: /^forgekv: .*(certificate|issuer).*\n$/ };

  let file = conf('server', 'no');
  const server = await new Spawned(t, [file]).ready();
  t.same(await healthcheck('--tls', '--port', port, ...ca), ALIVE);
  t.same(await healthcheck('--tls', '--port', port, '--host', 'localhost', ...ca), ALIVE);
  t.same(await healthcheck('--tls', '--port', port, '--insecure'), ALIVE);
  t.match(await healthcheck('--tls', '--port', port), unknown, 'an authority nobody knows');
  t.equal((await healthcheck('--port', port)).code, 1, 'it does not speak the other');
  t.same(await healthcheck('--config', file), ALIVE);
  t.same(await runForgeKv(['healthcheck', '--config', file]), ALIVE, 'the binary, too');
  server.kill('SIGTERM');
  await server.ended;
  t.match(await healthcheck('--config', file), { code: 1, stderr: /ECONNREFUSED/ });

  file = conf('named', 'yes');
  await new Spawned(t, [file]).ready();
  t.same(await healthcheck('--config', file), ALIVE, 'it is shown the certificate it has');
  t.same(await healthcheck('--config', file, ...ca), ALIVE, 'by authority, not by name');
  const other = new Certified(t).path('ca.crt');
  t.match(await healthcheck('--config', file, '--tls-ca-cert', other), unknown);
  t.equal((await healthcheck('--tls', '--port', port, '--insecure')).code, 1, 'shows none');
  t.match(await healthcheck('--tls', '--port', port, ...ca), { code: 1, stderr: /127\.0\.0\.1/ });
});

test('a command line that means nothing', async (t) => {
  const file = join(t.testdir(), 'redis.conf');
  writeFileSync(file, 'port 0\n');
  for (const args of [
    ['--port', '0'],
    ['--port', 'x'],
    ['--port'],
    ['--prot', '1'],
    ['6379'],
    ['--config', file],
    ['--config', file, '--tls'],
    ['--port', '6379', '--insecure'],
    ['--tls', '--unixsocket', '/s'],
    ['--tls', '--tls-ca-cert', join(t.testdirName, 'missing')],
    ['--config', join(t.testdirName, 'missing')],
  ]) {
    t.match(await healthcheck(...args), { code: 2, stderr: /^forgekv: .+\n$/ }, args.join(' '));
  }
  t.match(await healthcheck('--help'), { code: 0, stdout: /^Usage: forgekv healthcheck/ });
});
