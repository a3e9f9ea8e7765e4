// A server that speaks TLS starts with what is right, and says what is wrong.

import { getDiffieHellman } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { TLSSocket } from 'node:tls';
import { freePort, openSocket } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { Certified } from './support/certified.ts';
import { runForgeKv } from './support/run-program.ts';
import { connect, serve } from './support/servers.ts';

const DAY_MS = 86_400_000;
const SMALL = ['--wal-segment-mb', '1'];

/** What a start says that fails. */
async function complaint(t: Test, dir: string, args: readonly string[]): Promise<string> {
  const port = String(await freePort());
  const all = ['--dir', dir, '--port', '0', '--tls-port', port, ...SMALL, ...args];
  const { code, stderr, stdout } = await runForgeKv(all);
  t.equal(code, 2);
  t.equal(stdout.includes('listening'), false);
  return stderr;
}

test('what a start needs', async (t) => {
  const certified = new Certified(t);
  certified.write(certified.authority.issue('other', { passphrase: 'sesame' }), 'other');
  const cert = ['--tls-cert-file', certified.path('server.crt')];
  const key = ['--tls-key-file', certified.path('server.key')];
  const dir = certified.path('data');
  mkdirSync(dir);
  const says = async (why: RegExp, ...args: string[]) =>
    t.match(await complaint(t, dir, args), why);
  await says(/^forgekv: no tls-cert-file is configured\n$/);
  await says(/^forgekv: no tls-key-file is configured\n$/, ...cert);
  await says(/tls-ca-cert-file or tls-ca-cert-dir must be given/, ...cert, ...key);
  await says(/tls-key-file .*nosuch: ENOENT/, ...cert, '--tls-key-file', 'nosuch');
  const other = ['--tls-key-file', certified.path('other.key'), '--tls-auth-clients', 'no'];
  await says(/^forgekv: tls-key-file: /, ...cert, ...other);
  await says(/^forgekv: tls-key-file: .*/, ...cert, ...other, '--tls-key-file-pass', 'wrong');
  await says(
    /is not the key of the certificate/,
    ...cert,
    ...other,
    '--tls-key-file-pass',
    'sesame',
  );
  const both = ['--port', '7', '--tls-port', '7'];
  await says(/port and tls-port are both 7/, ...certified.args, ...both);
  await says(/port and tls-port are 0 and unixsocket/, ...certified.args, '--tls-port', '0');
});

test('files beside the data, a key with a pass phrase, RSA', async (t) => {
  const certified = new Certified(t);
  const dir = certified.path('data');
  mkdirSync(dir);
  const pair = certified.authority.issue('own', { passphrase: 'sesame', isRsa: true });
  writeFileSync(certified.path('data/own.crt'), pair.cert + certified.authority.cert);
  writeFileSync(certified.path('data/own.key'), pair.key);
  const { prime, generator } = groupOf('modp14');
  writeFileSync(certified.path('data/dh.pem'), dhParams(prime, generator));
  const tls = certified.client;
  const server = await serve(t, {
    ...{ dir, tls },
    args: [
      ...['--tls-cert-file', 'own.crt', '--tls-key-file', 'own.key'],
      ...['--tls-key-file-pass', 'sesame', '--tls-auth-clients', 'no'],
      ...['--tls-dh-params-file', 'dh.pem', '--tls-ciphers', 'DHE-RSA-AES128-GCM-SHA256'],
    ],
  });
  const older = { ...tls, maxVersion: 'TLSv1.2' } as const;
  const socket = (await openSocket({ port: server.port, tls: older }, 10_000)) as TLSSocket;
  t.teardown(() => socket.destroy());
  t.equal(socket.getCipher().name, 'DHE-RSA-AES128-GCM-SHA256');
  const client = await connect(t, server);
  t.match(await client.command('PING'), { text: 'PONG' });
  t.notMatch(server.log(), 'sesame');
});

test('a certificate that is out of date', async (t) => {
  const certified = new Certified(t);
  certified.write(certified.authority.issue('late', { untilMs: Date.now() - DAY_MS }));
  const tls = { ...certified.client, rejectUnauthorized: false };
  const server = await serve(t, { tls, args: certified.args });
  t.match(server.log(), /TLS: certificate CN=late, valid until .*: not valid now/);
});

function groupOf(name: string): { prime: Buffer; generator: Buffer } {
  const group = getDiffieHellman(name);
  return { prime: group.getPrime(), generator: group.getGenerator() };
}

/** PKCS #3: two integers in ASN.1. */
function dhParams(prime: Buffer, generator: Buffer): string {
  const integer = (value: Buffer): Buffer => tagged(0x02, Buffer.concat([Buffer.from([0]), value]));
  const bytes = tagged(0x30, Buffer.concat([integer(prime), integer(generator)]));
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN DH PARAMETERS-----', ...lines, '-----END DH PARAMETERS-----', ''].join('\n');
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
