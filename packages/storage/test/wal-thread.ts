// Thread of wal-threads.test.ts: one appends and seals as fast as it can, the others hand over,
// sync, prepare and retire beside it.

import { parentPort, workerData } from 'node:worker_threads';
import { Random } from '@forgekv/base';
import { nodeFileSystem } from '../src/file-system.ts';
import { WalLogs, type WalTransfer, WalWriter } from '../src/wal/index.ts';

export interface WalThreadJob {
  readonly role: 'write' | 'hand over' | 'sync';
  readonly transfer: WalTransfer;
  /** Word 0: writers that are done. Words 1..: lsn that is retired up to. */
  readonly shared: SharedArrayBuffer;
  readonly log: number;
  readonly groups: number;
  readonly writers: number;
}

export interface WalThreadReport {
  readonly effects: number;
  readonly problem: string;
}

const job = workerData as WalThreadJob;
const logs = new WalLogs(job.transfer, nodeFileSystem);
const words = new Int32Array(job.shared);

function write(): WalThreadReport {
  const random = new Random(job.log);
  const writer = new WalWriter(logs, job.log);
  const payload = new Uint8Array(20_000);
  const view = new DataView(payload.buffer);
  let lsn = 0;
  let problem = '';
  for (let group = 0; group < job.groups; group++) {
    const effects = 1 + random.below(3);
    for (let i = 0; i < effects; i++) {
      const length = random.chance(0.01) ? random.below(20_000) : random.below(100);
      lsn++;
      payload.fill(lsn & 255, 0, length);
      writer.append(job.log, lsn, lsn - 1, effects, 0, payload, view, 0, length);
    }
    writer.endGroup();
    if (random.chance(0.2)) writer.seal();
    const handed = logs.handed(job.log);
    if (handed > logs.sealed(job.log)) problem = 'handed over what was not sealed';
    if (logs.synced(job.log) > logs.handed(job.log)) problem = 'synced what was not handed over';
  }
  writer.seal();
  if (!logs.handOver(job.log)) problem = 'fenced';
  if (logs.handed(job.log) < writer.position) problem = 'handed over less than was appended';
  Atomics.add(words, 0, 1);
  return { effects: lsn, problem };
}

function serve(): WalThreadReport {
  const random = new Random(job.log + 100);
  let problem = '';
  const durable = new Float64Array(64);
  while (Atomics.load(words, 0) < job.writers) {
    for (let log = 0; log < job.writers; log++) {
      if (job.role === 'hand over') {
        if (!logs.handOver(log)) problem = 'not handed over';
        continue;
      }
      const before = logs.handed(log);
      if (!logs.sync(log)) problem = 'not synced';
      if (logs.synced(log) < before) problem = 'synced less than was handed over';
      if (logs.prepare(log) !== '') problem = 'not prepared';
      if (random.chance(0.1)) logs.retire(durable);
    }
    Atomics.wait(words, 1, 0, 1);
  }
  return { effects: 0, problem };
}

parentPort!.postMessage(job.role === 'write' ? write() : serve());
