// Other certificates without a restart: by CONFIG SET, and when the files change on disk. Nobody
// who is connected notices; who connects afterwards is shown the new one.

import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import {
  CertificateAuthority,
  describeReply,
  freePort,
  openSocket,
  type RespClient,
  type TlsClient,
} from '@forgekv/testkit';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { type Test, test } from 'tap';
import { Certified, MountedSecret } from './support/certified.ts';
import { run } from './support/run-program.ts';
import { connect, serve } from './support/servers.ts';
import { until } from './support/until.ts';

/** A look at the files takes a second, and they have to look the same twice. */
const RELOAD_MS = 20_000;

async function bothPorts(t: Test, args: readonly string[]) {
  const tlsPort = await freePort();
  const all = [...args, '--tls-port', String(tlsPort)];
  const server = await serve(t, { fronts: 2, workers: 1, args: all });
  return { server, tlsPort, admin: await connect(t, server) };
}

/** The names in the certificates that several new connections are shown. */
async function shown(port: number, tls: TlsClient): Promise<string> {
  const names = Array.from({ length: 12 }, async () => {
    const socket = (await openSocket({ port, tls }, 10_000)) as TLSSocket;
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return String(subject.CN);
  });
  return [...new Set(await Promise.all(names))].join(' ');
}

async function refusal(admin: RespClient, ...pairs: string[]): Promise<string> {
  const reply = await admin.command('CONFIG', 'SET', ...pairs);
  return reply.kind === 'error' ? reply.text : 'it was accepted';
}

test('CONFIG SET tls-cert-file and tls-key-file', async (t) => {
  const certified = new Certified(t);
  const { authority, client } = certified;
  const { admin, tlsPort, server } = await bothPorts(t, certified.args);
  certified.write(authority.issue('second'), 'second');
  const { cert } = authority.issue('other');
  writeFileSync(certified.path('torn.crt'), cert.slice(0, cert.length / 2));
  certified.write(authority.issue('locked', { passphrase: 'open sesame' }), 'locked');
  const path = (name: string) => certified.path(name);
  const old = await connect(t, { port: tlsPort, tls: client });
  await old.must('SET', 'key', 'value');

  const failed = "ERR CONFIG SET failed (possibly related to argument 'tls-";
  const bad: [pairs: string[], why: RegExp][] = [
    [['tls-cert-file', path('nosuch.crt')], /tls-cert-file .*nosuch\.crt: ENOENT/],
    [['tls-cert-file', path('second.crt')], /tls-key-file is not the key of the certificate/],
    [['tls-key-file', path('second.key')], /tls-key-file is not the key of the certificate/],
    [['tls-key-file', path('server.crt')], /tls-key-file: /],
    [['tls-cert-file', path('torn.crt')], /tls-cert-file: /],
    [['tls-cert-file', certified.dir], /not a regular file/],
    [['tls-cert-file', '/dev/zero'], /not a regular file/],
    [['tls-cert-file', ''], /no tls-cert-file is configured/],
    [['tls-key-file', ''], /no tls-key-file is configured/],
    [['tls-cert-file', path('locked.crt'), 'tls-key-file', path('locked.key')], /tls-key-file: /],
    [['tls-auth-clients', 'yes'], /tls-ca-cert-file or tls-ca-cert-dir must be given/],
    [['tls-ca-cert-file', path('server.key')], /tls-ca-cert-file: /],
    [['tls-ca-cert-dir', path('nosuch')], /tls-ca-cert-dir .*nosuch: ENOENT/],
    [['tls-protocols', 'TLSv1.9'], /tls-protocols must be a combination/],
    [['tls-ciphers', 'nosuch'], /no cipher match/],
    [['tls-ciphersuites', 'nosuch'], /tls-ciphersuites: no suite nosuch/],
    [['tls-dh-params-file', path('server.key')], /tls-dh-params-file: /],
  ];
  for (const [pairs, why] of bad) {
    const before = await admin.must('CONFIG', 'GET', 'tls-*');
    const text = await refusal(admin, 'maxclients', '5000', ...pairs);
    t.match(text, why, text);
    t.ok(text.startsWith(failed) && !text.includes('\n'), 'one line, and to whom it belongs');
    t.same(await admin.must('CONFIG', 'GET', 'tls-*'), before, 'nothing has changed');
    t.equal(await shown(tlsPort, client), 'localhost');
  }
  const clients = describeReply(await admin.must('CONFIG', 'GET', 'maxclients'));
  t.match(clients, '10000', 'what came in the same command neither');
  t.match(await refusal(admin, 'tls-port', '1'), /can't be changed while it runs/);

  const pair = ['tls-cert-file', path('second.crt'), 'tls-key-file', path('second.key')];
  await admin.must('CONFIG', 'SET', ...pair);
  t.equal(await shown(tlsPort, client), 'second');
  const withPass = ['tls-key-file-pass', 'open sesame', 'tls-cert-file', path('locked.crt')];
  await admin.must('CONFIG', 'SET', ...withPass, 'tls-key-file', path('locked.key'));
  t.equal(await shown(tlsPort, client), 'locked');
  t.match(await old.command('GET', 'key'), { bytes: Buffer.from('value') }, 'who was there stays');
  t.notMatch(server.log(), 'sesame', 'the pass phrase is not in the log');
});

/** Clients that work until `stop`, which returns what went wrong and how much was right. */
function load(t: Test, port: number, tls: TlsClient, certified: Certified) {
  let isDone = false;
  let rounds = 0;
  const troubles: string[] = [];
  const loop = async (name: string, round: (i: number) => Promise<unknown>): Promise<void> => {
    for (let i = 0; !isDone; i++) {
      try {
        if ((await round(i)) !== String(i)) troubles.push(`${name}: another value`);
      } catch (error) {
        troubles.push(`${name}: ${(error as Error).message}`);
      }
      rounds++;
    }
  };
  const noted = (name: string) => (what?: unknown) => {
    if (!isDone) troubles.push(`${name}: ${String(what ?? 'connection lost')}`);
  };
  const ends: (() => unknown)[] = [];
  const loops: Promise<void>[] = [];
  for (let n = 0; n < 8; n++) {
    const redis = new Redis({ port, tls, retryStrategy: null });
    redis.on('error', noted('ioredis'));
    redis.on('close', noted('ioredis'));
    ends.push(() => redis.disconnect());
    loops.push(
      loop('ioredis', async (i) => {
        const results = await redis.multi().set(`i:${n}`, i).get(`i:${n}`).exec();
        return results?.[1]?.[1];
      }),
    );
    const client = createClient({
      socket: { port, ...tls, tls: true, reconnectStrategy: false },
    });
    client.on('error', noted('node-redis'));
    client.on('end', noted('node-redis'));
    ends.push(() => client.destroy());
    loops.push(
      client.connect().then(() =>
        loop('node-redis', async (i) => {
          await client.set(`n:${n}`, 'x'.repeat(20_000) + i);
          return (await client.get(`n:${n}`))?.slice(20_000);
        }),
      ),
    );
  }
  const cli = ['--tls', '--cacert', certified.path('ca.crt'), '-p', String(port)];
  // A new connection each time: also in the middle of a change.
  loops.push(
    loop('redis-cli', async (i) => {
      const { stdout, stderr } = await run('redis-cli', [...cli, 'ECHO', String(i)]);
      return stderr || stdout.trim();
    }),
  );
  t.teardown(() => {
    isDone = true;
    for (const end of ends) end();
  });
  return {
    stop: async () => {
      isDone = true;
      await Promise.all(loops);
      for (const end of ends) end();
      return { troubles, rounds };
    },
  };
}

test('files that change under load', async (t) => {
  const certified = new Certified(t);
  const { authority, client } = certified;
  const secret = new MountedSecret(certified.path('secret'), filesOf(authority.issue('first')));
  const { tlsPort, server } = await bothPorts(t, [
    ...['--tls-cert-file', secret.path('tls.crt'), '--tls-key-file', secret.path('tls.key')],
    ...['--tls-auth-clients', 'no'],
  ]);
  const clients = load(t, tlsPort, client, certified);
  const shows = (name: string) => async () => (await shown(tlsPort, client)) === name;
  t.ok(await until(shows('first'), RELOAD_MS));
  for (const name of ['second', 'third']) {
    secret.replace(filesOf(authority.issue(name)));
    t.ok(await until(shows(name), RELOAD_MS), `new connections are shown the ${name}`);
  }
  const isSaid = (what: string | RegExp) => () => server.log().match(what) !== null;
  t.ok(isSaid(/TLS: certificate CN=third, valid until .*/)());
  t.ok(await until(isSaid('new connections are made with the new ones')));

  const { cert } = authority.issue('fourth');
  secret.replace(filesOf({ cert, key: authority.issue('fifth').key }));
  const kept = /files have changed and cannot be used, as before goes on: tls-key-file is not/;
  t.ok(await until(isSaid(kept), RELOAD_MS), 'a pair that does not fit is told');
  t.equal(await shown(tlsPort, client), 'third', 'and not used');
  secret.replace(filesOf(authority.issue('sixth')));
  t.ok(await until(shows('sixth'), RELOAD_MS), 'the next one is');

  const { troubles, rounds } = await clients.stop();
  t.same(troubles, [], 'nobody has noticed');
  t.ok(rounds > 500, `${rounds} rounds`);
});

function filesOf({ cert, key }: { cert: string; key: string }): Record<string, string> {
  return { 'tls.crt': cert, 'tls.key': key };
}

test('files that are written one after the other', async (t) => {
  const certified = new Certified(t);
  const { authority, client } = certified;
  const { tlsPort, server } = await bothPorts(t, certified.args);
  const { cert, key } = authority.issue('second');
  writeFileSync(certified.path('server.key'), key);
  await sleep(500);
  writeFileSync(certified.path('server.crt'), cert);
  const shows = async () => (await shown(tlsPort, client)) === 'second';
  t.ok(await until(shows, RELOAD_MS));
  // Written again, and the same as before.
  const lines = server.log().split('files have changed; new').length;
  writeFileSync(certified.path('server.crt'), cert);
  await sleep(3500);
  t.equal(server.log().split('files have changed; new').length, lines, 'that is no change');
});

test('authorities in a directory', async (t) => {
  const certified = new Certified(t);
  const dir = new MountedSecret(certified.path('authorities'), {
    'one.pem': certified.authority.cert,
    README: 'no certificate',
  });
  const others = new CertificateAuthority('Another');
  const { tlsPort } = await bothPorts(t, [
    ...[...certified.args.slice(0, -1), 'yes'],
    ...['--tls-ca-cert-dir', certified.path('authorities')],
  ]);
  const answers = async (who: CertificateAuthority): Promise<string> => {
    const tls = { ...certified.client, ...who.issue('someone') };
    const client = await connect(t, { port: tlsPort, tls }).catch(() => undefined);
    const reply = await client?.command('PING').catch(() => undefined);
    return reply?.kind ?? 'refused';
  };
  t.equal(await answers(certified.authority), 'simple');
  t.equal(await answers(others), 'refused');
  dir.replace({ 'one.pem': certified.authority.cert, README: others.cert });
  t.ok(await until(async () => (await answers(others)) === 'simple', RELOAD_MS));
  dir.replace({ 'one.pem': others.cert, README: '' });
  t.ok(await until(async () => (await answers(certified.authority)) === 'refused', RELOAD_MS));
  t.equal(await answers(others), 'simple');
});
