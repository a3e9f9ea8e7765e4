// What becomes of each line of a configuration; files of other versions of Redis are known, too.

import { test } from 'tap';
import { checkConf } from '../src/check-conf.ts';
import { Config } from '../src/config.ts';
import { directives } from '../src/directives.ts';
import { whyWithoutEffect } from '../src/without-effect.ts';

test('every line is named with what becomes of it', async (t) => {
  const files: Record<string, string> = {
    '/main': '# x\nport 1\ninclude /more\nno-such 1\nDaemonize yes\nhz x\nrequirepass "secret',
    '/more': 'requirepass secret\n\ndatabases 4\n',
  };
  const readFile = (path: string): Buffer => Buffer.from(files[path]!);
  const overrides = [{ file: '(c)', line: 1, text: '--save', words: ['save', ''] }];
  const said = checkConf({ file: '/main', readFile, overrides });
  t.same(
    said.map(({ file, line, text, verdict }) => `${file}:${line} ${text} | ${verdict}`),
    [
      '/main:2 port 1 | honoured',
      '/main:3 include /more | honoured',
      '/main:4 no-such 1 | refused',
      '/main:5 Daemonize yes | without effect',
      '/main:6 hz x | refused',
      '/main:7 requirepass (not shown) | refused',
      '/more:1 requirepass (not shown) | honoured',
      '/more:3 databases 4 | honoured',
      '(c):1 --save | without effect',
    ],
  );
  t.equal(said[2]!.reason, 'unknown directive');
  t.match(said[3]!.reason, 'foreground');
  t.match(checkConf({ file: '/none', readFile }), [{ line: 0, verdict: 'refused' }]);
});

test('every directive without effect has a reason of its own', async (t) => {
  const belongsToOthers = /^(tls|slowlog|latency)-/;
  const silent = directives
    .filter(({ status, name }) => status === 'accepted' && !belongsToOthers.test(name))
    .filter(({ name }) => /does nothing with it/.test(whyWithoutEffect(name)))
    .map(({ name }) => name);
  t.same(silent, []);
});

/** What stock files of these versions say that a file of 7.0 does not. */
const OTHER_VERSIONS: Readonly<Record<string, string>> = {
  '4.0': `slave-serve-stale-data yes
slave-read-only yes
slave-priority 100
slave-lazy-flush no
repl-diskless-sync no
lua-time-limit 5000
hash-max-ziplist-entries 512
hash-max-ziplist-value 64
list-max-ziplist-size -2
zset-max-ziplist-entries 128
zset-max-ziplist-value 64
client-output-buffer-limit slave 256mb 64mb 60
aof-rewrite-incremental-fsync yes
supervised no
always-show-logo yes`,
  '5.0': `replica-serve-stale-data yes
replica-lazy-flush no
stream-node-max-bytes 4096
stream-node-max-entries 100
dynamic-hz yes
rdb-save-incremental-fsync yes`,
  '6.0': `rdb-del-sync-files no
repl-diskless-load disabled
acllog-max-len 128
lazyfree-lazy-user-del no
gopher-enabled no
io-threads 4
io-threads-do-reads no
jemalloc-bg-thread yes`,
  '6.2': `bind 127.0.0.1 -::1
oom-score-adj no
oom-score-adj-values 0 200 800
disable-thp yes
lazyfree-lazy-user-flush no
set-proc-title yes
proc-title-template "{title} {listen-addr} {server-mode}"
sanitize-dump-payload no`,
  '7.2': `enable-protected-configs no
enable-debug-command no
enable-module-command no
set-max-listpack-entries 128
set-max-listpack-value 64
locale-collate ""
aof-timestamp-enabled no
appenddirname "appendonlydir"
shutdown-on-sigterm default`,
};

test('files of other versions of Redis', async (t) => {
  for (const [version, text] of Object.entries(OTHER_VERSIONS)) {
    t.doesNotThrow(() => Config.load({ text }), version);
    t.same(
      checkConf({ text }).filter(({ verdict }) => verdict === 'refused'),
      [],
    );
  }
});
