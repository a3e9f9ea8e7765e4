// Thread of channel-table.test.ts: joins and leaves names that all threads use, and counts them;
// the last thread only counts.

import { parentPort, workerData } from 'node:worker_threads';
import { KeyHasher, Random } from '@forgekv/base';
import {
  CHANNEL,
  type ChannelKind,
  ChannelTable,
  type ChannelTableShape,
  PATTERN,
} from '../src/channel-table.ts';

export interface ChannelJob {
  readonly memory: SharedArrayBuffer;
  readonly shape: ChannelTableShape;
  readonly self: number;
  readonly seed: number;
  readonly steps: number;
}

export interface ChannelReport {
  readonly problem: string;
}

const job = workerData as ChannelJob;
const random = new Random(job.seed);
const table = new ChannelTable(job.memory, job.shape, job.self, new KeyHasher(1, 2));
const isFront = job.self < job.shape.fronts;
const names = Array.from({ length: 12 }, (_, i) => Buffer.from(`${'name '.repeat(i)}${i}`));
const patterns = ['*', '*1', 'name*', '?'].map((text) => Buffer.from(text));
const own = new Map<Buffer, number>();

function run(): string {
  let version = 0;
  for (let step = 0; step < job.steps; step++) {
    const kind: ChannelKind = random.chance(0.2) ? PATTERN : CHANNEL;
    const from = kind === PATTERN ? patterns : names;
    const name = from[random.below(from.length)]!;
    const had = own.get(name) ?? 0;
    if (isFront && random.chance(0.4)) {
      version = after(version, table.join(kind, name, had === 0));
      own.set(name, had + 1);
    } else if (isFront && had > 0 && random.chance(0.7)) {
      version = after(version, table.leave(kind, name, had === 1));
      own.set(name, had - 1);
    } else {
      const channel = names[random.below(names.length)]!;
      const count = table.count(channel, CHANNEL);
      // Its own ones are there whatever the others do.
      const least = own.get(channel) ?? 0;
      if (count < least) return `${count} listeners, of which ${least} are the thread's own`;
      if (least > 0 && !table.isFor(job.self)) return 'the thread itself is missing';
    }
    if (version < 0) return 'versions do not rise';
  }
  for (const name of [...names, ...patterns]) {
    const kind = names.includes(name) ? CHANNEL : PATTERN;
    for (let left = own.get(name) ?? 0; left > 0; left--) table.leave(kind, name, left === 1);
  }
  return '';
}

function after(before: number, version: number): number {
  return version > before ? version : -1;
}

parentPort!.postMessage({ problem: run() });
