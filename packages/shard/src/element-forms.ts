// The elements of large collections as records: what a store keeps of each, and what workers send
// each other. Knows the bytes of a record, not where records go. Numbers are never used again for
// another meaning.
//
//   hash          key = field      payload = 0 | value,  or  1 | expireAtMs f64 LE | value
//   set           key = member     payload is empty
//   sorted set    key = member     payload = score f64 LE
//   list          key = position of a chunk, 8 bytes whose order is that of the numbers
//                 payload = its elements: length u32 LE | bytes, and so on
//   stream        as stream-records.ts of datatypes draws them
//   sketches      key = number of a page, u32 BE    payload = its bytes
//   document      as json-records.ts of datatypes draws them

import { invariant } from '@forgekv/base';
import { type LargeCollection, SKETCH_TYPES } from '@forgekv/commands';
import {
  type ByteRange,
  type DirtyChunkPart,
  DirtyChunks,
  type DirtyElements,
  emptyJson,
  LargeHash,
  LargeJson,
  LargeList,
  LargeSet,
  LargeSketch,
  LargeSortedSet,
  LargeStream,
  LargeValueError,
  type LargeValueOptions,
} from '@forgekv/datatypes';
import {
  TYPE_HASH,
  TYPE_JSON,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STREAM,
  TYPE_ZSET,
} from '@forgekv/keyspace';
import { documentElements, streamElements } from './drawn-elements.ts';
import {
  bytesOf,
  type ChangeWalk,
  type CollectionElements,
  MemberChanges,
  MOST_CHANGED_SHARE,
  type RecordWalk,
  rememberElements,
  type TakeRecord,
  TrackedElements,
} from './element-records.ts';
import { SketchElements } from './sketch-elements.ts';

const LEAST_REMEMBERED_CHUNKS = 64;
const TIME_BYTES = 8;
const NOTHING = Buffer.alloc(0);

/** Returns the records of a collection. */
export function elementsOf(
  collection: LargeCollection,
  options: LargeValueOptions,
): CollectionElements {
  if (collection instanceof LargeHash) return new HashElements(collection, options);
  if (collection instanceof LargeSet) return new SetElements(collection, options);
  if (collection instanceof LargeSortedSet) return new SortedSetElements(collection, options);
  if (collection instanceof LargeStream) return streamElements(collection, options);
  if (collection instanceof LargeSketch) return new SketchElements(collection);
  if (collection instanceof LargeJson) return documentElements(collection, options);
  return new ListElements(collection);
}

/** Returns an empty collection for an entry's type, to be filled by `add`; null for other types. */
export function emptyElements(type: number, options: LargeValueOptions): CollectionElements | null {
  if (type === TYPE_HASH) return elementsOf(new LargeHash(options), options);
  if (type === TYPE_SET) return elementsOf(new LargeSet(options), options);
  if (type === TYPE_ZSET) return elementsOf(new LargeSortedSet(options), options);
  if (type === TYPE_STREAM) return elementsOf(new LargeStream(), options);
  if (SKETCH_TYPES.includes(type)) return elementsOf(new LargeSketch(type), options);
  if (type === TYPE_JSON) return elementsOf(emptyJson(), options);
  return type === TYPE_LIST ? elementsOf(new LargeList(), options) : null;
}

/** What collections of members have in common: a record per member. */
abstract class MemberElements<
  C extends LargeHash | LargeSet | LargeSortedSet,
> extends TrackedElements<DirtyElements, C> {
  abstract readonly type: number;

  constructor(collection: C, options: LargeValueOptions) {
    super(
      collection,
      rememberElements(options, () => collection.count),
    );
  }

  get recordCount(): number {
    return this.collection.count;
  }

  changes(): ChangeWalk {
    return new MemberChanges(this.dirty.detach(), (member) => this.payloadOf(member));
  }

  walk(): RecordWalk {
    let cursor = 0;
    let isDone = false;
    return {
      next: (wanted, take) => {
        if (isDone) return false;
        cursor = this.scan(cursor, wanted, take);
        isDone = cursor === 0;
        return !isDone;
      },
    };
  }

  add(key: Buffer, payload: Buffer): boolean {
    try {
      return this.insert(key, payload);
    } catch (error) {
      if (error instanceof LargeValueError) return false;
      throw error;
    }
  }

  /** Returns what the member's record says, null when it is gone. */
  protected abstract payloadOf(member: ByteRange): Uint8Array | null;
  protected abstract scan(cursor: number, wanted: number, take: TakeRecord): number;
  protected abstract insert(key: Buffer, payload: Buffer): boolean;
}

class HashElements extends MemberElements<LargeHash> implements CollectionElements {
  readonly type = TYPE_HASH;
  #scratch = Buffer.allocUnsafe(1024);

  protected override payloadOf(field: ByteRange): Uint8Array | null {
    const { collection } = this;
    if (!collection.get(field.bytes, field.offset, field.length)) return null;
    return this.#payload(collection.value, collection.expireAtMs);
  }

  protected override scan(cursor: number, wanted: number, take: TakeRecord): number {
    return this.collection.scan(cursor, wanted, (field, value, expireAtMs) => {
      take(bytesOf(field), this.#payload(value, expireAtMs));
    });
  }

  #payload(value: ByteRange, expireAtMs: number): Buffer {
    const head = expireAtMs === 0 ? 1 : 1 + TIME_BYTES;
    const bytes = head + value.length;
    let into = this.#scratch;
    // Long ones are not kept for: they would stay with every hash that ever had one.
    if (bytes > into.length) into = Buffer.allocUnsafe(bytes);
    into[0] = expireAtMs === 0 ? 0 : 1;
    if (expireAtMs !== 0) into.writeDoubleLE(expireAtMs, 1);
    value.bytes.copy(into, head, value.offset, value.offset + value.length);
    return into.subarray(0, bytes);
  }

  protected override insert(key: Buffer, payload: Buffer): boolean {
    const form = payload[0];
    if (form !== 0 && (form !== 1 || payload.length < 1 + TIME_BYTES)) return false;
    const head = form === 0 ? 1 : 1 + TIME_BYTES;
    const expireAtMs = form === 0 ? 0 : payload.readDoubleLE(1);
    if (form === 1 && !(Number.isFinite(expireAtMs) && expireAtMs > 0)) return false;
    const { length } = payload;
    return this.collection.set(key, 0, key.length, payload, head, length - head, expireAtMs);
  }
}

class SetElements extends MemberElements<LargeSet> implements CollectionElements {
  readonly type = TYPE_SET;

  protected override payloadOf(member: ByteRange): Uint8Array | null {
    return this.collection.has(member.bytes, member.offset, member.length) ? NOTHING : null;
  }

  protected override scan(cursor: number, wanted: number, take: TakeRecord): number {
    return this.collection.scan(cursor, wanted, (member) => take(bytesOf(member), NOTHING));
  }

  protected override insert(key: Buffer, payload: Buffer): boolean {
    return payload.length === 0 && this.collection.insert(key);
  }
}

class SortedSetElements extends MemberElements<LargeSortedSet> implements CollectionElements {
  readonly type = TYPE_ZSET;
  readonly #score = Buffer.alloc(8);

  protected override payloadOf(member: ByteRange): Uint8Array | null {
    const { collection } = this;
    if (!collection.get(member.bytes, member.offset, member.length)) return null;
    this.#score.writeDoubleLE(collection.score);
    return this.#score;
  }

  protected override scan(cursor: number, wanted: number, take: TakeRecord): number {
    return this.collection.scan(cursor, wanted, (member, score) => {
      this.#score.writeDoubleLE(score);
      take(bytesOf(member), this.#score);
    });
  }

  protected override insert(key: Buffer, payload: Buffer): boolean {
    if (payload.length !== 8) return false;
    const before = this.collection.count;
    this.collection.set(payload.readDoubleLE(), key);
    return this.collection.count > before;
  }
}

/** A record per chunk. */
class ListElements extends TrackedElements<DirtyChunks, LargeList> implements CollectionElements {
  readonly type = TYPE_LIST;

  constructor(collection: LargeList) {
    const bounds = {
      get maxChunks(): number {
        return Math.max(LEAST_REMEMBERED_CHUNKS, collection.chunkCount / MOST_CHANGED_SHARE);
      },
    };
    super(collection, new DirtyChunks(bounds));
  }

  get recordCount(): number {
    return this.collection.chunkCount;
  }

  changes(): ChangeWalk {
    const part: DirtyChunkPart = this.dirty.detach();
    const { all, count } = part;
    return {
      all,
      count,
      next: (wanted, take) =>
        part.next(chunksOf(wanted), (position) => {
          take(positionKey(position), this.#payload(position));
        }),
    };
  }

  walk(): RecordWalk {
    // Positions are numbers without end: the next one above is where the walk goes on.
    let position = Number.NEGATIVE_INFINITY;
    return {
      next: (wanted, take) => {
        const { collection } = this;
        for (let i = chunksOf(wanted); i > 0; i--) {
          position = collection.chunkFrom(position);
          if (Number.isNaN(position)) return false;
          take(positionKey(position), this.#payload(position));
          position = nextAbove(position);
        }
        return true;
      },
    };
  }

  /** Null when there is no chunk at the position. */
  #payload(position: number): Buffer | null {
    let bytes = 0;
    const sizes = (element: ByteRange): void => {
      bytes += 4 + element.length;
    };
    if (!this.collection.readChunk(position, sizes)) return null;
    const payload = Buffer.allocUnsafe(bytes);
    let at = 0;
    this.collection.readChunk(position, (element) => {
      at = payload.writeUInt32LE(element.length, at);
      at += element.bytes.copy(payload, at, element.offset, element.offset + element.length);
    });
    invariant(at === bytes, 'a chunk is as long as it was');
    return payload;
  }

  add(key: Buffer, payload: Buffer): boolean {
    if (key.length !== 8) return false;
    const elements: Buffer[] = [];
    for (let at = 0; at < payload.length; ) {
      if (payload.length - at < 4) return false;
      const begin = at + 4;
      const end = begin + payload.readUInt32LE(at);
      if (end > payload.length) return false;
      elements.push(payload.subarray(begin, end));
      at = end;
    }
    return this.collection.appendChunk(positionOf(key), elements);
  }
}

/** A chunk holds some hundred elements. */
function chunksOf(elements: number): number {
  return Math.max(1, elements >> 4);
}

/** Eight bytes in the order of the numbers: big-endian, the sign turned, negatives inverted. */
function positionKey(position: number): Buffer {
  const key = Buffer.allocUnsafe(8);
  // Zero has one sign only.
  key.writeDoubleBE(position + 0);
  if (key[0]! < 128) key[0]! |= 128;
  else for (let i = 0; i < 8; i++) key[i] = ~key[i]!;
  return key;
}

function positionOf(key: Buffer): number {
  const bytes = Buffer.from(key);
  if (bytes[0]! >= 128) bytes[0]! &= 127;
  else for (let i = 0; i < 8; i++) bytes[i] = ~bytes[i]!;
  return bytes.readDoubleBE();
}

/** The smallest number above a position. */
function nextAbove(position: number): number {
  const next = positionKey(position);
  next.writeBigUInt64BE(next.readBigUInt64BE() + 1n);
  return positionOf(next);
}
