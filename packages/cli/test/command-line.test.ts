// The command line: what it prints, what it refuses and how it says so, where it reads from.

import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describeReply, freePort } from '@forgekv/testkit';
import { test } from 'tap';
import { runForgeKv } from './support/run-program.ts';
import { connect, serve } from './support/servers.ts';
import { Spawned, temporaryDirectory } from './support/spawned.ts';

const EXIT_USAGE = 2;

test('--version and --help', async (t) => {
  for (const option of ['--version', '-v']) {
    const { code, stdout, stderr } = await runForgeKv([option]);
    t.equal(code, 0);
    t.match(stdout, /^forgekv \d+\.\d+\.\d+ \(node \d+\.\d+\.\d+\)\n$/);
    t.equal(stderr, '');
  }
  const { code, stdout } = await runForgeKv(['--help']);
  t.equal(code, 0);
  t.match(stdout, /^Usage: forgekv \[redis\.conf\] \[options\]\n/);
  for (const line of stdout.split('\n')) t.ok(line.length <= 80, line);
});

test('what cannot be used is refused with a reason', async (t) => {
  const dir = temporaryDirectory(t);
  const conf = join(dir, 'bad.conf');
  writeFileSync(conf, '# fine\nport 7000\n\nno-such-directive yes\nmaxclients many\n');
  const file = join(dir, 'file');
  writeFileSync(file, '');
  const newer = join(dir, 'newer');
  mkdirSync(newer);
  writeFileSync(join(newer, 'forgekv.json'), '{"format":99,"hashSecret":[1,2]}');
  const damaged = join(dir, 'damaged');
  mkdirSync(damaged);
  writeFileSync(join(damaged, 'forgekv.json'), '{"format":');
  const cases: readonly (readonly [args: readonly string[], complaint: RegExp])[] = [
    [['--no-such-option', '1'], /^forgekv: \(command line\):1: .*--no-such-option 1\n$/],
    [['--port', 'x'], /^forgekv: \(command line\):1: .*--port x\n$/],
    [['--port', '70000'], /--port 70000/],
    [['--front-threads', '65'], /--front-threads 65/],
    [['--memtable-size-mb', '1'], /--memtable-size-mb 1/],
    [['--requirepass'], /--requirepass|requirepass/],
    [['-x'], /expected an option that starts with --: -x/],
    [[conf, '--config', conf], /there already is a config file/],
    [[join(dir, 'absent.conf')], /can't read config file '.*absent\.conf'/],
    [[conf], /bad\.conf:4: .*no-such-directive yes\n.*bad\.conf:5: .*maxclients many\n$/],
    [['--port', '0', '--dir', join(dir, 'd')], /nothing to listen on/],
    [['--dir', join(file, 'sub')], /cannot make the data directory .*file\/sub/],
    [['--dir', newer], /newer\/forgekv\.json has format 99; this version knows formats up to 1/],
    [['--dir', damaged], /damaged\/forgekv\.json is damaged/],
    [['--bind', '192.0.2.77', '--dir', join(dir, 'e')], /cannot listen on 192\.0\.2\.77 port 6379/],
  ];
  await Promise.all(
    cases.map(async ([args, complaint]) => {
      const { code, stderr, stdout } = await runForgeKv(args, { cwd: dir });
      t.match(stderr, complaint, args.join(' '));
      t.notMatch(stderr, /^\s+at /m, 'no stack trace');
      t.equal(code, EXIT_USAGE, `exit code of ${args.join(' ')}`);
      t.notMatch(stdout, 'listening');
    }),
  );
  t.equal(readFileSync(join(newer, 'forgekv.json'), 'utf8'), '{"format":99,"hashSecret":[1,2]}');
});

test('a port in use, by anybody', async (t) => {
  const dir = temporaryDirectory(t);
  const first = await serve(t, { fronts: 2, workers: 1 });
  const stranger = createServer();
  t.teardown(() => stranger.close());
  const strangersPort = await freePort();
  await new Promise<void>((resolve) => stranger.listen(strangersPort, '127.0.0.1', resolve));
  for (const port of [first.port, strangersPort]) {
    const { code, stderr } = await runForgeKv(['--port', String(port), '--dir', join(dir, 'd')]);
    t.equal(code, EXIT_USAGE);
    t.match(
      stderr,
      new RegExp(`^forgekv: cannot listen on 127\\.0\\.0\\.1 port ${port}: .*EADDRINUSE`),
    );
  }
  const client = await connect(t, first);
  t.match(await client.command('PING'), { text: 'PONG' }, 'the first server does not mind');
  const port = await freePort();
  const args = ['--port', String(port), '--http-port', String(strangersPort), '--dir', dir];
  const { code, stderr } = await runForgeKv(args);
  t.equal(code, EXIT_USAGE);
  t.match(stderr, /EADDRINUSE/);
});

test('config files', async (t) => {
  const dir = temporaryDirectory(t);
  const conf = join(dir, 'redis.conf');
  const lines = [
    '# as distributions ship it',
    'port 1',
    'databases 32',
    'requirepass "pass word"',
    'front-threads 1',
    'shard_threads 1',
    'save 3600 1',
    `dir ${join(dir, 'data')}`,
    `pidfile ${join(dir, 'forgekv.pid')}`,
    `include ${join(dir, 'more.conf')}`,
  ];
  writeFileSync(conf, lines.join('\n'));
  writeFileSync(join(dir, 'more.conf'), 'maxclients 123\n');
  for (const start of [[conf], ['--config', conf]]) {
    const port = await freePort();
    const server = new Spawned(t, [...start, '--port', String(port)]);
    await server.ready();
    const client = await connect(t, { port });
    t.match(await client.command('GET', 'x'), { text: 'NOAUTH Authentication required.' });
    t.match(await client.command('AUTH', 'pass word'), { text: 'OK' });
    const get = await client.command('CONFIG', 'GET', 'databases', 'maxclients', 'port');
    const said = describeReply(get);
    for (const pair of ['"databases", "32"', '"maxclients", "123"', `"port", "${port}"`]) {
      t.match(said, pair);
    }
    t.match(
      server.log,
      /redis\.conf: without effect here: 7 save; /,
      'what has no effect is said, with its line',
    );
    t.equal(readFileSync(join(dir, 'forgekv.pid'), 'utf8'), `${server.pid}\n`);
    t.ok(statSync(join(dir, 'data')).isDirectory());
    server.kill('SIGTERM');
    t.equal(await server.ended, 0);
    t.throws(() => statSync(join(dir, 'forgekv.pid')), { code: 'ENOENT' }, 'pidfile is removed');
  }
});
