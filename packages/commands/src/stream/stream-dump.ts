// Streams in the RDB format: written as Redis 7.0 does, and read from that, the older and the newer
// form. Every node is read entry by entry, no bytes are taken over as they are.
//
//   type 15, 19 or 21
//   count of nodes, then each: a string that is its id, a string that is a listpack
//   length | last id | from 19 on: first id, greatest deleted id, entries added
//   count of groups, then each:
//     name | last id | from 19 on: entries read
//     count of pending entries, then each: id, 16 bytes | delivered, 8 bytes LE | deliveries
//     count of consumers, then each: name | seen, 8 bytes LE | from 21 on: active, the same
//       count of its pending entries, then each: id, 16 bytes
// Ids but for those of 16 bytes are two lengths.

import {
  addListpack,
  DUMP_VERSION,
  LargeStream,
  NEVER_MS,
  type PendingEntry,
  type PendingList,
  type RdbReader,
  type RdbWriter,
  readRdbString,
  STREAM_ID_BYTES,
  type StreamConsumer,
  type StreamGroup,
  StreamId,
  type StreamNode,
  UNKNOWN_COUNT,
  writeRdbString,
} from '@forgekv/datatypes';
import { TYPE_STREAM } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import type { NewValue } from '../new-value.ts';
import type { Restoring } from '../restoring.ts';
import type { PayloadPages } from '../sliced-payload.ts';
import { SLICE_PAGE } from '../sliced-work.ts';

export const RDB_STREAM = 15;
export const RDB_STREAM_2 = 19;
export const RDB_STREAM_3 = 21;

const TIME_BYTES = 8;
const NODES_AT_ONCE = 4;
const LEAST = new StreamId();

/** A stream in nodes, and its groups. */
export function pagesOfStream(c: CommandContext, stream: LargeStream): PayloadPages {
  return new StreamPages(stream, c.config.boolean('rdbcompression'));
}

class StreamPages implements PayloadPages {
  readonly version = DUMP_VERSION;
  readonly #stream: LargeStream;
  readonly #compress: boolean;
  #steps: Iterator<void> | null = null;

  constructor(stream: LargeStream, compress: boolean) {
    this.#stream = stream;
    this.#compress = compress;
  }

  get bytes(): number {
    return this.#stream.memoryBytes;
  }

  begin(writer: RdbWriter): void {
    writer.byte(RDB_STREAM_2);
    this.#steps = this.#write(writer);
  }

  page(): number {
    for (let i = 0; i < SLICE_PAGE; i++) if (this.#steps!.next().done) return 0;
    return 1;
  }

  *#write(writer: RdbWriter): Generator<void, void> {
    const stream = this.#stream;
    const { nodes, groups } = stream;
    writer.length(nodes.length);
    for (let i = 0; i < nodes.length; i++) {
      this.#writeNode(writer, nodes.at(i));
      if (i % NODES_AT_ONCE === 0) yield;
    }
    writer.length(stream.length);
    writeId(writer, stream.lastId);
    writeId(writer, stream.firstId);
    writeId(writer, stream.maxDeletedId);
    writer.length(stream.entriesAdded);
    writer.length(groups.length);
    for (const group of groups) yield* this.#writeGroup(writer, group);
  }

  #writeNode(writer: RdbWriter, node: StreamNode): void {
    const key = Buffer.allocUnsafe(STREAM_ID_BYTES);
    node.id.writeKey(key, 0);
    writeRdbString(writer, key, 0, key.length, false);
    const { bytes } = node;
    const listpack = Buffer.allocUnsafe(bytes);
    node.copyTo(listpack, 0);
    writeRdbString(writer, listpack, 0, bytes, this.#compress);
  }

  *#writeGroup(writer: RdbWriter, group: StreamGroup): Generator<void, void> {
    this.#writeName(writer, group.name);
    writeId(writer, group.lastId);
    writeCount(writer, group.entriesRead);
    yield* writePending(writer, group.pending, true);
    const { consumers } = group;
    writer.length(consumers.length);
    for (const { name, seenAtMs, pending } of consumers) {
      this.#writeName(writer, name);
      writeTime(writer, seenAtMs);
      yield* writePending(writer, pending, false);
    }
  }

  #writeName(writer: RdbWriter, name: Buffer): void {
    writeRdbString(writer, name, 0, name.length, this.#compress);
  }
}

function* writePending(
  writer: RdbWriter,
  pending: PendingList<PendingEntry>,
  isOfGroup: boolean,
): Generator<void, void> {
  writer.length(pending.size);
  const key = Buffer.allocUnsafe(STREAM_ID_BYTES);
  for (let at = pending.from(LEAST); at !== null; at = pending.next()) {
    at.writeKey(key, 0);
    writer.bytes(key, 0, key.length);
    if (isOfGroup) {
      writeTime(writer, at.deliveredAtMs);
      writer.length(at.deliveries);
    }
    yield;
  }
  yield;
}

function writeId(writer: RdbWriter, id: StreamId): void {
  writer.length64(id.msHigh, id.msLow);
  writer.length64(id.seqHigh, id.seqLow);
}

function writeCount(writer: RdbWriter, count: number): void {
  if (count === UNKNOWN_COUNT) writer.length64(-1, -1);
  else writer.length(count);
}

function writeTime(writer: RdbWriter, ms: number): void {
  writer.uint64(BigInt.asUintN(64, BigInt(Math.trunc(ms))));
}

/** Begins to read what the type byte `type` says. */
export function beginStream(
  type: number,
): (c: CommandContext, reader: RdbReader) => Restoring | null {
  return (c, reader) => new StreamRestoring(type, reader, c.maxStringBytes);
}

class StreamRestoring implements Restoring {
  readonly #type: number;
  readonly #reader: RdbReader;
  readonly #mostBytes: number;
  readonly #stream = new LargeStream();
  readonly #steps: Iterator<void, boolean>;
  #isRight = false;
  readonly #id = new StreamId();
  readonly #parts = { high: 0, low: 0 };

  constructor(type: number, reader: RdbReader, mostBytes: number) {
    this.#type = type;
    this.#reader = reader;
    this.#mostBytes = mostBytes;
    this.#steps = this.#read();
  }

  step(): boolean {
    for (let i = 0; i < SLICE_PAGE; i++) {
      const { done, value } = this.#steps.next();
      if (done !== true) continue;
      this.#isRight = value && !this.#reader.failed;
      return true;
    }
    return false;
  }

  finish(): NewValue | null {
    return this.#isRight ? { type: TYPE_STREAM, collection: this.#stream } : null;
  }

  *#read(): Generator<void, boolean> {
    const reader = this.#reader;
    const stream = this.#stream;
    const nodes = this.#count();
    for (let i = 0; i < nodes; i++) {
      if (!this.#readNode()) return false;
      if (i % NODES_AT_ONCE === 0) yield;
    }
    if (this.#count() !== stream.length) return false;
    const lastId = this.#readId(new StreamId());
    const maxDeleted = new StreamId();
    let added = stream.length;
    if (this.#type !== RDB_STREAM) {
      this.#readId(this.#id);
      this.#readId(maxDeleted);
      added = this.#count();
    }
    const last = new StreamId();
    if (reader.failed || (stream.lastEntry(last) && lastId.compare(last) < 0)) return false;
    stream.setLastId(lastId, added, maxDeleted);
    const groups = this.#count();
    for (let i = 0; i < groups; i++) if (!(yield* this.#readGroup())) return false;
    return true;
  }

  #readNode(): boolean {
    const key = readRdbString(this.#reader, this.#mostBytes);
    if (key === null || key.length !== STREAM_ID_BYTES) return false;
    this.#id.readKey(key.bytes, key.offset);
    const listpack = readRdbString(this.#reader, this.#mostBytes);
    if (listpack === null) return false;
    const { bytes, offset, length } = listpack;
    return addListpack(this.#stream, this.#id, bytes, offset, length);
  }

  *#readGroup(): Generator<void, boolean> {
    const reader = this.#reader;
    const stream = this.#stream;
    const name = this.#readName();
    const lastId = this.#readId(new StreamId());
    if (name === null || reader.failed || stream.group(name) !== null) return false;
    const read = this.#type === RDB_STREAM ? stream.countUpTo(lastId) : this.#readCounter();
    const group = stream.addGroup(name, lastId, read);
    const given = new Map<string, { atMs: number; deliveries: number }>();
    const pending = this.#count();
    for (let i = 0; i < pending; i++) {
      const at = reader.take(STREAM_ID_BYTES);
      const key = reader.bytes.toString('latin1', at, at + STREAM_ID_BYTES);
      const atMs = this.#readTime();
      const deliveries = this.#count();
      if (reader.failed || given.has(key)) return false;
      given.set(key, { atMs, deliveries });
      yield;
    }
    const consumers = this.#count();
    for (let i = 0; i < consumers; i++) {
      if (!(yield* this.#readConsumer(group, given))) return false;
    }
    // Each has a consumer.
    return given.size === 0;
  }

  *#readConsumer(
    group: StreamGroup,
    given: Map<string, { atMs: number; deliveries: number }>,
  ): Generator<void, boolean> {
    const reader = this.#reader;
    const name = this.#readName();
    const seenAtMs = this.#readTime();
    const activeAtMs = this.#type === RDB_STREAM_3 ? this.#readTime() : NEVER_MS;
    if (name === null || reader.failed || group.consumer(name) !== null) return false;
    const consumer: StreamConsumer = this.#stream.addConsumer(group, name, seenAtMs);
    consumer.activeAtMs = activeAtMs;
    const pending = this.#count();
    for (let i = 0; i < pending; i++) {
      const at = reader.take(STREAM_ID_BYTES);
      const key = reader.bytes.toString('latin1', at, at + STREAM_ID_BYTES);
      const about = given.get(key);
      if (reader.failed || about === undefined) return false;
      given.delete(key);
      this.#id.readKey(reader.bytes, at);
      this.#stream.deliver(group, consumer, this.#id, about.atMs, about.deliveries);
      yield;
    }
    return true;
  }

  #readName(): Buffer | null {
    const text = readRdbString(this.#reader, this.#mostBytes);
    if (text === null) return null;
    return Buffer.from(text.bytes.subarray(text.offset, text.offset + text.length));
  }

  /** A count; special forms are none. */
  #count(): number {
    const count = this.#reader.length();
    if (this.#reader.special >= 0 || !Number.isSafeInteger(count)) this.#reader.fail();
    return this.#reader.failed ? 0 : count;
  }

  #readCounter(): number {
    const { high, low } = this.#readWords();
    const isUnknown = high === -1 && low === -1;
    const count = high * 4294967296 + (low >>> 0);
    return isUnknown ? UNKNOWN_COUNT : Math.min(Math.max(0, count), Number.MAX_SAFE_INTEGER);
  }

  #readId(into: StreamId): StreamId {
    const ms = { ...this.#readWords() };
    const seq = this.#readWords();
    return into.set(ms.high, ms.low, seq.high, seq.low);
  }

  #readWords(): { high: number; low: number } {
    this.#reader.length64(this.#parts);
    return this.#parts;
  }

  #readTime(): number {
    const reader = this.#reader;
    const at = reader.take(TIME_BYTES);
    return reader.failed ? 0 : Number(reader.bytes.readBigInt64LE(at));
  }
}
