// Reads a node from a listpack that nothing is known of: every element is looked at, and the node
// is built anew. What is wrong with it is not said.

import { parseSafeInteger } from '../integer-text.ts';
import { Int64 } from '../packed/int64.ts';
import { ListpackReader } from '../rdb-listpack.ts';
import { StreamId } from './stream-id.ts';
import { type StreamFields, StreamNode } from './stream-node.ts';

const FLAG_DELETED = 1;
const FLAG_SAME_FIELDS = 2;
const MOST_FLAGS = 3;

/** Parts of an entry, copied. */
class Parts implements StreamFields {
  count = 0;
  bytes: Buffer = Buffer.alloc(256);
  #used = 0;
  #ranges: number[] = [];

  clear(): void {
    this.count = 0;
    this.#used = 0;
    this.#ranges = [];
  }

  add(bytes: Buffer, offset: number, length: number): void {
    if (this.#used + length > this.bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.#used + length));
      this.bytes.copy(grown, 0, 0, this.#used);
      this.bytes = grown;
    }
    bytes.copy(this.bytes, this.#used, offset, offset + length);
    this.#ranges.push(this.#used, length);
    this.#used += length;
  }

  /** Adds part `part` of others. */
  addOf(others: Parts, part: number): void {
    this.add(others.bytes, others.offset(part), others.length(part));
  }

  offset(part: number): number {
    return this.#ranges[2 * part]!;
  }

  length(part: number): number {
    return this.#ranges[2 * part + 1]!;
  }
}

export class NodeReader {
  readonly #reader = new ListpackReader();
  readonly #value = new Int64();
  /** The common fields, each twice, and those of an entry. */
  readonly #common = new Parts();
  readonly #entry = new Parts();
  readonly #id = new StreamId();
  readonly #last = new StreamId();

  /**
   * Reads a node.
   * @param id that of the node
   * @param after its entries have to be behind this one; afterwards that is the last of them
   * @returns null when it is damaged, or without entries
   */
  read(
    id: StreamId,
    after: StreamId,
    bytes: Buffer,
    offset: number,
    length: number,
  ): StreamNode | null {
    const reader = this.#reader;
    if (!reader.open(bytes, offset, length)) return null;
    const live = this.#number();
    const marked = this.#number();
    const fields = this.#number();
    if (!(live >= 0 && marked >= 0 && fields > 0 && live + marked > 0)) return null;
    if (fields > length) return null;
    const common = this.#common;
    common.clear();
    for (let i = 0; i < fields; i++) {
      if (!this.#part(common)) return null;
      common.addOf(common, 2 * i);
    }
    common.count = fields;
    if (this.#number() !== 0) return null;
    const node = new StreamNode(id, common);
    this.#last.copy(after);
    for (let i = 0; i < live + marked; i++) if (!this.#readEntry(node, length)) return null;
    if (reader.next() || reader.failed) return null;
    if (node.live !== live) return null;
    after.copy(this.#last);
    node.seal();
    return node;
  }

  #readEntry(node: StreamNode, mostFields: number): boolean {
    const flags = this.#number();
    if (!(flags >= 0 && flags <= MOST_FLAGS)) return false;
    if (!this.#integer()) return false;
    const { high, low } = this.#value;
    if (!this.#integer()) return false;
    addTo(node.id, high, low, this.#value.high, this.#value.low, this.#id);
    const isMarked = (flags & FLAG_DELETED) !== 0;
    // Redis: the last id may have been set back below one that was removed; that is left out.
    const isBehind = this.#id.compare(this.#last) > 0;
    if (!isBehind && !isMarked) return false;
    if (isBehind) this.#last.copy(this.#id);
    const isSame = (flags & FLAG_SAME_FIELDS) !== 0;
    const common = this.#common;
    const count = isSame ? common.count : this.#number();
    if (!(count > 0 && count <= mostFields)) return false;
    const entry = this.#entry;
    entry.clear();
    for (let i = 0; i < count; i++) {
      if (isSame) entry.addOf(common, 2 * i);
      else if (!this.#part(entry)) return false;
      if (!this.#part(entry)) return false;
    }
    entry.count = count;
    if (this.#number() !== (isSame ? count + 3 : 2 * count + 4)) return false;
    if (isBehind) node.append(this.#id, entry, isMarked);
    return true;
  }

  #part(into: Parts): boolean {
    const reader = this.#reader;
    if (!reader.next()) return false;
    into.add(reader.bytes, reader.offset, reader.length);
    return true;
  }

  #integer(): boolean {
    const reader = this.#reader;
    return reader.next() && this.#value.parse(reader.bytes, reader.offset, reader.length);
  }

  /** The next element as a number; NaN: it is none. */
  #number(): number {
    const reader = this.#reader;
    return reader.next() ? parseSafeInteger(reader.bytes, reader.offset, reader.length) : NaN;
  }
}

function addTo(
  id: StreamId,
  msHigh: number,
  msLow: number,
  seqHigh: number,
  seqLow: number,
  into: StreamId,
): void {
  const ms = (id.msLow >>> 0) + (msLow >>> 0);
  const seq = (id.seqLow >>> 0) + (seqLow >>> 0);
  const msCarry = ms > 0xffffffff ? 1 : 0;
  const seqCarry = seq > 0xffffffff ? 1 : 0;
  into.set(id.msHigh + msHigh + msCarry, ms, id.seqHigh + seqHigh + seqCarry, seq);
}
