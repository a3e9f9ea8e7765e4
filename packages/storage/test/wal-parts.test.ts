// The small parts of the log: lists of lsns, locks, headers, bounds, the real file system, and
// segments that come and go.

import fs from 'node:fs';
import os from 'node:os';
import { Random } from '@forgekv/base';
import { test } from 'tap';
import { nodeFileSystem, readFully, writeFully } from '../src/file-system.ts';
import {
  createWalMemory,
  openWalDirectory,
  replay,
  WAL_BROKEN,
  WalLogs,
  WalWriter,
} from '../src/wal/index.ts';
import { LsnRuns } from '../src/wal/lsn-runs.ts';
import { readSegmentHeader, writeSegmentHeader } from '../src/wal/segment-header.ts';
import { releaseLock, takeLock } from '../src/wal/wal-lock.ts';
import { FaultFileSystem } from './fault-file-system.ts';
import { DIRECTORY, Model, Workload } from './wal-workload.ts';

test('runs of lsns against a list', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  const random = new Random(seed);
  const runs = new LsnRuns();
  const list: number[] = [];
  t.equal(runs.current, Number.POSITIVE_INFINITY);
  for (let lsn = 2 ** 33; list.length < 5000; lsn += random.pick([0, 1, 1, 1, 2, 1000])) {
    runs.push(lsn);
    list.push(lsn);
    t.equal(runs.last, lsn);
  }
  const read = list.map(() => {
    const { current } = runs;
    runs.advance();
    return current;
  });
  t.same(read, list);
  t.equal(runs.current, Number.POSITIVE_INFINITY);
});

test('a lock is taken once, and given up on after a while', async (t) => {
  const words = new Int32Array(new SharedArrayBuffer(8));
  t.ok(takeLock(words, 1, 1000));
  t.notOk(takeLock(words, 1, 30));
  releaseLock(words, 1);
  t.ok(takeLock(words, 1, 1000));
  releaseLock(words, 1);
  t.throws(() => releaseLock(words, 1), { name: 'InvariantError' });
});

test('a segment header comes back, or not at all', async (t) => {
  const bytes = new Uint8Array(4096);
  const header = {
    generation: 7,
    log: 3,
    sequence: 12,
    start: 2 ** 40,
    flags: 1,
    salt: 2 ** 32 - 1,
  };
  writeSegmentHeader(bytes, header);
  t.same(readSegmentHeader(bytes), header);
  for (let bit = 0; bit < 64 * 8; bit++) {
    const damaged = bytes.slice();
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    t.equal(readSegmentHeader(damaged), undefined);
  }
  t.equal(readSegmentHeader(bytes.subarray(0, 63)), undefined);
});

test('bounds of the memory', async (t) => {
  const options = { logs: 1, directory: DIRECTORY, generation: 1 };
  for (const wrong of [
    { logs: 0 },
    { logs: 1000 },
    { bufferBytes: 100_000 },
    { bufferBytes: 1 << 15 },
    { segmentBytes: 1000 },
    { maxSegments: 1 },
    { generation: 0 },
  ]) {
    t.throws(() => createWalMemory({ ...options, ...wrong }), { name: 'InvariantError' });
  }
});

test('the real file system', async (t) => {
  const files = nodeFileSystem;
  const directory = fs.mkdtempSync(`${os.tmpdir()}/forgekv-wal-`);
  t.teardown(() => fs.rmSync(directory, { recursive: true }));
  files.mkdir(`${directory}/a/b`);
  files.mkdir(`${directory}/a/b`);
  const path = `${directory}/a/one`;
  const fd = files.create(path);
  t.throws(() => files.create(path), { code: 'EEXIST' });
  writeFully(files, fd, new Uint8Array(new SharedArrayBuffer(5000)).fill(7), 10, 4000, 100);
  files.fdatasync(fd);
  t.equal(files.size(fd), 4100);
  const bytes = new Uint8Array(5000);
  t.equal(readFully(files, fd, bytes, 1, 4999, 99), 4001);
  t.same([bytes[1], bytes[2], bytes[4001], bytes[4002]], [0, 7, 7, 0]);
  files.close(fd);
  files.link(path, `${directory}/a/two`);
  files.rename(path, `${directory}/a/three`);
  t.same(files.list(`${directory}/a`).sort(), ['b', 'three', 'two']);
  t.notOk(files.exists(path));
  files.unlink(`${directory}/a/two`);
  files.syncDirectory(`${directory}/a`);
  t.throws(() => files.openRead(path), { code: 'ENOENT' });
  files.close(files.openWrite(`${directory}/a/three`));
});

test('segments are used again, bounded, and never bring anything back', async (t) => {
  const files = new FaultFileSystem();
  const workload = new Workload(files, new Random(5), new Model(), { logs: 2, maxSegments: 6 });
  let written = 0;
  for (let round = 0; round < 60; round++) {
    for (let i = 0; i < 12; i++) workload.group(i & 1);
    t.ok(workload.finish());
    workload.checkpoint();
    t.equal(workload.check(files.restart(), false), '');
    written = workload.logs.counters(0).segments + workload.logs.counters(1).segments;
    t.ok(files.list(DIRECTORY).length <= 4 + 2 * 6);
  }
  t.ok(written > 20, `${written} segments`);
  t.ok(files.count('create') < written / 2, `${files.count('create')} files were made`);
  t.ok(files.openCount <= 6, 'descriptors are closed');
  workload.logs.close();
  t.equal(files.openCount, 0);
});

test('a log that may have no more segments waits for room', async (t) => {
  const files = new FaultFileSystem();
  const workload = new Workload(files, new Random(5), new Model(), { logs: 1, maxSegments: 2 });
  while (workload.group(0));
  t.equal(workload.logs.fenceCode(0), 'ENOSPC');
  t.notOk(workload.logs.retry(0), 'no segment can go yet');
  workload.checkpoint();
  t.ok(workload.logs.retry(0));
  t.ok(workload.group(0));
  t.ok(workload.finish());
  t.equal(workload.check(files.restart(), false), '');
});

test('a sync that failed is never repeated, renewal goes on elsewhere', async (t) => {
  const files = new FaultFileSystem();
  const transfer = createWalMemory({
    logs: 1,
    directory: DIRECTORY,
    generation: 1,
    segmentBytes: 64 << 10,
  });
  const logs = new WalLogs(transfer, files);
  const writer = new WalWriter(logs, 0);
  const payload = new Uint8Array(10);
  const payloadView = new DataView(payload.buffer);
  const write = (lsn: number): void => {
    writer.append(1, lsn, lsn - 1, 0, 0, payload, payloadView, 0, 10);
    writer.endGroup();
    writer.seal();
  };
  write(1);
  t.ok(logs.handOver(0) && logs.sync(0));
  const durable = logs.synced(0);
  write(2);
  t.ok(logs.handOver(0));
  files.failAt('sync', 1, 'EIO');
  t.notOk(logs.sync(0));
  t.same([logs.state(0), logs.fenceCode(0), logs.synced(0)], [WAL_BROKEN, 'EIO', durable]);
  const syncs = files.count('sync');
  t.notOk(logs.sync(0));
  t.notOk(logs.retry(0));
  write(3);
  t.notOk(logs.handOver(0));
  t.same([files.count('sync'), logs.synced(0)], [syncs, durable]);
  t.ok(writer.accepts(1000), 'the buffer still has room');
  t.notOk(writer.accepts(10 << 20), 'but not for that');
  for (let i = 0; i < 3; i++) {
    files.failAt('sync', 1, 'EIO');
    t.notOk(logs.renew(0), 'not while the disk still fails');
    t.equal(logs.state(0), WAL_BROKEN);
  }
  t.ok(logs.renew(0));
  t.ok(logs.sync(0));
  t.equal(logs.synced(0), logs.sealed(0));
  const seen: number[] = [];
  const floor = new Float64Array(64).fill(2);
  replay(openWalDirectory(DIRECTORY, files.crash(new Random(1))), {
    floor,
    apply: ({ lsn }) => seen.push(lsn),
  });
  t.same(seen, [3]);
});

test('a full buffer of a fenced log throws, and what was whole before stays', async (t) => {
  const files = new FaultFileSystem();
  const transfer = createWalMemory({
    logs: 1,
    directory: DIRECTORY,
    generation: 1,
    segmentBytes: 64 << 10,
    bufferBytes: 64 << 10,
  });
  const logs = new WalLogs(transfer, files);
  const writer = new WalWriter(logs, 0);
  files.spaceBytes = 1000;
  let lsn = 0;
  const payload = new Uint8Array(900);
  const payloadView = new DataView(payload.buffer);
  const fill = (): void => {
    for (;;) {
      writer.append(1, lsn + 1, 0, 0, 0, payload, payloadView, 0, 900);
      writer.endGroup();
      lsn++;
    }
  };
  t.throws(fill, { name: 'WalFencedError', code: 'ENOSPC', log: 0 });
  t.notOk(writer.accepts(5000));
  files.spaceBytes = Number.POSITIVE_INFINITY;
  t.ok(logs.retry(0));
  let applied = 0;
  replay(openWalDirectory(DIRECTORY, files), { apply: () => applied++ });
  t.equal(applied, lsn);
});
