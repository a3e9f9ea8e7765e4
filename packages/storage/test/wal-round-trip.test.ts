// What is written is read back: random groups over several logs and lives, large effects, groups
// that were not finished, filters and floors, and directories full of nonsense.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import {
  createWalMemory,
  EarlierSegments,
  openWalDirectory,
  RECOVERED_FILE,
  RespComposer,
  replay,
  WalLogs,
  WalReplay,
  WalWriter,
} from '../src/wal/index.ts';
import { FaultFileSystem } from './fault-file-system.ts';
import { DIRECTORY, Model, Workload } from './wal-workload.ts';

function logsOn(files: FaultFileSystem, options = {}): WalLogs {
  const { nextGeneration: generation } = openWalDirectory(DIRECTORY, files);
  return new WalLogs(
    createWalMemory({
      logs: 1,
      directory: DIRECTORY,
      generation,
      bufferBytes: 64 << 10,
      segmentBytes: 64 << 10,
      ...options,
    }),
    files,
  );
}

function textsOf(files: FaultFileSystem): string[] {
  const texts: string[] = [];
  replay(openWalDirectory(DIRECTORY, files), {
    apply: ({ bytes, offset, length }) =>
      texts.push(Buffer.from(bytes.buffer, bytes.byteOffset + offset, length).toString('latin1')),
  });
  return texts;
}

function append(
  writer: WalWriter,
  shard: number,
  lsn: number,
  namespace: number,
  text: string,
): void {
  const bytes = Buffer.from(text);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  writer.append(shard, lsn, 0, namespace, 0, bytes, view, 0, bytes.length);
}

test('random groups over several logs and lives', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  let groups = 0;
  let staged = 0;
  for (let run = 0; run < 30; run++) {
    const random = new Random(seed + run);
    let files = new FaultFileSystem();
    files.short = new Random(seed);
    for (let life = 0; life < 3; life++) {
      const model = new Model();
      model.lastLsn.fill(life * 100_000);
      model.floor.fill(life * 100_000);
      const options = { logs: 1 + random.below(4), bufferBytes: random.pick([1 << 16, 1 << 18]) };
      const workload = new Workload(files, random, model, options);
      for (let step = 0; step < 150; step++) workload.step();
      workload.finish();
      groups += model.effects.size;
      staged += workload.stagedEffects;
      files = files.restart();
      const problem = workload.check(files, false);
      if (problem !== '') return t.fail(`seed ${seed + run} life ${life}: ${problem}`);
      t.same([workload.result!.cuts, workload.result!.droppedGroups], [[], 0]);
      const found = openWalDirectory(DIRECTORY, files);
      found.discardUnused();
      if (random.chance(0.5)) {
        replay(found, { apply: () => {} });
        const earlier = new EarlierSegments(found, []);
        earlier.retire(model.floor);
        t.equal(workload.check(files, false), '', 'only what is covered is gone');
        if (random.chance(0.5)) {
          earlier.retire(model.lastLsn);
          t.equal(earlier.count, 0);
          t.same(files.list(DIRECTORY), [RECOVERED_FILE]);
        }
      }
    }
  }
  t.comment(`${groups} effects, ${staged} of them with an argument that was staged`);
  t.ok(staged > 100);
});

test('an effect of many buffers, composed in pieces', async (t) => {
  const files = new FaultFileSystem();
  const logs = logsOn(files);
  const writer = new WalWriter(logs, 0);
  const value = Buffer.alloc(3_000_000);
  for (let i = 0; i < value.length; i++) value[i] = (i * 7 + (i >> 9)) & 255;
  t.ok(writer.accepts(value.length + 100, 2));
  writer.beginEffect(9, 5, 4, 3, 1);
  const composer = new RespComposer(writer);
  composer.command(3);
  composer.bulkText('SET');
  composer.bulkInteger(-9007199254740991);
  composer.bulk(value, 0, value.length);
  writer.endEffect();
  append(writer, 10, 1, 3, 'second');
  writer.endGroup();
  writer.seal();
  t.ok(logs.handOver(0) && logs.sync(0));
  const [first, second] = textsOf(files.crash(new Random(1)));
  const head = '*3\r\n$3\r\nSET\r\n$17\r\n-9007199254740991\r\n$3000000\r\n';
  t.equal(second, 'second');
  t.ok(first === `${head}${value.toString('latin1')}\r\n`);
  t.ok(logs.counters(0).segments <= 2, 'in a segment made large enough');
});

test('a group that has no end is not replayed, what is around it is', async (t) => {
  const files = new FaultFileSystem();
  const logs = logsOn(files);
  const writer = new WalWriter(logs, 0);
  let lsn = 0;
  const add = (text: string): void => append(writer, 0, ++lsn, 0, text);
  add('a');
  writer.endGroup();
  add('b');
  add('c');
  writer.endGroup();
  add('d');
  writer.seal();
  logs.handOver(0);
  t.same(textsOf(files.restart()), ['a', 'b', 'c'], 'd is alone so far');
  add('e');
  writer.seal();
  logs.handOver(0);
  t.same(textsOf(files.restart()), ['a', 'b', 'c']);
  writer.endGroup();
  add('f');
  writer.endGroup();
  writer.endGroup();
  add('g');
  writer.seal();
  logs.handOver(0);
  t.same(textsOf(files.restart()), ['a', 'b', 'c', 'd', 'e', 'f']);
  const position = writer.position;
  t.equal(writer.seal(), position, 'nothing to seal');
  writer.endGroup();
  t.ok(writer.seal() > position, 'an end alone');
  logs.handOver(0);
  t.same(textsOf(files.restart()), ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  t.equal(logs.handed(0), logs.sealed(0));
});

test('shards, floor and slices', async (t) => {
  const files = new FaultFileSystem();
  const workload = new Workload(files, new Random(3), new Model(), { logs: 3 });
  for (let i = 0; i < 200; i++) workload.group(i % 3);
  workload.finish();
  const directory = openWalDirectory(DIRECTORY, files);
  const floor = new Float64Array(64).fill(10);
  const seen: number[] = [];
  let done = 0;
  let total = 0;
  const replaying = new WalReplay(directory, {
    shards: (shard) => shard === 21 || shard === 42,
    floor,
    apply: ({ shard, lsn }) => {
      t.ok(shard === 21 || shard === 42);
      t.ok(lsn > 10);
      seen.push(lsn);
    },
    progress: (bytesDone, bytesTotal) => {
      t.ok(bytesDone >= done && bytesDone <= bytesTotal, 'progress goes forward');
      done = bytesDone;
      total = bytesTotal;
    },
  });
  let steps = 0;
  let before = 0;
  while (!replaying.step(7)) {
    t.ok(seen.length - before <= 7);
    before = seen.length;
    steps++;
  }
  replaying.close();
  const { lastLsn } = workload.model;
  t.equal(seen.length, lastLsn[21]! + lastLsn[42]! - 20);
  t.equal(replaying.result.skipped, 20);
  t.same(replaying.result.maxLsn, lastLsn, 'of all shards');
  t.ok(steps > seen.length / 7);
  t.equal(done, total);
  replay(directory, { apply: () => {} });
});

test('nonsense in a directory is no log, and no crash', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  const random = new Random(seed);
  let replayed = 0;
  for (let run = 0; run < 400; run++) {
    let files = new FaultFileSystem();
    const workload = new Workload(files, random, new Model(), { logs: 2 });
    for (let i = 0; i < 10; i++) workload.group(i & 1);
    workload.finish();
    files = files.restart();
    const names = files.list(DIRECTORY).map((name) => `${DIRECTORY}/${name}`);
    for (let damage = 0; damage < 3; damage++) {
      const bytes = files.contents(random.pick(names));
      const at = random.chance(0.5) ? 4096 + random.below(200) : random.below(bytes.length);
      const length = Math.min(bytes.length - at, random.below(random.pick([9, 100, 60_000])));
      for (let i = 0; i < length; i++) bytes[at + i] = random.uint32();
    }
    const fd = files.create(`${DIRECTORY}/0000000001-000-0000000099.wal`);
    files.pwrite(fd, new Uint8Array(100), 0, random.below(100), 0);
    const problem = ((): string => {
      try {
        return workload.check(files, false, { recover: random.chance(0.5) });
      } catch (error) {
        return (error as Error).name === 'WalDamageError' ? '' : String(error);
      }
    })();
    if (!/^$|is lost$|follows a hole$/.test(problem)) return t.fail(problem);
    replayed += workload.result?.applied ?? 0;
  }
  t.ok(replayed > 0);
});

test('an empty directory', async (t) => {
  const files = new FaultFileSystem();
  const found = openWalDirectory(DIRECTORY, files);
  t.same([found.lives, found.unused, found.nextGeneration], [[], [], 1]);
  const { applied, cuts, droppedGroups } = replay(found, { apply: () => {} });
  t.same([applied, cuts, droppedGroups], [0, [], 0]);
  found.sync();
});
