// A node of a stream: some entries behind each other in the bytes of a listpack of Redis, so that
// nodes are as long as there, and are dumped as they are. A node only grows at its end; what is
// removed from it is marked. Source: Redis's behaviour, the format of its RDB files.
//
//   live | marked | fields | field ... | 0 |  entry | entry | ...
//   entry    flags | ms | seq | values ... | elements
//            flags | ms | seq | fields | field | value ... | elements   where the fields are others
// ms and seq are less those of the node's id.
//
// The first two and what is around all of it are not kept as bytes: they are written by `copyTo`.

import { integerTextLength, MAX_INTEGER_TEXT, writeInteger } from '../integer-text.ts';
import {
  LISTPACK_END,
  LISTPACK_HEAD_BYTES,
  LISTPACK_INT64,
  LISTPACK_STRING_32,
  ListpackBuilder,
  listpackBackBytes,
  UNKNOWN_COUNT_16,
} from '../listpack-builder.ts';
import { Int64 } from '../packed/int64.ts';
import { StreamId } from './stream-id.ts';

/** Entries as they come: `count` pairs, field and value in turn, each a range of `bytes`. */
export interface StreamFields {
  readonly count: number;
  /** Where the parts lie. */
  readonly bytes: Uint8Array;
  offset(part: number): number;
  length(part: number): number;
}

/** Visits a field or a value; the range is valid during the call. */
export type VisitPart = (bytes: Uint8Array, offset: number, length: number) => void;

const FLAG_DELETED = 1;
const FLAG_SAME_FIELDS = 2;
const FIRST_BYTES = 96;
const KEPT_WASTE_BYTES = 64;

const number = new Int64();
const text = Buffer.alloc(MAX_INTEGER_TEXT);
const difference = { high: 0, low: 0 };

export class StreamNode {
  /** That of its first entry, marked or not. */
  readonly id: StreamId;
  /** Entries that are there. */
  live = 0;
  /** Entries that were marked as removed. */
  marked = 0;
  readonly #body: ListpackBuilder;
  /** Where the first entry begins. */
  #firstAt = 0;
  #fieldCount = 0;

  /**
   * An empty node for an entry whose fields will be the common ones.
   * @param bytes that it will come to, as far as can be told
   */
  constructor(id: StreamId, fields: StreamFields, bytes: number = FIRST_BYTES) {
    this.id = id.clone();
    this.#body = new ListpackBuilder(bytes);
    const body = this.#body;
    this.#fieldCount = fields.count;
    body.appendNumber(fields.count);
    for (let i = 0; i < fields.count; i++) {
      body.append(fields.bytes, fields.offset(2 * i), fields.length(2 * i));
    }
    body.appendNumber(0);
    this.#firstAt = body.position;
  }

  /** Bytes of it as a listpack of Redis. */
  get bytes(): number {
    const counts = countBytes(this.live) + countBytes(this.marked);
    return LISTPACK_HEAD_BYTES + counts + this.#body.position + 1;
  }

  /** Bytes of memory, about. */
  get memoryBytes(): number {
    return this.#body.buffer.length + 320;
  }

  get body(): Buffer {
    return this.#body.buffer;
  }

  get firstAt(): number {
    return this.#firstAt;
  }

  get endAt(): number {
    return this.#body.position;
  }

  get fieldCount(): number {
    return this.#fieldCount;
  }

  /** Adds an entry whose id is behind those of the others. */
  append(id: StreamId, fields: StreamFields, isMarked = false): void {
    const body = this.#body;
    const isSame = this.#hasFields(fields);
    body.appendNumber((isSame ? FLAG_SAME_FIELDS : 0) | (isMarked ? FLAG_DELETED : 0));
    subtract(id.msHigh, id.msLow, this.id.msHigh, this.id.msLow);
    body.appendInt64(difference.high, difference.low);
    subtract(id.seqHigh, id.seqLow, this.id.seqHigh, this.id.seqLow);
    body.appendInt64(difference.high, difference.low);
    const { count, bytes } = fields;
    if (!isSame) body.appendNumber(count);
    for (let i = 0; i < count; i++) {
      if (!isSame) body.append(bytes, fields.offset(2 * i), fields.length(2 * i));
      body.append(bytes, fields.offset(2 * i + 1), fields.length(2 * i + 1));
    }
    body.appendNumber(isSame ? count + 3 : 2 * count + 4);
    if (isMarked) this.marked++;
    else this.live++;
  }

  #hasFields(fields: StreamFields): boolean {
    if (fields.count !== this.#fieldCount) return false;
    const { body } = this;
    element.readInteger(body, 0);
    for (let i = 0; i < fields.count; i++) {
      element.read(body, element.next);
      if (!element.equals(fields.bytes, fields.offset(2 * i), fields.length(2 * i))) return false;
    }
    return true;
  }

  /** Marks the entry that begins at `at` as removed. */
  mark(at: number): void {
    this.body[at]! |= FLAG_DELETED;
    this.live--;
    this.marked++;
  }

  /** It takes no more entries: gives back memory. */
  seal(): void {
    const body = this.#body;
    if (body.buffer.length - body.position < KEPT_WASTE_BYTES) return;
    const exact = Buffer.allocUnsafeSlow(body.position);
    body.buffer.copy(exact, 0, 0, body.position);
    body.buffer = exact;
  }

  /** Writes it as a listpack of `bytes` bytes; returns where that ends. */
  copyTo(into: Buffer, at: number): number {
    const { bytes } = this;
    into.writeUInt32LE(bytes, at);
    into.writeUInt16LE(Math.min(this.#body.count + 2, UNKNOWN_COUNT_16), at + 4);
    const counts = new ListpackBuilder(20);
    counts.appendNumber(this.live);
    counts.appendNumber(this.marked);
    let to = at + LISTPACK_HEAD_BYTES;
    to += counts.buffer.copy(into, to, 0, counts.position);
    to += this.#body.buffer.copy(into, to, 0, this.#body.position);
    into[to] = LISTPACK_END;
    return to + 1;
  }
}

/** An element of a node's bytes. They were written here: nothing is checked. */
class Element {
  /** The string, or the text of the integer. */
  bytes: Buffer = text;
  offset = 0;
  length = 0;
  /** The integer as two words, where it is one. */
  high = 0;
  low = 0;
  /** Where the next one begins. */
  next = 0;

  /** Reads the element at `at`, which is an integer where one is expected. */
  readInteger(bytes: Buffer, at: number): number {
    const first = bytes[at]!;
    if (first < 0x80) {
      this.high = 0;
      this.low = first;
      this.next = at + 2;
    } else if (first < 0xe0) {
      const value = ((first & 0x1f) << 8) | bytes[at + 1]!;
      this.low = value < 4096 ? value : value - 8192;
      this.high = this.low >> 31;
      this.next = at + 3;
    } else if (first === LISTPACK_INT64) {
      this.low = bytes.readInt32LE(at + 1);
      this.high = bytes.readInt32LE(at + 5);
      this.next = at + 10;
    } else {
      const width = first - 0xf1 + 2;
      this.low = bytes.readIntLE(at + 1, width);
      this.high = this.low >> 31;
      this.next = at + width + 2;
    }
    return this.low;
  }

  read(bytes: Buffer, at: number): void {
    const first = bytes[at]!;
    if (first >= 0x80 && first < 0xc0) {
      this.#string(bytes, at + 1, first & 0x3f, at);
    } else if (first >= 0xe0 && first < 0xf0) {
      this.#string(bytes, at + 2, ((first & 0x0f) << 8) | bytes[at + 1]!, at);
    } else if (first === LISTPACK_STRING_32) {
      this.#string(bytes, at + 5, bytes.readUInt32LE(at + 1), at);
    } else {
      this.readInteger(bytes, at);
      this.#text();
    }
  }

  /** The same without looking at what it is. */
  skip(bytes: Buffer, at: number): number {
    const first = bytes[at]!;
    if (first < 0x80) return at + 2;
    if (first < 0xc0) return ended(at, 1 + (first & 0x3f));
    if (first < 0xe0) return at + 3;
    if (first < 0xf0) return ended(at, 2 + (((first & 0x0f) << 8) | bytes[at + 1]!));
    if (first === LISTPACK_STRING_32) return ended(at, 5 + bytes.readUInt32LE(at + 1));
    return first === LISTPACK_INT64 ? at + 10 : at + first - 0xf1 + 4;
  }

  equals(bytes: Uint8Array, offset: number, length: number): boolean {
    if (length !== this.length) return false;
    const { bytes: own, offset: at } = this;
    if (length > 64) {
      return own.compare(bytes, offset, offset + length, at, at + length) === 0;
    }
    for (let i = 0; i < length; i++) if (own[at + i] !== bytes[offset + i]) return false;
    return true;
  }

  #string(bytes: Buffer, from: number, length: number, at: number): void {
    this.bytes = bytes;
    this.offset = from;
    this.length = length;
    this.next = ended(at, from + length - at);
  }

  #text(): void {
    this.bytes = text;
    this.offset = 0;
    if (this.high === this.low >> 31) {
      this.length = integerTextLength(this.low);
      writeInteger(text, 0, this.length, this.low);
      return;
    }
    number.high = this.high;
    number.low = this.low >>> 0;
    this.length = number.write(text, 0);
  }
}

function ended(at: number, bytes: number): number {
  return at + bytes + listpackBackBytes(bytes);
}

const element = new Element();

/** Goes from entry to entry of a node, marked ones included. */
export class NodeCursor {
  node: StreamNode | null = null;
  /** Where the entry begins. */
  at = 0;
  /** Where the one behind it begins. */
  #nextAt = 0;
  isMarked = false;
  readonly id: StreamId = new StreamId();
  /** Fields, as many as values. */
  fieldCount = 0;
  #partsAt = 0;
  #hasFields = false;

  /** Begins in front of the first entry of a node, or behind the last one. */
  protected openAt(node: StreamNode, isAtEnd: boolean): void {
    this.node = node;
    this.at = isAtEnd ? node.endAt : node.firstAt;
    this.#nextAt = this.at;
  }

  /** Goes to the next entry; false at the end. */
  forward(): boolean {
    const node = this.node!;
    if (this.#nextAt >= node.endAt) return false;
    this.#read(node, this.#nextAt);
    return true;
  }

  /** Goes to the entry before; false at the beginning. */
  backward(): boolean {
    const node = this.node!;
    if (this.at <= node.firstAt) return false;
    const { body } = node;
    let at = elementBefore(body, this.at);
    const elements = element.readInteger(body, at);
    for (let i = 0; i < elements; i++) at = elementBefore(body, at);
    this.#read(node, at);
    return true;
  }

  #read(node: StreamNode, at: number): void {
    const { body, id } = node;
    this.at = at;
    const flags = element.readInteger(body, at);
    this.isMarked = (flags & FLAG_DELETED) !== 0;
    this.#hasFields = (flags & FLAG_SAME_FIELDS) === 0;
    element.readInteger(body, element.next);
    const { high, low } = element;
    element.readInteger(body, element.next);
    add(id, high, low, element.high, element.low, this.id);
    let from = element.next;
    this.fieldCount = node.fieldCount;
    if (this.#hasFields) {
      this.fieldCount = element.readInteger(body, from);
      from = element.next;
    }
    this.#partsAt = from;
    const elements = this.#hasFields ? 2 * this.fieldCount : this.fieldCount;
    for (let i = 0; i < elements; i++) from = element.skip(body, from);
    element.readInteger(body, from);
    this.#nextAt = element.next;
  }

  /** Visits field and value in turn. */
  visit(part: VisitPart): void {
    const { body } = this.node!;
    let at = this.#partsAt;
    if (this.#hasFields) {
      for (let i = 2 * this.fieldCount; i > 0; i--) at = take(body, at, part);
      return;
    }
    let fieldAt = element.skip(body, 0);
    for (let i = this.fieldCount; i > 0; i--) {
      fieldAt = take(body, fieldAt, part);
      at = take(body, at, part);
    }
  }
}

function take(body: Buffer, at: number, part: VisitPart): number {
  element.read(body, at);
  const { next } = element;
  part(element.bytes, element.offset, element.length);
  return next;
}

/** Where the element begins that ends at `end`: its length comes last, seven bits a byte. */
function elementBefore(body: Buffer, end: number): number {
  let at = end - 1;
  while ((body[at]! & 128) !== 0) at--;
  let length = 0;
  for (let i = at; i < end; i++) length = length * 128 + (body[i]! & 127);
  return at - length;
}

/** Bytes that a count takes. */
function countBytes(count: number): number {
  if (count <= 127) return 2;
  if (count < 4096) return 3;
  return count < 32768 ? 4 : count < 8388608 ? 5 : 6;
}

function subtract(high: number, low: number, otherHigh: number, otherLow: number): void {
  difference.low = (low - otherLow) | 0;
  const borrow = low >>> 0 < otherLow >>> 0 ? 1 : 0;
  difference.high = (high - otherHigh - borrow) | 0;
}

function add(
  id: StreamId,
  msHigh: number,
  msLow: number,
  seqHigh: number,
  seqLow: number,
  into: StreamId,
): void {
  const ms = (id.msLow + msLow) | 0;
  const msCarry = ms >>> 0 < id.msLow >>> 0 ? 1 : 0;
  const seq = (id.seqLow + seqLow) | 0;
  const seqCarry = seq >>> 0 < id.seqLow >>> 0 ? 1 : 0;
  into.set(id.msHigh + msHigh + msCarry, ms, id.seqHigh + seqHigh + seqCarry, seq);
}
