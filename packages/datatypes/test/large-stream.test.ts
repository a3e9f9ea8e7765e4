// Streams beside a plain model: entries in an array, groups in maps, the same random changes to
// both; and the same stream again made of its records and of its nodes.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import {
  addStreamRecord,
  EntryCursor,
  LargeStream,
  type StreamFields,
  StreamId,
  streamRecord,
  walkStreamRecords,
} from '../src/index.ts';

const SEED = Number(process.env.FORGEKV_STREAMS_SEED ?? 4711);
const STEPS = 20_000;
const NOW_MS = 5;
const NAME = Buffer.from('g');

class Fields implements StreamFields {
  readonly count: number;
  readonly bytes: Buffer;
  readonly #ends: number[] = [];

  constructor(parts: readonly string[]) {
    this.count = parts.length / 2;
    this.bytes = Buffer.from(parts.join(''), 'latin1');
    let end = 0;
    for (const part of parts) {
      end += part.length;
      this.#ends.push(end);
    }
  }

  offset(part: number): number {
    return part === 0 ? 0 : this.#ends[part - 1]!;
  }

  length(part: number): number {
    return this.#ends[part]! - this.offset(part);
  }
}

interface PlainEntry {
  readonly id: bigint;
  readonly parts: readonly string[];
}

function numberOf(id: StreamId): bigint {
  const bytes = Buffer.alloc(16);
  id.writeKey(bytes, 0);
  return (bytes.readBigUInt64BE(0) << 64n) | bytes.readBigUInt64BE(8);
}

function idOf(number: bigint): StreamId {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64BE(number >> 64n, 0);
  bytes.writeBigUInt64BE(number & 0xffffffffffffffffn, 8);
  return new StreamId().readKey(bytes, 0);
}

function partsOf(random: Random): string[] {
  const values = ['', 'a', '7', '127', '128', '-5000', '9223372036854775807', '007', 'long'];
  const pick = () => values[random.below(values.length)]!.repeat(random.below(12) === 0 ? 99 : 1);
  const count = random.below(4) === 0 ? 1 + random.below(5) : 2;
  return Array.from({ length: count }, (_, i) => [
    random.below(5) === 0 ? pick() : `field ${i}`,
    pick(),
  ]).flat();
}

function read(stream: LargeStream, from: bigint, to: bigint, isReverse: boolean): PlainEntry[] {
  const cursor = new EntryCursor().open(stream, idOf(from), idOf(to), isReverse);
  const found: PlainEntry[] = [];
  while (cursor.next()) {
    const parts: string[] = [];
    cursor.visit((bytes, offset, length) =>
      parts.push(Buffer.from(bytes.subarray(offset, offset + length)).toString('latin1')),
    );
    found.push({ id: numberOf(cursor.id), parts });
  }
  return found;
}

/** Steps from one id to the next: within a millisecond, to another one, far away. */
const STEPS_TO_NEXT = [1n, 2n, 1n << 40n, 1n << 64n, (1n << 64n) + 5n, 1n << 70n, 1n << 100n];

for (const limits of [
  { bytes: 4096, entries: 100 },
  { bytes: 0, entries: 3 },
  { bytes: 200, entries: 0 },
]) {
  test(`entries, nodes of ${limits.bytes} bytes, ${limits.entries} entries`, (t) => {
    const random = new Random(SEED);
    const stream = new LargeStream();
    let plain: PlainEntry[] = [];
    let last = 0n;
    const anyId = (): bigint => {
      const near = plain[random.below(plain.length + 1)]?.id ?? last;
      return near + BigInt(random.below(3)) - (near > 0n ? 1n : 0n);
    };
    for (let step = 0; step < STEPS; step++) {
      const draw = random.below(100);
      if (draw < 55) {
        last += STEPS_TO_NEXT[random.below(plain.length < 50 ? STEPS_TO_NEXT.length : 3)]!;
        if (last >= 1n << 127n) break;
        const parts = partsOf(random);
        const fields = new Fields(parts);
        stream.add(idOf(last), fields, fields.bytes.length, limits);
        plain.push({ id: last, parts });
      } else if (draw < 75) {
        const id = anyId();
        const at = plain.findIndex((entry) => entry.id === id);
        if (stream.delete(idOf(id)) !== at >= 0) t.fail(`${step}: removal of ${id}`);
        if (at >= 0) plain.splice(at, 1);
      } else if (draw < 78) {
        const keep = Math.max(0, plain.length - random.below(8));
        const removed = stream.trim({ keep, isRough: false, limit: 0 });
        if (removed !== plain.length - keep) t.fail(`${step}: trimmed ${removed}`);
        plain = plain.slice(plain.length - keep);
      } else if (draw < 79) {
        const from = anyId();
        stream.trim({ keep: idOf(from), isRough: false, limit: 0 });
        plain = plain.filter(({ id }) => id >= from);
      } else {
        const from = anyId();
        const to = random.below(3) === 0 ? (1n << 128n) - 1n : anyId();
        const expected = plain.filter(({ id }) => id >= from && id <= to);
        const isReverse = draw < 90;
        const found = read(stream, from, to, isReverse);
        if (isReverse) expected.reverse();
        t.strictSame(found.length, expected.length);
        if (JSON.stringify(found, text) !== JSON.stringify(expected, text))
          t.fail(`${step}: range`);
        const counted = stream.countBetween(idOf(from), idOf(to), 1e9);
        if (from <= to && counted !== expected.length) t.fail(`${step}: counted ${counted}`);
      }
      if (stream.length !== plain.length) t.fail(`${step}: ${stream.length} entries`);
      if (numberOf(stream.firstId) !== (plain[0]?.id ?? 0n)) t.fail(`${step}: the first`);
      if (!t.passing()) break;
    }
    const copy = new LargeStream();
    for (const _ of walkStreamRecords(stream, (key, payload) => {
      t.ok(streamRecord(stream, key)?.equals(payload));
      t.ok(addStreamRecord(copy, key, payload));
    }));
    t.equal(copy.recordCount, stream.recordCount);
    const all = (of: LargeStream) => JSON.stringify(read(of, 0n, (1n << 128n) - 1n, false), text);
    t.equal(all(copy), all(stream));
    t.ok(stream.memoryBytes > 0);
    t.end();
  });
}

function text(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

test('what is pending is in the list of its group and of one consumer', (t) => {
  const random = new Random(SEED);
  const stream = new LargeStream();
  const group = stream.addGroup(NAME, new StreamId(), 0);
  const consumers = ['a', 'b', 'c'].map((name) =>
    stream.addConsumer(group, Buffer.from(name), NOW_MS),
  );
  const plain = new Map<number, string>();
  for (let step = 0; step < STEPS; step++) {
    const n = random.below(3) === 0 ? random.below(2000) : step;
    const id = new StreamId().setMs(n);
    if (random.below(5) < 3) {
      const consumer = consumers[random.below(3)]!;
      stream.deliver(group, consumer, id, step, 1 + random.below(3));
      plain.set(n, `${consumer.name}`);
    } else if (stream.acknowledge(group, id) !== plain.delete(n)) t.fail(`${step}: ${n}`);
  }
  const expected = [...plain].sort(([a], [b]) => a - b).map(([n, name]) => `${n}-0 ${name}`);
  const found: string[] = [];
  let at = group.pending.from(new StreamId());
  for (; at !== null; at = group.pending.next()) found.push(`${at} ${at.consumer.name}`);
  t.strictSame(found, expected);
  t.equal(group.pending.size, expected.length);
  let sum = 0;
  for (const consumer of consumers) {
    let own = consumer.pending.from(new StreamId());
    for (; own !== null; own = consumer.pending.next()) {
      if (own.consumer !== consumer) t.fail(`${own} is another's`);
      sum++;
    }
  }
  t.equal(sum, expected.length);
  t.equal(
    stream.removeConsumer(group, consumers[0]!),
    expected.filter((e) => e.endsWith(' a')).length,
  );
  stream.removeGroup(group);
  t.equal(stream.recordCount, 1);
  t.end();
});

test('ids as text', (t) => {
  const most = '18446744073709551615';
  for (const [given, expected] of [
    ['5', '5-0'],
    ['5-7', '5-7'],
    ['0', '0-0'],
    [`${most}-${most}`, `${most}-${most}`],
    ['9007199254740993-9223372036854775808', '9007199254740993-9223372036854775808'],
    ['007-+1', '7-1'],
    ['18446744073709551616', null],
    ['', null],
    ['1-', null],
    ['-1', null],
    ['1-2-3', null],
    ['x', null],
  ] as const) {
    const id = new StreamId();
    t.equal(id.parse(given, 0) ? `${id}` : null, expected, given);
  }
  const id = new StreamId().set(0, -1, -1, -1);
  t.ok(id.increment());
  t.equal(`${id}`, '4294967296-0');
  t.ok(id.decrement());
  t.equal(`${id}`, `4294967295-${most}`);
  t.notOk(new StreamId().setMost().increment());
  t.notOk(new StreamId().decrement());
  t.end();
});
