// Logs of one run end together: a log is not followed where it builds on what another has lost, and
// what was decided about that holds in every later start.

import { type Test, test } from 'tap';
import {
  createWalMemory,
  EarlierSegments,
  NEEDS_LOG,
  NEEDS_UP_TO,
  NOTE_HEAD_BYTES,
  openWalDirectory,
  RECORD_NEEDS,
  RECOVERED_FILE,
  type ReplayResult,
  WalLogs,
  WalReplay,
  WalWriter,
} from '../src/wal/index.ts';
import { FaultFileSystem } from './fault-file-system.ts';
import { DIRECTORY } from './wal-workload.ts';

const UNIT = 8;

/** A process with a few logs on a disk. */
class Run {
  readonly files: FaultFileSystem;
  readonly logs: WalLogs;
  readonly #writers: readonly WalWriter[];
  readonly #lsns = new Float64Array(64);

  constructor(files = new FaultFileSystem(), count = 3) {
    this.files = files;
    const { nextGeneration: generation } = openWalDirectory(DIRECTORY, files);
    const bytes = { bufferBytes: 64 << 10, segmentBytes: 64 << 10 };
    const options = { logs: count, directory: DIRECTORY, generation, ...bytes };
    this.logs = new WalLogs(createWalMemory(options), files);
    this.#writers = Array.from({ length: count }, (_, log) => new WalWriter(this.logs, log));
  }

  /** Appends an effect; returns where it ends, as others tell that they need it. */
  effect(log: number, text: string, shard = log): number {
    const writer = this.#writers[log]!;
    const bytes = Buffer.from(text.padEnd(text.length + 8));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const previous = this.#lsns[shard]!;
    const lsn = ++this.#lsns[shard]!;
    writer.append(shard, lsn, previous, 1, 0, bytes, view, 0, text.length);
    return Math.ceil(writer.position / UNIT) * UNIT;
  }

  needs(log: number, other: number, position: number): void {
    const head = new Uint8Array(NOTE_HEAD_BYTES);
    const view = new DataView(head.buffer);
    view.setFloat64(NEEDS_LOG, other, true);
    view.setFloat64(NEEDS_UP_TO, position, true);
    this.#writers[log]!.appendNote(RECORD_NEEDS, -1, 0, head, new Uint8Array(0), 0, 0);
  }

  /** Ends a group, and the frame. */
  end(log: number): void {
    this.#writers[log]!.endGroup();
    this.#writers[log]!.seal();
  }

  /** Ends the frame within the group. */
  seal(log: number): void {
    this.#writers[log]!.seal();
  }

  hand(...logs: number[]): void {
    for (const log of logs) this.logs.handOver(log);
  }
}

interface Found {
  readonly texts: string[];
  readonly result: ReplayResult;
}

function found(files: FaultFileSystem): Found {
  const texts: string[] = [];
  const reading = new WalReplay(openWalDirectory(DIRECTORY, files), {
    apply: ({ bytes, offset, length }) => {
      texts.push(Buffer.from(bytes.subarray(offset, offset + length)).toString());
    },
  });
  while (!reading.step(100));
  const { result } = reading;
  reading.close();
  return { texts: texts.sort(), result };
}

test('a frame that builds on what is there stays', async (t) => {
  const run = new Run();
  const end = run.effect(0, 'a');
  run.end(0);
  run.needs(1, 0, end);
  run.effect(1, 'b');
  run.end(1);
  run.hand(0, 1);
  const { texts, result } = found(run.files);
  t.same(texts, ['a', 'b']);
  t.same([result.cuts, result.ends], [[], []]);
});

test('a log ends before the frame that builds on what another has lost', async (t) => {
  const run = new Run();
  run.effect(0, 'a');
  run.end(0);
  run.hand(0);
  const end = run.effect(0, 'lost');
  run.end(0);
  run.effect(1, 'before');
  run.end(1);
  run.needs(1, 0, end);
  run.effect(1, 'gone');
  run.effect(1, 'gone too', 2);
  run.end(1);
  run.effect(1, 'behind');
  run.end(1);
  run.hand(1);
  const { texts, result } = found(run.files);
  t.same(texts, ['a', 'before']);
  t.match(result.cuts, [{ log: 1, isCausal: true }]);
  t.ok(result.cuts[0]!.followingBytes > 0);
  t.match(result.ends, [{ generation: 1, log: 1 }]);
});

test('and so do those that build on that one, also one that has nothing there', async (t) => {
  const run = new Run();
  const lost = run.effect(2, 'lost');
  run.end(2);
  run.effect(1, 'first');
  run.end(1);
  run.needs(1, 2, lost);
  const end = run.effect(1, 'gone');
  run.end(1);
  run.needs(0, 1, end);
  run.effect(0, 'gone too');
  run.end(0);
  run.hand(0, 1);
  t.same(found(run.files).texts, ['first']);
});

test('a group without its end is not there for others; what is before it is', async (t) => {
  for (const isWithin of [false, true]) {
    const run = new Run();
    const before = run.effect(0, 'a');
    run.end(0);
    const within = run.effect(0, 'half');
    run.seal(0);
    run.needs(1, 0, isWithin ? within : before);
    run.effect(1, 'b');
    run.end(1);
    run.hand(0, 1);
    t.same(found(run.files).texts, isWithin ? ['a'] : ['a', 'b']);
  }
});

test('a cut takes away a group that began before it, and what builds on that', async (t) => {
  const run = new Run();
  const lost = run.effect(2, 'lost');
  run.end(2);
  const begun = run.effect(1, 'begun');
  run.seal(1);
  run.needs(1, 2, lost);
  run.effect(1, 'ended');
  run.end(1);
  run.needs(0, 1, begun);
  run.effect(0, 'gone');
  run.end(0);
  run.hand(0, 1);
  t.same(found(run.files).texts, []);
});

/** Starts again on what a run has left, as a server does; returns the decided segments. */
function recovered(files: FaultFileSystem): EarlierSegments {
  const directory = openWalDirectory(DIRECTORY, files);
  const reading = new WalReplay(directory, { apply: () => {} });
  while (!reading.step(100));
  reading.close();
  return new EarlierSegments(directory, reading.result.ends);
}

function cutRun(t: Test): FaultFileSystem {
  const run = new Run();
  run.effect(0, 'a');
  run.end(0);
  run.hand(0);
  const end = run.effect(0, 'lost');
  run.end(0);
  run.effect(1, 'b');
  run.end(1);
  run.needs(1, 0, end);
  run.effect(1, 'gone');
  run.end(1);
  run.hand(1);
  t.same(found(run.files).texts, ['a', 'b']);
  return run.files;
}

test('what was decided holds, whatever is left of the logs', async (t) => {
  let files = cutRun(t);
  const earlier = recovered(files);
  earlier.decide();
  files = files.restart();
  t.same(found(files).texts, ['a', 'b']);
  t.match(found(files).result.cuts, [], 'told once');
  // All of log 0 is covered, and goes: log 1 does not come to life by that.
  const durable = new Float64Array(64);
  durable[0] = 100;
  recovered(files).retire(durable);
  t.same(found(files.restart()).texts, ['b']);
  durable[1] = 1;
  const later = recovered(files);
  later.retire(durable);
  t.equal(later.count, 0, 'nobody waits for what was cut');
  t.same(found(files.restart()).texts, []);
});

test('segments that go seem not to be lost, without any cut before', async (t) => {
  const run = new Run();
  const end = run.effect(0, 'a');
  run.end(0);
  run.needs(1, 0, end);
  run.effect(1, 'b');
  run.end(1);
  run.hand(0, 1);
  const durable = new Float64Array(64);
  durable[0] = 1;
  t.equal(recovered(run.files).retire(durable), 1);
  t.same(found(run.files.restart()).texts, ['b']);
});

test('generations go on behind those that were decided about', async (t) => {
  const files = cutRun(t);
  const durable = new Float64Array(64).fill(100);
  const earlier = recovered(files);
  earlier.retire(durable);
  t.equal(earlier.count, 0);
  const run = new Run(files);
  const lost = run.effect(0, 'lost');
  run.end(0);
  run.needs(1, 0, lost);
  run.effect(1, 'gone');
  run.end(1);
  run.hand(1);
  t.same(found(files).texts, [], 'looked at, though generation 1 was');
});

test('a file that says something else is not believed', async (t) => {
  for (const [text, message] of [
    ['{"format":2}', /format 2/],
    ['{', /damaged/],
    ['{"format":1,"generation":1,"ends":[{"log":1}]}', /damaged/],
    ['{"format":1,"generation":-1,"ends":[]}', /damaged/],
  ] as const) {
    const { files } = new Run();
    const fd = files.create(`${DIRECTORY}/${RECOVERED_FILE}`);
    const bytes = Buffer.from(text);
    files.pwrite(fd, bytes, 0, bytes.length, 0);
    files.close(fd);
    t.throws(() => openWalDirectory(DIRECTORY, files), { name: 'RecoveredFileError', message });
  }
});
