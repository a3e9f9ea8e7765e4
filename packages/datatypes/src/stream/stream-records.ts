// A stream as the records it is kept as; their keys are drawn in stream-keys.ts. Payloads:
//
//   head       last id | greatest deleted id | entries added f64 LE
//   node       a listpack of Redis
//   group      last id | entries read f64 LE
//   consumer   seen f64 LE | active f64 LE
//   pending    delivered f64 LE | deliveries f64 LE | name of the consumer
// Ids are as in keys: 16 bytes, big-endian.

import type { LargeStream } from './large-stream.ts';
import { NodeReader } from './node-reader.ts';
import { EntryCursor } from './stream-cursor.ts';
import type { PendingEntry, StreamConsumer, StreamGroup } from './stream-group.ts';
import { STREAM_ID_BYTES, StreamId } from './stream-id.ts';
import {
  GROUP_AT,
  RECORD_CONSUMER,
  RECORD_GROUP,
  RECORD_HEAD,
  RECORD_NODE,
  RECORD_PENDING,
  RecordKeys,
} from './stream-keys.ts';
import type { StreamNode } from './stream-node.ts';

/** Takes a record; both are valid during the call. */
export type TakeStreamRecord = (key: Buffer, payload: Buffer) => void;

const HEAD_BYTES = 2 * STREAM_ID_BYTES + 8;
const GROUP_BYTES = STREAM_ID_BYTES + 8;
const PAIR_BYTES = 16;

const reader = new NodeReader();
const id = new StreamId();
const after = new StreamId();
const lastCursor = new EntryCursor();

/** Returns what the record of a key says now; null: there is none such. */
export function streamRecord(stream: LargeStream, key: Buffer): Buffer | null {
  const kind = key[0];
  if (kind === RECORD_HEAD) return headPayload(stream);
  if (kind === RECORD_NODE) {
    const index = stream.nodes.indexOf(id.readKey(key, 1));
    return index < 0 ? null : nodePayload(stream.nodes.at(index));
  }
  if (kind === RECORD_GROUP) {
    const group = stream.group(key.subarray(1));
    return group && groupPayload(group);
  }
  const end = GROUP_AT + key.readUInt32LE(1);
  const group = stream.group(key.subarray(GROUP_AT, end));
  if (group === null) return null;
  if (kind === RECORD_CONSUMER) {
    const consumer = group.consumer(key.subarray(end));
    return consumer && consumerPayload(consumer);
  }
  const entry = group.pending.find(id.readKey(key, end));
  return entry && pendingPayload(entry);
}

function headPayload({ lastId, maxDeletedId, entriesAdded }: LargeStream): Buffer {
  const payload = Buffer.allocUnsafe(HEAD_BYTES);
  lastId.writeKey(payload, 0);
  maxDeletedId.writeKey(payload, STREAM_ID_BYTES);
  payload.writeDoubleLE(entriesAdded, 2 * STREAM_ID_BYTES);
  return payload;
}

function nodePayload(node: StreamNode): Buffer {
  const payload = Buffer.allocUnsafe(node.bytes);
  node.copyTo(payload, 0);
  return payload;
}

function groupPayload({ lastId, entriesRead }: StreamGroup): Buffer {
  const payload = Buffer.allocUnsafe(GROUP_BYTES);
  lastId.writeKey(payload, 0);
  payload.writeDoubleLE(entriesRead, STREAM_ID_BYTES);
  return payload;
}

function consumerPayload({ seenAtMs, activeAtMs }: StreamConsumer): Buffer {
  const payload = Buffer.allocUnsafe(PAIR_BYTES);
  payload.writeDoubleLE(seenAtMs, 0);
  payload.writeDoubleLE(activeAtMs, 8);
  return payload;
}

function pendingPayload({ deliveredAtMs, deliveries, consumer }: PendingEntry): Buffer {
  const payload = Buffer.allocUnsafe(PAIR_BYTES + consumer.name.length);
  payload.writeDoubleLE(deliveredAtMs, 0);
  payload.writeDoubleLE(deliveries, 8);
  consumer.name.copy(payload, PAIR_BYTES);
  return payload;
}

/**
 * Adds what a record says to a stream that is read in the order of keys; false when no stream has
 * such a record there. The listener is not told of all of it.
 */
export function addStreamRecord(stream: LargeStream, key: Buffer, payload: Buffer): boolean {
  const kind = key[0];
  if (kind === RECORD_HEAD) return addHead(stream, key, payload);
  if (kind === RECORD_NODE) return addNode(stream, key, payload);
  if (kind === RECORD_GROUP) {
    const name = Buffer.from(key.subarray(1));
    if (payload.length !== GROUP_BYTES || stream.group(name) !== null) return false;
    const read = payload.readDoubleLE(STREAM_ID_BYTES);
    stream.addGroup(name, id.readKey(payload, 0), read);
    return Number.isFinite(read);
  }
  if (kind === undefined || kind > RECORD_PENDING || key.length < GROUP_AT) return false;
  const end = GROUP_AT + key.readUInt32LE(1);
  const group = end > key.length ? null : stream.group(key.subarray(GROUP_AT, end));
  if (group === null || payload.length < PAIR_BYTES) return false;
  const first = payload.readDoubleLE(0);
  const second = payload.readDoubleLE(8);
  if (!Number.isFinite(first) || !Number.isFinite(second)) return false;
  if (kind === RECORD_CONSUMER) {
    const name = Buffer.from(key.subarray(end));
    if (payload.length !== PAIR_BYTES || group.consumer(name) !== null) return false;
    stream.addConsumer(group, name, first).activeAtMs = second;
    return true;
  }
  const consumer = group.consumer(payload.subarray(PAIR_BYTES));
  if (consumer === null || key.length !== end + STREAM_ID_BYTES) return false;
  if (group.pending.find(id.readKey(key, end)) !== null) return false;
  stream.deliver(group, consumer, id, first, second);
  return true;
}

function addHead(stream: LargeStream, key: Buffer, payload: Buffer): boolean {
  if (key.length !== 1 || payload.length !== HEAD_BYTES) return false;
  const added = payload.readDoubleLE(2 * STREAM_ID_BYTES);
  const deleted = new StreamId().readKey(payload, STREAM_ID_BYTES);
  stream.setLastId(id.readKey(payload, 0), added, deleted);
  return Number.isFinite(added);
}

function addNode(stream: LargeStream, key: Buffer, payload: Buffer): boolean {
  if (key.length !== 1 + STREAM_ID_BYTES) return false;
  id.readKey(key, 1);
  return addListpack(stream, id, payload, 0, payload.length);
}

/** Adds a node that nothing is known of behind the others; false when it cannot be there. */
export function addListpack(
  stream: LargeStream,
  nodeId: StreamId,
  bytes: Buffer,
  offset: number,
  length: number,
): boolean {
  const { last } = stream.nodes;
  if (last !== null && nodeId.compare(last.id) <= 0) return false;
  lastOf(last);
  // The id of a node may be that of its first entry, and 0-0 is no entry's.
  const node = reader.read(nodeId, after, bytes, offset, length);
  if (node === null) return false;
  stream.appendNode(node);
  return true;
}

function lastOf(node: StreamNode | null): void {
  if (node === null) after.setLeast();
  else after.copy(lastCursor.lastOf(node));
}

/** Goes through the records of a stream in the order of keys; it may change between two calls. */
export function* walkStreamRecords(
  stream: LargeStream,
  take: TakeStreamRecord,
): Generator<void, void> {
  const keys = new RecordKeys();
  const at = new StreamId();
  take(keys.head, headPayload(stream));
  yield;
  for (let node = firstNodeFrom(stream, at); node !== null; node = firstNodeFrom(stream, at)) {
    at.copy(node.id);
    take(keys.node(node.id), nodePayload(node));
    if (!at.increment()) break;
    yield;
  }
  const groups = stream.groups;
  // What was removed since was told, and may have been heard: it must not come after that.
  for (const group of groups) {
    if (stream.group(group.name) !== group) continue;
    take(keys.group(group), groupPayload(group));
    yield;
  }
  for (const group of groups) {
    for (const consumer of group.consumers) {
      if (group.consumer(consumer.name) !== consumer) continue;
      take(keys.consumer(group, consumer), consumerPayload(consumer));
      yield;
    }
  }
  for (const group of groups) {
    at.setLeast();
    for (let entry = group.pending.from(at); entry !== null; entry = group.pending.from(at)) {
      at.copy(entry);
      take(keys.pending(group, entry), pendingPayload(entry));
      if (!at.increment()) break;
      yield;
    }
  }
}

function firstNodeFrom({ nodes }: LargeStream, from: StreamId): StreamNode | null {
  const index = nodes.indexFor(from);
  const isThere = index >= 0 && nodes.at(index).id.compare(from) === 0;
  const next = isThere ? index : index + 1;
  return next < nodes.length ? nodes.at(next) : null;
}
