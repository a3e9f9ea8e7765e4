// Who gets through the handshake of a TLS connection, by which version and cipher, whether a
// session can be taken up again, and what those cost who never get through.

import { createConnection, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { CertificateAuthority, freePort, openSocket, type TlsClient } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { Certified } from './support/certified.ts';
import { connect, infoField, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const PONG = '+PONG\r\n';
const DAY_MS = 86_400_000;

/** A server with a plain port for whoever looks after it, and one with TLS. */
async function bothPorts(t: Test, certified: Certified, args: readonly string[] = []) {
  const tlsPort = await freePort();
  const all = [...certified.args, '--tls-port', String(tlsPort), ...args];
  const server = await serve(t, { fronts: 2, workers: 1, args: all });
  const admin = await connect(t, server);
  return { server, admin, tlsPort };
}

/** Connects, pings; the answer, or '' when there is none. */
async function greet(port: number, tls: TlsClient): Promise<string> {
  let socket: Socket;
  try {
    socket = await openSocket({ port, tls }, 10_000);
  } catch {
    return '';
  }
  return ping(socket);
}

async function ping(socket: Socket): Promise<string> {
  try {
    return await new Promise((resolve) => {
      // With TLS 1.3 a client hears of its refusal after the handshake.
      socket.on('error', () => resolve(''));
      socket.once('close', () => resolve(''));
      socket.on('data', (data) => resolve(data.toString()));
      socket.write('PING\r\n');
    });
  } finally {
    socket.destroy();
  }
}

test('tls-auth-clients', async (t) => {
  const certified = new Certified(t);
  const { authority, client } = certified;
  const { admin, tlsPort } = await bothPorts(t, certified, [
    ...['--tls-ca-cert-file', certified.path('ca.crt')],
  ]);
  const known = authority.issue('known');
  const foreign = new CertificateAuthority().issue('foreign');
  const old = authority.issue('old', { untilMs: Date.now() - DAY_MS });
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const who = { ...client, maxVersion };
    const answers = async (): Promise<string> => {
      const all = [who, { ...who, ...known }, { ...who, ...foreign }, { ...who, ...old }];
      const got = await Promise.all(all.map((one) => greet(tlsPort, one)));
      return got.map((text) => (text === PONG ? 'in' : text || 'out')).join(' ');
    };
    const outcomes = { yes: 'out in out out', optional: 'in in out out', no: 'in in in in' };
    for (const [mode, expected] of Object.entries(outcomes)) {
      await admin.must('CONFIG', 'SET', 'tls-auth-clients', mode);
      t.equal(await answers(), expected, `${mode}, ${maxVersion}`);
    }
  }
});

test('a session does not carry anybody past the rules', async (t) => {
  const certified = new Certified(t);
  const { authority, client } = certified;
  const { admin, tlsPort } = await bothPorts(t, certified, [
    ...['--tls-ca-cert-file', certified.path('ca.crt')],
  ]);
  const sessions = async (tls: TlsClient): Promise<Buffer[]> => {
    const found: Buffer[] = [];
    const socket = (await openSocket({ port: tlsPort, tls }, 10_000)) as TLSSocket;
    socket.on('session', (session: Buffer) => found.push(session));
    const session = socket.getSession();
    if (session !== undefined) found.push(session);
    await ping(socket);
    return found;
  };
  const foreign = new CertificateAuthority().issue('foreign');
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const who = { ...client, maxVersion };
    await admin.must('CONFIG', 'SET', 'tls-auth-clients', 'no');
    const fromBefore = await sessions(who);
    t.ok(fromBefore.length > 0, 'there is a session to take up');
    await admin.must('CONFIG', 'SET', 'tls-auth-clients', 'yes');
    // What a client gets while it is being refused.
    const refused = await sessions({ ...who, ...foreign }).catch(() => []);
    for (const session of [...fromBefore, ...refused]) {
      t.equal(await greet(tlsPort, { ...who, session }), '', 'without a certificate');
      t.equal(await greet(tlsPort, { ...who, ...foreign, session }), '', 'with a foreign one');
    }
    t.equal(await greet(tlsPort, { ...who, ...authority.issue('known') }), PONG);
  }
});

/** Connects again with the session of an earlier connection; whether it was taken up. */
async function isResumed(port: number, tls: TlsClient): Promise<boolean> {
  const first = (await openSocket({ port, tls }, 10_000)) as TLSSocket;
  let session = first.getSession();
  first.on('session', (given: Buffer) => {
    session = Buffer.from(given);
  });
  await ping(first);
  const again = (await openSocket({ port, tls: { ...tls, session } }, 10_000)) as TLSSocket;
  const answer = again.isSessionReused();
  await ping(again);
  return answer;
}

test('sessions are taken up again, on every front', async (t) => {
  const certified = new Certified(t);
  const { admin, tlsPort } = await bothPorts(t, certified);
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const tls = { ...certified.client, maxVersion };
    await admin.must('CONFIG', 'SET', 'tls-session-caching', 'yes');
    const tries = Array.from({ length: 20 }, () => isResumed(tlsPort, tls));
    t.notOk((await Promise.all(tries)).includes(false), `${maxVersion}: always`);
    await admin.must('CONFIG', 'SET', 'tls-session-caching', 'no');
    t.notOk(await isResumed(tlsPort, tls), `${maxVersion}: not without caching`);
  }
});

test('versions and ciphers', async (t) => {
  const certified = new Certified(t);
  const { admin, tlsPort } = await bothPorts(t, certified);
  const { client } = certified;
  const speak = async (tls: TlsClient): Promise<string> => {
    try {
      const socket = (await openSocket(
        { port: tlsPort, tls: { ...client, ...tls } },
        10_000,
      )) as TLSSocket;
      const { name } = socket.getCipher();
      const version = socket.getProtocol();
      return (await ping(socket)) === PONG ? `${version} ${name}` : 'refused';
    } catch {
      return 'refused';
    }
  };
  const set = (name: string, value: string) => admin.must('CONFIG', 'SET', name, value);

  t.match(await speak({}), /^TLSv1\.3 /, 'the newest by default');
  t.match(await speak({ maxVersion: 'TLSv1.2' }), /^TLSv1\.2 /);
  const weak = { maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const;
  t.equal(await speak(weak), 'refused');
  await set('tls-protocols', 'TLSv1.2');
  t.equal(await speak({ minVersion: 'TLSv1.3' }), 'refused');
  t.match(await speak({}), /^TLSv1\.2 /);
  await set('tls-ciphers', 'ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256');
  t.equal(await speak({}), 'TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256', 'what the client prefers');
  await set('tls-prefer-server-ciphers', 'yes');
  t.equal(await speak({}), 'TLSv1.2 ECDHE-ECDSA-CHACHA20-POLY1305', 'what the server prefers');
  t.equal(await speak({ ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }), 'refused');
  await set('tls-protocols', 'tlsv1.3');
  await set('tls-ciphersuites', 'TLS_AES_128_GCM_SHA256');
  t.equal(await speak({}), 'TLSv1.3 TLS_AES_128_GCM_SHA256');
  await set('tls-protocols', '');
  t.equal(await speak({ maxVersion: 'TLSv1.2' }), 'TLSv1.2 ECDHE-ECDSA-CHACHA20-POLY1305');
});

/** Sockets that are connected and say nothing, or not enough. */
function halfDone(t: Test, port: number, count: number): Socket[] {
  return Array.from({ length: count }, (_, i) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    t.teardown(() => socket.destroy());
    if (i % 2 === 1) socket.write(Buffer.from('16030100c8010000c40303', 'hex'));
    return socket;
  });
}

const stillOpen = (sockets: readonly Socket[]) =>
  sockets.filter((socket) => !socket.closed && !socket.readableEnded).length;

test('handshakes that do not go on', async (t) => {
  const certified = new Certified(t);
  const args = ['--maxclients', '200'];
  const { admin, server, tlsPort } = await bothPorts(t, certified, args);
  const sockets = halfDone(t, tlsPort, 150);
  for (const socket of sockets) socket.resume();
  // A quarter of 200, shared by two fronts.
  t.ok(await until(() => stillOpen(sockets) <= 50), 'the oldest have gone');
  const counted = async (count: number) =>
    Number(await infoField(admin, 'connected_clients')) <= count;
  t.ok(await until(() => counted(51)), 'they are not counted any more');
  const { client } = certified;
  const answers = await Promise.all(Array.from({ length: 20 }, () => greet(tlsPort, client)));
  t.same(new Set(answers), new Set([PONG]), 'others get through meanwhile');
  t.ok(await until(() => stillOpen(sockets) === 0, 30_000), 'in the end all have gone');
  t.ok(await until(() => counted(1)));
  t.match(server.log(), /TLS handshake with .* failed/);
  // The log has a line a second and front, however many fail.
  const lines = server.log().split('TLS handshake with').length;
  t.ok(lines < 100, `${lines} lines`);
});

test('who hangs up within the handshake is forgotten at once', async (t) => {
  const certified = new Certified(t);
  const { admin, tlsPort } = await bothPorts(t, certified);
  const sockets = halfDone(t, tlsPort, 40);
  const count = async () => Number(await infoField(admin, 'connected_clients'));
  t.ok(await until(async () => (await count()) >= 30), 'they are counted');
  sockets.forEach((socket, i) => {
    if (i % 4 < 2) socket.end();
    else socket.destroy();
  });
  t.ok(await until(async () => (await count()) === 1, 5000));
});

test('who cannot be trusted by its client is forgotten at once', async (t) => {
  const certified = new Certified(t);
  const { admin, tlsPort } = await bothPorts(t, certified);
  const wary = { ca: new CertificateAuthority().cert };
  const answers = await Promise.all(Array.from({ length: 50 }, () => greet(tlsPort, wary)));
  t.same(new Set(answers), new Set(['']));
  const isAlone = async () => (await infoField(admin, 'connected_clients')) === '1';
  t.ok(await until(isAlone, 5000));
});

test('maxclients counts TLS connections', async (t) => {
  const certified = new Certified(t);
  const args = ['--maxclients', '10'];
  const { admin, tlsPort } = await bothPorts(t, certified, args);
  // The connection that found the server ready may not have ended yet.
  t.ok(await until(async () => (await infoField(admin, 'connected_clients')) === '1'));
  const secure = { port: tlsPort, tls: certified.client };
  const clients = await Promise.all(Array.from({ length: 9 }, () => connect(t, secure)));
  for (const client of clients) await client.must('PING');
  for (let i = 0; i < 5; i++) t.equal(await greet(tlsPort, certified.client), '', 'dropped');
  t.ok(await until(async () => (await infoField(admin, 'rejected_connections')) === '5'));
  await clients[0]?.close();
  t.ok(await until(async () => (await greet(tlsPort, certified.client)) === PONG));
});

test('idle TLS connections end, and half-open ones are answered', async (t) => {
  const certified = new Certified(t);
  const { admin, tlsPort } = await bothPorts(t, certified);
  const tls = certified.client;
  const ending = await openSocket({ port: tlsPort, tls }, 10_000);
  let text = '';
  ending.on('data', (data: Buffer) => {
    text += data;
  });
  ending.end(`SET key ${'x'.repeat(20_000)}\r\nSTRLEN key\r\n`);
  await new Promise((resolve) => ending.once('close', resolve));
  t.equal(text, '+OK\r\n:20000\r\n', 'what was asked before the end is answered');

  const idle = await connect(t, { port: tlsPort, tls });
  await idle.must('PING');
  await admin.must('CONFIG', 'SET', 'timeout', '1');
  const patience = sleep(10_000, 'patience', { ref: false });
  const pinging = setInterval(() => void admin.command('PING').catch(() => {}), 200);
  t.teardown(() => clearInterval(pinging));
  t.not(await Promise.race([idle.closed, patience]), 'patience', 'it is closed');
});

const outside = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
const skip = outside === undefined ? 'this machine has no address but loopback' : false;

test('protected mode', { skip }, async (t) => {
  const host = outside as string;
  const certified = new Certified(t);
  const tls = { ...certified.client, servername: 'localhost' };
  const bind = ['--bind', '127.0.0.1', host];
  const { admin, tlsPort } = await bothPorts(t, certified, bind);
  const refused = await openSocket({ port: tlsPort, host, tls }, 10_000);
  let text = '';
  refused.on('error', () => {});
  refused.on('data', (data: Buffer) => {
    text += data;
  });
  await new Promise((resolve) => refused.once('close', resolve));
  t.match(text, /^-DENIED Redis is running in protected mode .*\r\n$/);
  t.ok(await until(async () => (await infoField(admin, 'connected_clients')) === '1'));
  const isCounted = async () => (await infoField(admin, 'rejected_connections')) === '1';
  t.ok(await until(isCounted), 'the refusal is counted');
});

test('a peer that was refused cannot keep its socket', { skip }, async (t) => {
  const host = outside as string;
  const server = await serve(t, { args: ['--bind', '127.0.0.1', host] });
  const socket = createConnection({ port: server.port, host, allowHalfOpen: true });
  t.teardown(() => socket.destroy());
  let isReset = false;
  socket.on('error', () => {
    isReset = true;
  });
  socket.resume();
  await new Promise((resolve) => socket.once('end', resolve));
  // Nobody reads these: the kernel says so once the server has closed.
  const writing = setInterval(() => socket.write('PING\r\n'), 100);
  t.teardown(() => clearInterval(writing));
  t.ok(await until(() => isReset, 10_000), 'the server has closed it');
});
