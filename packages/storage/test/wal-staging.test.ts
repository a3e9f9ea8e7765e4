// Arguments that are in the log before their effects: they come back with them, they stay as long
// as they are needed, here and after a start, and nobody refers to one that is not read again.

import { test } from 'tap';
import {
  createWalMemory,
  EarlierSegments,
  openWalDirectory,
  replay,
  WalLogs,
  WalStaging,
  WalWriter,
} from '../src/wal/index.ts';
import { FaultFileSystem } from './fault-file-system.ts';

const DIRECTORY = 'wal';
const SEGMENT_BYTES = 64 << 10;
const STAGED_SHARD = 5;
const OTHER_SHARD = 1;

class Fixture {
  readonly files: FaultFileSystem;
  readonly logs: WalLogs;
  readonly writer: WalWriter;
  readonly staging: WalStaging;
  otherLsn = 0;

  constructor(files = new FaultFileSystem()) {
    this.files = files;
    const { nextGeneration: generation } = openWalDirectory(DIRECTORY, files);
    const sizes = { bufferBytes: SEGMENT_BYTES, segmentBytes: SEGMENT_BYTES };
    const transfer = createWalMemory({ logs: 1, directory: DIRECTORY, generation, ...sizes });
    this.logs = new WalLogs(transfer, files);
    this.writer = new WalWriter(this.logs, 0);
    this.staging = new WalStaging(this.logs, 0, this.writer);
  }

  /** An effect of another shard, as a group of its own. */
  other(bytes: number): void {
    this.effect(OTHER_SHARD, ++this.otherLsn, Buffer.alloc(bytes, 'o'));
    this.end();
  }

  effect(shard: number, lsn: number, payload: Buffer): void {
    this.writer.beginEffect(shard, lsn, 0, 0, 1);
    this.writer.write(payload, 0, payload.length);
    this.writer.endEffect();
  }

  end(): void {
    this.writer.endGroup();
    this.writer.seal();
    this.logs.handOver(0);
  }

  /** Stages an argument, with effects of others in between. */
  stage(argument: Buffer): ReturnType<WalStaging['begin']> {
    const staged = this.staging.begin(argument.length);
    for (let at = 0; at < argument.length; at += 10_000) {
      const length = Math.min(10_000, argument.length - at);
      if (!this.staging.write(staged, argument, at, length)) throw new Error('fenced');
      this.other(50);
    }
    return staged;
  }

  /** Everything but what was staged is covered. */
  get durable(): Float64Array {
    const durable = new Float64Array(64);
    durable[OTHER_SHARD] = this.otherLsn;
    return durable;
  }
}

function effectsOf(files: FaultFileSystem, floor: Float64Array, recover = false): string[] {
  const found: string[] = [];
  replay(openWalDirectory(DIRECTORY, files), {
    floor,
    recover,
    apply: ({ shard, lsn, bytes, offset, length }) => {
      found.push(
        `${shard} ${lsn} ${Buffer.from(bytes.slice(offset, offset + length)).toString('latin1')}`,
      );
    },
  });
  return found;
}

function text(length: number, seed: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, i) => 97 + ((i * seed) % 23)));
}

test('several arguments of several effects in one group, and one that nobody needs', async (t) => {
  const f = new Fixture();
  const [a, b, unused, c] = [3, 5, 7, 11].map((seed) => text(30_000 * seed, seed));
  const stagings = [a!, b!, unused!, c!].map((argument) => f.stage(argument));
  f.writer.seal();
  f.staging.refer(stagings[0]!, STAGED_SHARD, 1, 2);
  f.staging.refer(stagings[1]!, STAGED_SHARD, 1, 4);
  f.effect(STAGED_SHARD, 1, Buffer.from('A:B:.'));
  f.effect(9, 1, Buffer.from('between'));
  f.staging.refer(stagings[3]!, 9, 2, 0);
  f.effect(9, 2, Buffer.from(''));
  f.end();
  for (const staged of stagings) f.staging.end(staged);
  t.same(effectsOf(f.files, f.durable), [
    `${STAGED_SHARD} 1 A:${a}B:${b}.`,
    '9 1 between',
    `9 2 ${c}`,
  ]);
});

test('parts stay until their effect is covered, here and after a start', async (t) => {
  let f = new Fixture();
  const argument = text(200_000, 3);
  const staged = f.stage(argument);
  const before = f.files.list(DIRECTORY).length;
  t.equal(f.logs.retire(f.durable), 0, 'open: nothing goes');
  f.writer.seal();
  f.staging.refer(staged, STAGED_SHARD, 1, 3);
  f.effect(STAGED_SHARD, 1, Buffer.from('set'));
  f.end();
  f.staging.end(staged);
  for (let i = 0; i < 20; i++) f.other(10_000);
  f.logs.retire(f.durable);
  t.ok(f.files.list(DIRECTORY).length > before, 'closed: the effect is not covered');
  const files = f.files.restart();
  t.same(effectsOf(files, f.durable), [`${STAGED_SHARD} 1 set${argument}`]);
  const found = openWalDirectory(DIRECTORY, files);
  replay(found, { floor: f.durable, apply: () => {} });
  t.equal(new EarlierSegments(found, []).retire(f.durable), 0, 'later: not covered');
  const { durable } = f;
  durable[STAGED_SHARD] = 1;
  t.ok(f.logs.retire(durable) > 3, 'covered: they go');
  f = new Fixture(f.files.restart());
  t.same(effectsOf(f.files, durable), []);
});

test('what cannot be read again is not referred to', async (t) => {
  const f = new Fixture();
  const whole = f.stage(text(1000, 3));
  const part = f.staging.begin(1000);
  t.ok(f.staging.write(part, text(1000, 3), 0, 999));
  t.ok(f.staging.isGood(whole));
  t.notOk(f.staging.isGood(part));
  f.writer.seal();
  f.staging.refer(whole, STAGED_SHARD, 1, 0);
  f.effect(STAGED_SHARD, 1, Buffer.from(''));
  f.end();
  t.notOk(f.staging.isGood(whole), 'one effect refers to it');
  t.throws(() => f.staging.refer(whole, STAGED_SHARD, 2, 0), /one effect/);
  const early = f.stage(text(1000, 3));
  f.files.failAt('sync', 1, 'EIO');
  t.notOk(f.logs.sync(0));
  t.ok(f.staging.isGood(early), 'the log is broken: nobody refers to anything now');
  t.notOk(f.staging.write(part, text(1, 3), 0, 1));
  t.ok(f.logs.renew(0));
  t.notOk(f.staging.isGood(early), 'the log begins afresh');
  t.ok(f.staging.isGood(f.stage(text(1000, 3))));
});

test('damage to a part: the whole group is left out, what is around it is not', async (t) => {
  const f = new Fixture();
  const staged = f.stage(text(50_000, 3));
  f.writer.seal();
  f.effect(9, 1, Buffer.from('of the group'));
  f.staging.refer(staged, STAGED_SHARD, 1, 0);
  f.effect(STAGED_SHARD, 1, Buffer.from('x'));
  f.end();
  f.effect(9, 2, Buffer.from('behind'));
  f.end();
  f.logs.sync(0);
  f.other(10);
  f.logs.sync(0);
  const files = f.files.restart();
  const [name] = files.list(DIRECTORY).sort();
  const fd = files.openWrite(`${DIRECTORY}/${name}`);
  files.pwrite(fd, Uint8Array.of(0), 0, 1, 4096 + 12_000);
  files.close(fd);
  t.throws(() => effectsOf(files, f.durable), /damaged/);
  t.same(effectsOf(files, f.durable, true), ['9 2 behind']);
});
