// Changes of the function libraries, over two logs and the file that is their checkpoint, through
// power losses at every moment: nothing that was synced is gone, in whichever of them it is, and
// what is found was there at some moment. And proof that this would find a bug.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import type { FileSystem } from '../src/file-system.ts';
import { readFunctions, writeFunctions } from '../src/function-file.ts';
import {
  createWalMemory,
  openWalDirectory,
  replay,
  WAL_OPEN,
  WalLogs,
  WalWriter,
} from '../src/wal/index.ts';
import { FaultFileSystem } from './fault-file-system.ts';

const CRASHES = Number(process.env.FORGEKV_CRASHES ?? 5000);
const LOGS = 2;
const STEPS = 80;
const SHARDS = 64;
const LIBRARY_SHARD = 0;
const DIRECTORY = 'data';
const WAL = 'wal';
/** The longest payload makes a segment of the smallest size full after a few. */
const MOST_BYTES = 12_000;

/** How a checkpoint is made; broken ones leave a part out, or take another order. */
type Checkpoint = (run: Run) => void;

/** A version of the libraries: a number, and bytes that follow from it. */
function payloadOf(version: number): Buffer {
  return Buffer.alloc(1 + ((version * 7919) % MOST_BYTES), `${version} `);
}

function versionOf(payload: Uint8Array): number {
  const version = Number.parseInt(Buffer.from(payload).toString('latin1', 0, 20), 10);
  return payloadOf(version).equals(payload) ? version : NaN;
}

/** The libraries of one life of a process: version k is the effect of LSN k, made on k - 1. */
class Run {
  readonly files: FileSystem;
  readonly logs: WalLogs;
  readonly #writers: WalWriter[];
  version = 0;
  /** Every version up to it is durable. */
  durable = 0;
  readonly #places: { readonly log: number; readonly end: number }[] = [];
  readonly covered = new Float64Array(SHARDS);

  constructor(files: FileSystem) {
    this.files = files;
    const transfer = createWalMemory({
      ...{ logs: LOGS, directory: WAL, generation: openWalDirectory(WAL, files).nextGeneration },
      ...{ segmentBytes: 64 << 10, bufferBytes: 64 << 10 },
    });
    this.logs = new WalLogs(transfer, files);
    this.#writers = Array.from({ length: LOGS }, (_, log) => new WalWriter(this.logs, log));
  }

  change(log: number): void {
    const writer = this.#writers[log]!;
    const payload = payloadOf(this.version + 1);
    if (this.logs.state(log) !== WAL_OPEN || !writer.accepts(payload.length)) return;
    const lsn = ++this.version;
    writer.beginEffect(LIBRARY_SHARD, lsn, lsn - 1, 0, 0);
    writer.write(payload, 0, payload.length);
    writer.endEffect();
    writer.endGroup();
    writer.seal();
    this.#places.push({ log, end: writer.position });
  }

  /** What was made on what another log has is handed over behind it. */
  sync(): void {
    for (let log = 0; log < LOGS; log++) {
      if (!this.logs.handOver(log) || !this.logs.sync(log)) return;
    }
    this.durable = this.version;
  }

  step(random: Random, checkpoint: Checkpoint): void {
    const kind = random.below(10);
    if (kind < 6) this.change(random.below(LOGS));
    else if (kind < 7) this.logs.handOver(random.below(LOGS));
    else if (kind < 9) this.sync();
    else checkpoint(this);
  }
}

const good: Checkpoint = (run) => {
  run.sync();
  writeCheckpoint(run);
  run.covered[LIBRARY_SHARD] = run.version;
  run.logs.retire(run.covered);
};

function writeCheckpoint({ files, version }: Run): void {
  const facts = { payload: payloadOf(version), libraries: 1, functions: 1, lsn: version };
  writeFunctions(files, DIRECTORY, facts);
}

/** The version that a start finds. @throws when it would be refused */
function recovered(files: FileSystem): number {
  const found = readFunctions(files, DIRECTORY);
  let lsn = found?.lsn ?? 0;
  let version = found === null ? 0 : versionOf(found.payload);
  if (version !== lsn) throw new Error(`the file of LSN ${lsn} has version ${version}`);
  replay(openWalDirectory(WAL, files), {
    apply: (effect) => {
      if (effect.lsn <= lsn || effect.previousLsn !== lsn) return;
      ({ lsn } = effect);
      const { bytes, offset, length } = effect;
      version = versionOf(bytes.subarray(offset, offset + length));
      if (version !== lsn) throw new Error(`the effect of LSN ${lsn} has version ${version}`);
    },
  });
  return version;
}

/** Runs until so many power losses were looked at; returns the first problem. */
function crashMany(
  seed: number,
  crashes: number,
  checkpoint: Checkpoint,
  broken: Partial<FileSystem> = {},
) {
  let looked = 0;
  let versions = 0;
  for (let workload = 0; looked < crashes; workload++) {
    const random = new Random(seed + workload);
    const disk = new FaultFileSystem();
    if (random.chance(0.3)) disk.short = new Random(seed - workload);
    const run = new Run(override(disk, broken));
    let problem = '';
    disk.beforeChange = () => {
      if (problem !== '' || !random.chance(0.2)) return;
      looked++;
      const isPowerLoss = random.chance(0.9);
      const { durable, version } = run;
      try {
        const found = recovered(isPowerLoss ? disk.crash(random) : disk.restart());
        if (found < durable) problem = `version ${durable} was durable, found is ${found}`;
        // A version is being made while its effect is written.
        if (found > version + 1) problem = `there never was a version ${found}`;
      } catch (error) {
        problem = String(error);
      }
    };
    for (let step = 0; step < STEPS && problem === ''; step++) {
      if (random.chance(0.02)) disk.failAt('sync', 1 + random.below(3), 'EIO');
      try {
        run.step(random, checkpoint);
      } catch (error) {
        // A checkpoint that fails is made again by a later step.
        if ((error as NodeJS.ErrnoException).code !== 'EIO') throw error;
      }
    }
    versions += run.version;
    if (problem !== '') return { problem: `seed ${seed + workload}: ${problem}`, looked };
  }
  return { problem: '', looked, versions };
}

/** A file system on which some calls are overridden. */
function override(disk: FaultFileSystem, calls: Partial<FileSystem>): FileSystem {
  return new Proxy(disk, {
    get: (target, name) => {
      const own = calls[name as keyof FileSystem];
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

test('power losses', (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  const { problem, ...figures } = crashMany(seed, CRASHES, good);
  t.equal(problem, '');
  t.comment(JSON.stringify(figures));
  t.end();
});

test('logs that go before the file is there are found', (t) => {
  const { problem, looked } = crashMany(1, CRASHES, (run) => {
    run.sync();
    run.covered[LIBRARY_SHARD] = run.version;
    run.logs.retire(run.covered);
    writeCheckpoint(run);
  });
  t.match(problem, /was durable/);
  t.comment(`after ${looked} crashes: ${problem}`);
  t.end();
});

test('a file that is not made durable is found', (t) => {
  const { problem, looked } = crashMany(1, CRASHES, good, { syncDirectory: () => {} });
  t.not(problem, '');
  t.comment(`after ${looked} crashes: ${problem}`);
  t.end();
});
