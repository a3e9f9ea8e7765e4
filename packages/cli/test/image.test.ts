// The container image: what its Dockerfile promises, and its entry point as it is in the image, as
// a user without rights where the tests run as root. The image itself is not built here: that needs
// a registry.

import { spawn, spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, RespClient } from '@forgekv/testkit';
import { Copy, DockerfileParser, type Instruction } from 'dockerfile-ast';
import { type Test, test } from 'tap';
import { run } from './support/run-program.ts';
import { temporaryDirectory } from './support/spawned.ts';
import { until } from './support/until.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
/** The user `node` of the image. */
const UID = 1000;
const isRoot = process.getuid?.() === 0;

function stages(): Instruction[][] {
  const file = DockerfileParser.parse(readFileSync(path.join(ROOT, 'Dockerfile'), 'utf8'));
  const found: Instruction[][] = [];
  for (const instruction of file.getInstructions()) {
    if (instruction.getKeyword() === 'FROM') found.push([]);
    found.at(-1)?.push(instruction);
  }
  return found;
}

test('the Dockerfile keeps its promises', async (t) => {
  const all = stages();
  const last = all.at(-1) ?? [];
  const said = (keyword: string, stage = last): string[] =>
    stage
      .filter((one) => one.getKeyword() === keyword)
      .map((one) => one.getArgumentsContent()?.replace(/\\\n\s*/g, '') ?? '');

  for (const stage of all) t.match(said('FROM', stage), [/^node:26-slim( AS build)?$/]);
  t.same(said('COPY'), ['/app /app'], 'nothing but what was staged');
  const copies = last.filter((one) => one instanceof Copy);
  t.same(
    copies.map((one) => one.getFromFlag()?.getValue()),
    ['build'],
  );
  t.match(said('FROM', all[0]), [/ AS build$/]);
  t.same(said('USER'), [`${UID}:${UID}`], 'not root, in numbers');
  t.ok(said('RUN').join(' ').includes(`chown ${UID}:${UID} /data`));
  t.same(said('VOLUME'), ['/data']);
  t.same(said('WORKDIR'), ['/'], 'below which ./data is the volume');
  t.same(said('EXPOSE'), ['6379']);
  t.same(said('STOPSIGNAL'), ['SIGTERM']);
  t.match(said('HEALTHCHECK'), [/CMD \["forgekv", "healthcheck"\]$/]);
  t.same(JSON.parse(said('ENTRYPOINT')[0] ?? ''), ['/app/scripts/container'], 'no shell before it');
  const text = readFileSync(path.join(ROOT, 'Dockerfile'), 'utf8');
  t.notMatch(text, /^(ADD|ARG|MAINTAINER|SHELL) /m);
  t.notMatch(text, /\b(sudo|apt-get|curl|wget)\b|chmod 777|:latest/);
  for (const program of ['stage', 'container', 'forgekv']) {
    accessSync(path.join(ROOT, 'scripts', program), constants.X_OK);
  }
});

test('what the image is made of is sent, and nothing that was made', async (t) => {
  const ignored = readFileSync(path.join(ROOT, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  for (const made of ['**/node_modules', '**/dist', '**/*.tsbuildinfo', '.git', 'data']) {
    t.ok(ignored.includes(made), made);
  }
  const { stdout } = await run('git', ['-C', ROOT, 'ls-files']);
  const files = stdout.split('\n').filter((file) => file !== '');
  const isIgnored = (file: string): boolean =>
    ignored.some((line) => file === line || file.startsWith(`${line}/`));
  const needed = /^(package(-lock)?\.json|LICENSE|tsconfig|packages\/|scripts\/(?!helm)|bench\/)/;
  t.same(
    files.filter((file) => needed.test(file) && isIgnored(file)),
    [],
  );
});

/** The directory /app, as far as it is not libraries. */
function staged(t: Test): string {
  const app = temporaryDirectory(t);
  chmodSync(app, 0o755);
  mkdirSync(path.join(app, 'scripts'));
  for (const name of ['container', 'forgekv']) {
    cpSync(path.join(ROOT, 'scripts', name), path.join(app, 'scripts', name));
  }
  symlinkSync(path.join(ROOT, 'packages'), path.join(app, 'packages'));
  return app;
}

/** Before a command: as the user of the image, without a right. */
function asUser(command: readonly string[]): string[] {
  const ids = ['--reuid', String(UID), '--regid', String(UID), '--clear-groups'];
  const rights = ['--no-new-privs', '--bounding-set', '-all'];
  return isRoot ? ['setpriv', ...ids, ...rights, ...command] : [...command];
}

const canStart =
  !isRoot || spawnSync('setpriv', ['--reuid', String(UID), 'test', '-r', ROOT]).status === 0;

test('the entry point', { skip: canStart ? false : 'another user cannot read this' }, async (t) => {
  const app = staged(t);
  const volume = temporaryDirectory(t);
  writeFileSync(path.join(volume, 'password'), 'swordfish\n', { mode: 0o444 });
  if (isRoot) spawnSync('chown', [`${UID}:${UID}`, volume]);
  const port = await freePort();
  const env = [
    ...['-u', 'NODE_OPTIONS', `FORGEKV_PORT=${port}`],
    `FORGEKV_REQUIREPASS_FILE=${path.join(volume, 'password')}`,
  ];
  const program = path.join(app, 'scripts/container');
  const command = [program, '--port', String(port), '--wal-segment-mb', '1'];
  const child = spawn('/usr/bin/env', [...env, ...asUser(command)], { cwd: volume, stdio: 'pipe' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  }
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const healthcheck = [path.join(app, 'scripts/forgekv'), 'healthcheck'];
  const isHealthy = async (): Promise<boolean> =>
    (await run('/usr/bin/env', [...env, ...asUser(healthcheck)])).code === 0;
  t.ok(await until(isHealthy, 20_000), log);
  for (const host of ['127.0.0.1', '::1']) {
    const client = await RespClient.connect({ port, host, timeoutMs: 10_000 }).catch((error) => {
      // Not every machine has IPv6.
      if (host === '::1') return undefined;
      throw error;
    });
    if (client === undefined) continue;
    t.match(await client.command('GET', 'a'), { kind: 'error', text: /^NOAUTH/ }, host);
    t.match(await client.command('AUTH', 'swordfish'), { kind: 'simple', text: 'OK' });
    client.destroy();
  }
  child.kill('SIGTERM');
  t.equal(await ended, 0);
  t.equal(await isHealthy(), false, 'nobody is there any more');
});

test('a password file that is of no use stops the start', async (t) => {
  const dir = temporaryDirectory(t);
  const cases: readonly (readonly [bytes: Buffer | string, why: RegExp])[] = [
    ['', /is empty/],
    ['\n', /is empty/],
    ['one\ntwo\n', /more than one line/],
    ['x'.repeat(5000), /more than 4096 bytes/],
    [Buffer.from([0xff, 0xfe]), /FORGEKV_REQUIREPASS_FILE/],
  ];
  for (const [i, [bytes, why]] of [...cases, ['', /ENOENT/] as const].entries()) {
    const file = path.join(dir, String(i));
    if (i < cases.length) writeFileSync(file, bytes);
    const program = path.join(ROOT, 'packages/cli/dist/bundle/main.js');
    const env = [`FORGEKV_REQUIREPASS_FILE=${file}`, process.execPath];
    const { code, stderr } = await run('/usr/bin/env', [...env, program, '--dir', dir]);
    t.equal(code, 2);
    t.match(stderr, why);
    t.notMatch(stderr, /two|xxx/, 'and is not shown');
  }
});
