// Frames byte by byte, against the picture in the layout: the numbers here are written down again
// on purpose, so that nothing but this test has to change with the format on disk.

import { crc32 } from 'node:zlib';
import { Random } from '@forgekv/base';
import { test } from 'tap';
import { createWalMemory, RespComposer, WalLogs, WalWriter } from '../src/wal/index.ts';
import { FaultFileSystem } from './fault-file-system.ts';
import { DIRECTORY } from './wal-workload.ts';

const GENERATION = 7;
const MORE = 1;
const CONTINUES = 2;
const ENDS = 4;
/** Longer than what is copied word by word. */
const MAX_PAYLOAD = 700;

interface Opened {
  readonly writer: WalWriter;
  readonly salt: number;
  /** The log's buffer, full of ones: nothing may depend on its being empty. */
  readonly buffer: Buffer;
}

function open(): Opened {
  const transfer = createWalMemory({
    logs: 1,
    directory: DIRECTORY,
    generation: GENERATION,
    bufferBytes: 64 << 10,
    segmentBytes: 64 << 10,
  });
  const buffer = Buffer.from(transfer.buffers[0]!);
  buffer.fill(255);
  const writer = new WalWriter(new WalLogs(transfer, new FaultFileSystem()), 0);
  return { writer, salt: transfer.salt, buffer };
}

interface Expected {
  readonly records: Buffer[];
  head: number;
  tail: number;
  flags: number;
}

function frameOf(expected: Expected, salt: number, position: number): Buffer {
  const records = Buffer.concat(expected.records);
  const frame = Buffer.alloc((48 + records.length + 7) & ~7);
  frame.writeUInt32LE(frame.length, 0);
  frame.writeUInt32LE(GENERATION, 8);
  frame.writeUInt16LE(0, 12);
  frame.writeUInt16LE(expected.flags, 14);
  frame.writeUInt32LE(expected.records.length, 16);
  frame.writeUInt32LE(expected.head, 20);
  frame.writeUInt32LE(expected.tail, 24);
  frame.writeUInt32LE(salt, 28);
  frame.writeDoubleLE(position, 32);
  frame.writeDoubleLE(0, 40);
  records.copy(frame, 48);
  frame.writeUInt32LE(crc32(frame.subarray(8)), 4);
  return frame;
}

/** Appends random effects, by either way, and says what must be in the buffer for them. */
class Appender {
  readonly #random: Random;
  readonly #writer: WalWriter;
  readonly #lastLsn = new Float64Array(64);

  constructor(random: Random, writer: WalWriter) {
    this.#random = random;
    this.#writer = writer;
  }

  effect(): Buffer {
    const random = this.#random;
    const writer = this.#writer;
    const length = random.below(random.chance(0.2) ? MAX_PAYLOAD : 150);
    const shard = random.below(64);
    // Beyond 32 bits too, and not less than the one before.
    const lsn = this.#lastLsn[shard]! + random.below(random.chance(0.1) ? 2 ** 31 : 3) + 1;
    this.#lastLsn[shard] = lsn;
    const previousLsn = random.chance(0.2) ? 0 : lsn - 1;
    const namespace = random.uint32();
    const flags = random.below(2);
    // The source ends where the payload ends, so that reading on would throw.
    const memory = new ArrayBuffer(3 + random.below(8) + length);
    const start = random.below(memory.byteLength - length + 1);
    const bytes = new Uint8Array(memory, start);
    const view = new DataView(memory, start);
    const offset = bytes.length - length;
    for (let i = 0; i < bytes.length; i++) bytes[i] = random.below(256);
    if (random.chance(0.7)) {
      writer.append(shard, lsn, previousLsn, namespace, flags, bytes, view, offset, length);
    } else {
      writer.beginEffect(shard, lsn, previousLsn, namespace, flags);
      const part = random.below(length + 1);
      writer.write(bytes, offset, part);
      for (let i = part; i < length; i++) writer.writeByte(bytes[offset + i]!);
      writer.endEffect();
    }
    const record = Buffer.alloc((28 + length + 3) & ~3);
    record.writeUInt32LE(28 + length, 0);
    record.writeUInt8(shard, 4);
    record.writeUInt8(flags, 5);
    record.writeUInt32LE(namespace, 8);
    record.writeDoubleLE(lsn, 12);
    record.writeDoubleLE(previousLsn, 20);
    record.set(bytes.subarray(offset), 28);
    return record;
  }
}

test('frames are what the layout says', (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  const random = new Random(seed);
  let effects = 0;
  for (let run = 0; run < 400; run++) {
    const { writer, salt, buffer } = open();
    const appender = new Appender(random, writer);
    let position = 0;
    let isMidGroup = false;
    // Far enough from the end of the buffer: what happens there is not this test's.
    while (position < 40_000) {
      const expected: Expected = { records: [], head: 0, tail: 0, flags: 0 };
      if (isMidGroup) expected.flags |= CONTINUES;
      const steps = 1 + random.below(15);
      for (let step = 0; step < steps; step++) {
        if (random.chance(0.4)) {
          if (isMidGroup) expected.flags |= ENDS;
          isMidGroup = false;
          expected.tail = 0;
          writer.endGroup();
        } else {
          expected.records.push(appender.effect());
          if (isMidGroup) expected.head++;
          else expected.tail++;
        }
      }
      if (expected.records.length === 0 && (expected.flags & ENDS) === 0) continue;
      effects += expected.records.length;
      isMidGroup ||= expected.tail > 0;
      if (isMidGroup) expected.flags |= MORE;
      const frame = frameOf(expected, salt, position);
      if (writer.seal() !== position + frame.length) return t.fail(`seed ${seed}: length`);
      const found = buffer.subarray(position, position + frame.length);
      if (!found.equals(frame)) {
        t.same(found.toString('hex'), frame.toString('hex'), `seed ${seed} run ${run}`);
        return t.end();
      }
      position += frame.length;
    }
  }
  t.ok(effects > 0);
  t.comment(`${effects} effects`);
  t.end();
});

test('composed commands', (t) => {
  const integers = [0, -1, 9, 10, -256, 2 ** 31, 2 ** 53 - 1, -(2 ** 53) + 1];
  for (let length = 0; length < 300; length++) {
    const { writer, buffer } = open();
    const composer = new RespComposer(writer);
    const argument = Buffer.alloc(length, length & 255);
    const text = 'x'.repeat(length);
    const integer = integers[length % integers.length]!;
    writer.beginEffect(0, 1, 0, 0, 0);
    composer.command(length);
    composer.bulk(argument, 0, length);
    composer.bulkText(text);
    composer.bulkInteger(integer);
    writer.endEffect();
    const bulk = (value: string): string => `$${value.length}\r\n${value}\r\n`;
    const bulks = [argument.toString('latin1'), text, String(integer)].map(bulk);
    const payload = `*${length}\r\n${bulks.join('')}`;
    t.equal(buffer.toString('latin1', 48 + 28, 48 + 28 + payload.length), payload);
  }
  t.end();
});
