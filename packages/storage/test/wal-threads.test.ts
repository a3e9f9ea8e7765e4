// Threads on real files: writers at full speed, others that hand over, sync, prepare and retire
// at the same time. Then everything is read back.

import fs from 'node:fs';
import os from 'node:os';
import { test } from 'tap';
import { nodeFileSystem } from '../src/file-system.ts';
import { createWalMemory, openWalDirectory, replay, WalLogs } from '../src/wal/index.ts';
import { runThread } from './run-thread.ts';
import type { WalThreadJob, WalThreadReport } from './wal-thread.ts';

const GROUPS = 40_000;

test('two writers and two servants', async (t) => {
  const directory = fs.mkdtempSync(`${os.tmpdir()}/forgekv-wal-`);
  t.teardown(() => fs.rmSync(directory, { recursive: true }));
  const transfer = createWalMemory({
    logs: 2,
    directory,
    generation: 1,
    bufferBytes: 64 << 10,
    segmentBytes: 512 << 10,
  });
  const shared = new SharedArrayBuffer(8);
  const job = { transfer, shared, groups: GROUPS, writers: 2 };
  const run = (role: WalThreadJob['role'], log: number): Promise<WalThreadReport> =>
    runThread<WalThreadReport>('./wal-thread.js', { ...job, role, log });
  const reports = await Promise.all([
    run('write', 0),
    run('write', 1),
    run('hand over', 0),
    run('sync', 1),
  ]);
  t.same(
    reports.map(({ problem }) => problem),
    ['', '', '', ''],
  );
  const logs = new WalLogs(transfer, nodeFileSystem);
  t.ok(logs.sync(0) && logs.sync(1));
  t.equal(logs.synced(0), logs.sealed(0));
  t.ok(logs.counters(0).segments > 3, 'several segments');
  t.comment(JSON.stringify([logs.counters(0), logs.counters(1)]));
  logs.close();

  const next = [1, 1];
  let problem = '';
  const found = openWalDirectory(directory, nodeFileSystem);
  found.sync();
  const result = replay(found, {
    apply: ({ shard, lsn, previousLsn, bytes, offset, length }) => {
      if (lsn !== next[shard] || previousLsn !== lsn - 1) problem ||= `${shard}: ${lsn}`;
      next[shard] = lsn + 1;
      for (let i = 0; i < length; i++) {
        if (bytes[offset + i] !== (lsn & 255)) problem ||= `${shard}: byte ${i} of ${lsn}`;
      }
    },
  });
  t.equal(problem, '');
  t.same(
    next.map((lsn) => lsn - 1),
    reports.slice(0, 2).map(({ effects }) => effects),
  );
  t.same([result.cuts, result.damages, result.droppedGroups], [[], [], 0]);
  found.discardUnused();
});
