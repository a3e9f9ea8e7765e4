// A stream: entries in nodes, in the order of their ids, and consumer groups. Every change is told
// to a listener by the keys of records, which stream-records.ts draws. Source: Redis's behaviour.

import type { ElementListener } from '../large/element-listener.ts';
import { NodeList } from './node-list.ts';
import { EntryCursor } from './stream-cursor.ts';
import {
  byName,
  PendingEntry,
  StreamConsumer,
  StreamGroup,
  UNKNOWN_COUNT,
} from './stream-group.ts';
import { StreamId } from './stream-id.ts';
import { RecordKeys } from './stream-keys.ts';
import { type StreamFields, StreamNode } from './stream-node.ts';

/** When a node takes no more entries, 0: whatever that is. */
export interface NodeLimits {
  readonly bytes: number;
  readonly entries: number;
}

/** What a trim keeps: so many entries, or those from an id on. */
export interface TrimRule {
  readonly keep: number | StreamId;
  /** Whole nodes only. */
  readonly isRough: boolean;
  /** Entries removed at most; 0: all that have to go. */
  readonly limit: number;
}

/** Redis: entries longer than this, fields and values in all, are refused; so are such nodes. */
export const MOST_ENTRY_BYTES = 2 ** 30;

/** A node will be as long as the one before, about; that much is made at once. */
const SPARE_NODE_BYTES = 32;
const MOST_LIKELY_BYTES = 64 * 1024;
const PENDING_BYTES = 150;
const NAMED_BYTES = 400;

export class LargeStream {
  /** Told of the records that changed. */
  listener: ElementListener | null = null;
  readonly nodes = new NodeList();
  /** Entries that are there. */
  length = 0;
  readonly lastId = new StreamId();
  /** The greatest id that was removed by name. */
  readonly maxDeletedId = new StreamId();
  /** Entries ever added, as far as is known. */
  entriesAdded = 0;
  readonly #groups = new Map<string, StreamGroup>();
  #ordered: StreamGroup[] | null = null;
  readonly #firstId = new StreamId();
  #isFirstKnown = true;
  #nodeBytes = 0;
  #consumers = 0;
  #pending = 0;
  readonly #keys = new RecordKeys();
  readonly #cursor = new EntryCursor();

  /** The same as `length`, by the name that all collections have. */
  get count(): number {
    return this.length;
  }

  get memoryBytes(): number {
    const named = (this.#groups.size + this.#consumers) * NAMED_BYTES;
    return 600 + this.#nodeBytes + named + this.#pending * PENDING_BYTES;
  }

  /** Records that it is kept as. */
  get recordCount(): number {
    return 1 + this.nodes.length + this.#groups.size + this.#consumers + this.#pending;
  }

  // --- entries ---

  /** The id of the first entry, 0-0 without one. */
  get firstId(): StreamId {
    if (!this.#isFirstKnown) {
      this.#isFirstKnown = true;
      const cursor = this.#cursor.openAll(this, false);
      if (cursor.next()) this.#firstId.copy(cursor.id);
      else this.#firstId.setLeast();
    }
    return this.#firstId;
  }

  /** True when an entry behind an id is there. */
  hasBehind(id: StreamId): boolean {
    if (this.length === 0 || this.lastId.compare(id) <= 0) return false;
    const cursor = this.#cursor.openAll(this, true);
    return cursor.next() && cursor.id.compare(id) > 0;
  }

  /** The id of the last entry that is there; false without one. */
  lastEntry(into: StreamId): boolean {
    const cursor = this.#cursor.openAll(this, true);
    if (!cursor.next()) return false;
    into.copy(cursor.id);
    return true;
  }

  has(id: StreamId): boolean {
    return this.#cursor.open(this, id, id, false).next();
  }

  /** Entries from an id up to another one, both included; not more than `most`. */
  countBetween(from: StreamId, to: StreamId, most: number): number {
    const { nodes } = this;
    let count = 0;
    let at = from;
    for (let i = Math.max(0, nodes.indexFor(from)); i < nodes.length && count < most; i++) {
      const node = nodes.at(i);
      if (node.id.compare(to) > 0) break;
      const next = i + 1 < nodes.length ? nodes.at(i + 1).id : null;
      if (node.id.compare(from) >= 0 && next !== null && next.compare(to) <= 0) {
        count += node.live;
        continue;
      }
      if (at.compare(node.id) < 0) at = node.id;
      const cursor = this.#cursor.openNode(node);
      while (cursor.forward()) {
        if (cursor.isMarked) continue;
        if (cursor.id.compare(to) > 0) break;
        if (cursor.id.compare(at) >= 0) count++;
      }
    }
    return Math.min(count, most);
  }

  /**
   * Adds an entry.
   * @param id behind `lastId`
   * @param bytes of all fields and values, at most MOST_ENTRY_BYTES
   */
  add(id: StreamId, fields: StreamFields, bytes: number, limits: NodeLimits): void {
    const { nodes } = this;
    let node = nodes.last;
    let likely: number | undefined;
    if (node !== null && isFull(node, bytes, limits)) {
      likely = Math.min(node.endAt + SPARE_NODE_BYTES, MOST_LIKELY_BYTES);
      this.#nodeBytes -= node.memoryBytes;
      node.seal();
      this.#nodeBytes += node.memoryBytes;
      node = null;
    }
    if (node === null) {
      node = new StreamNode(id, fields, likely);
      nodes.push(node);
    } else {
      this.#nodeBytes -= node.memoryBytes;
    }
    node.append(id, fields);
    this.#nodeBytes += node.memoryBytes;
    this.length++;
    this.entriesAdded++;
    this.lastId.copy(id);
    if (this.length === 1) {
      this.#firstId.copy(id);
      this.#isFirstKnown = true;
    }
    this.#headChanged();
    this.#nodeChanged(node);
  }

  /** Removes an entry by its id; false when it is not there. */
  delete(id: StreamId): boolean {
    const cursor = this.#cursor.open(this, id, id, false);
    if (!cursor.next()) return false;
    const node = cursor.node!;
    node.mark(cursor.at);
    this.length--;
    this.#isFirstKnown = false;
    if (id.compare(this.maxDeletedId) > 0) this.maxDeletedId.copy(id);
    if (node.live === 0) this.#removeNodes(this.nodes.indexOf(node.id), 1);
    else this.#nodeChanged(node);
    this.#headChanged();
    return true;
  }

  /** Removes the first entries; returns how many. */
  trim({ keep, isRough, limit }: TrimRule): number {
    let removed = 0;
    let whole = 0;
    let isLimited = false;
    for (; whole < this.nodes.length; whole++) {
      const node = this.nodes.at(whole);
      const { live } = node;
      if (typeof keep === 'number' && this.length <= keep) break;
      isLimited = limit !== 0 && removed + live > limit;
      if (isLimited) break;
      const goes =
        typeof keep === 'number'
          ? this.length - live >= keep
          : this.#cursor.lastOf(node).compare(keep) < 0;
      if (!goes) {
        break;
      }
      this.length -= live;
      removed += live;
    }
    if (whole > 0) this.#removeNodes(0, whole);
    if (!isRough && !isLimited && this.nodes.length > 0) {
      removed += this.#trimNode(this.nodes.at(0), keep);
    }
    if (removed > 0) {
      this.#isFirstKnown = false;
      this.#headChanged();
    }
    return removed;
  }

  #trimNode(node: StreamNode, keep: number | StreamId): number {
    const cursor = this.#cursor.openNode(node);
    let removed = 0;
    while (cursor.forward()) {
      if (typeof keep === 'number' ? this.length <= keep : cursor.id.compare(keep) >= 0) break;
      if (cursor.isMarked) continue;
      node.mark(cursor.at);
      this.length--;
      removed++;
    }
    // Redis: a node without entries may stay.
    if (node.live === 0) this.#removeNodes(this.nodes.indexOf(node.id), 1);
    else if (removed > 0) this.#nodeChanged(node);
    return removed;
  }

  #removeNodes(first: number, count: number): void {
    for (let i = first; i < first + count; i++) {
      const node = this.nodes.at(i);
      this.#nodeBytes -= node.memoryBytes;
      const { listener } = this;
      if (listener === null) continue;
      const key = this.#keys.node(node.id);
      listener.removed(key, 0, key.length);
    }
    this.nodes.remove(first, count);
  }

  /** Sets the id behind which new ones have to be, and what else is not null. */
  setLastId(id: StreamId, entriesAdded: number | null, maxDeletedId: StreamId | null): void {
    this.lastId.copy(id);
    if (entriesAdded !== null) this.entriesAdded = entriesAdded;
    if (maxDeletedId !== null) this.maxDeletedId.copy(maxDeletedId);
    this.#headChanged();
  }

  /** Adds a node as it was written down, behind the others; it has entries. */
  appendNode(node: StreamNode): void {
    this.nodes.push(node);
    this.#nodeBytes += node.memoryBytes;
    this.length += node.live;
    this.#isFirstKnown = false;
  }

  // --- groups ---

  get groupCount(): number {
    return this.#groups.size;
  }

  /** In the order of their names. */
  get groups(): readonly StreamGroup[] {
    this.#ordered ??= byName(this.#groups);
    return this.#ordered;
  }

  group(name: Buffer): StreamGroup | null {
    return this.#groups.get(name.toString('latin1')) ?? null;
  }

  /** Adds a group whose name, which is kept, is not there. */
  addGroup(name: Buffer, lastId: StreamId, entriesRead: number): StreamGroup {
    const group = new StreamGroup(name);
    this.#groups.set(name.toString('latin1'), group);
    this.#ordered = null;
    this.setGroup(group, lastId, entriesRead);
    return group;
  }

  setGroup(group: StreamGroup, lastId: StreamId, entriesRead: number): void {
    group.lastId.copy(lastId);
    group.entriesRead = entriesRead;
    this.#changed(this.#keys.group(group));
  }

  removeGroup(group: StreamGroup): void {
    for (const consumer of [...group.consumers]) this.removeConsumer(group, consumer);
    this.#groups.delete(group.name.toString('latin1'));
    this.#ordered = null;
    this.#removed(this.#keys.group(group));
  }

  /** Adds a consumer whose name, which is kept, is not there. */
  addConsumer(group: StreamGroup, name: Buffer, seenAtMs: number): StreamConsumer {
    const consumer = new StreamConsumer(name, seenAtMs);
    group.add(consumer);
    this.#consumers++;
    this.#changed(this.#keys.consumer(group, consumer));
    return consumer;
  }

  /** Notes when a consumer asked for something, and whether it was given something. */
  seen(group: StreamGroup, consumer: StreamConsumer, nowMs: number, isActive: boolean): void {
    if (consumer.seenAtMs === nowMs && (!isActive || consumer.activeAtMs === nowMs)) return;
    consumer.seenAtMs = nowMs;
    if (isActive) consumer.activeAtMs = nowMs;
    this.#changed(this.#keys.consumer(group, consumer));
  }

  /** Removes a consumer and what it has; returns how many entries that were. */
  removeConsumer(group: StreamGroup, consumer: StreamConsumer): number {
    const { size } = consumer.pending;
    for (let entry = consumer.pending.first; entry !== null; entry = consumer.pending.first) {
      this.acknowledge(group, entry);
    }
    group.remove(consumer);
    this.#consumers--;
    this.#removed(this.#keys.consumer(group, consumer));
    return size;
  }

  // --- what was handed out ---

  /** Hands an entry out, whoever has it now; returns it. */
  deliver(
    group: StreamGroup,
    consumer: StreamConsumer,
    id: StreamId,
    atMs: number,
    deliveries: number,
  ): PendingEntry {
    let entry = this.#isNewest(group, id) ? null : group.pending.find(id);
    if (entry === null) {
      entry = new PendingEntry(id, consumer, atMs, deliveries);
      group.pending.insert(entry);
      consumer.pending.insert(entry);
      this.#pending++;
    } else {
      if (entry.consumer !== consumer) {
        entry.consumer.pending.remove(id);
        consumer.pending.insert(entry);
        entry.consumer = consumer;
      }
      entry.deliveredAtMs = atMs;
      entry.deliveries = deliveries;
    }
    this.#changed(this.#keys.pending(group, id));
    return entry;
  }

  #isNewest(group: StreamGroup, id: StreamId): boolean {
    const { last } = group.pending;
    return last === null || last.compare(id) < 0;
  }

  /** An entry is no longer pending; false when it was not. */
  acknowledge(group: StreamGroup, id: StreamId): boolean {
    const entry = group.pending.remove(id);
    if (entry === null) return false;
    entry.consumer.pending.remove(entry);
    this.#pending--;
    this.#removed(this.#keys.pending(group, entry));
    return true;
  }

  // --- counters of groups ---

  /** True when an id that was removed by name is behind an id. */
  hasGapBehind(id: StreamId): boolean {
    if (this.length === 0 || this.maxDeletedId.isZero) return false;
    if (this.firstId.compare(this.maxDeletedId) > 0) return false;
    return id.compare(this.maxDeletedId) <= 0;
  }

  /** Entries ever added up to an id, or UNKNOWN_COUNT. */
  countUpTo(id: StreamId): number {
    const { entriesAdded, length, lastId, maxDeletedId } = this;
    if (entriesAdded === 0) return 0;
    const toLast = id.compare(lastId);
    if (length === 0 && toLast <= 0) return entriesAdded;
    if (toLast === 0) return entriesAdded;
    if (toLast > 0) return UNKNOWN_COUNT;
    const { firstId } = this;
    if (maxDeletedId.isZero || maxDeletedId.compare(firstId) < 0) {
      const toFirst = id.compare(firstId);
      if (toFirst < 0) return entriesAdded - length;
      if (toFirst === 0) return entriesAdded - length + 1;
    }
    return UNKNOWN_COUNT;
  }

  /** Entries that a group has not read, or UNKNOWN_COUNT. */
  lagOf({ lastId, entriesRead }: StreamGroup): number | null {
    if (this.entriesAdded === 0) return 0;
    if (entriesRead !== UNKNOWN_COUNT && !this.hasGapBehind(lastId)) {
      return this.entriesAdded - entriesRead;
    }
    const read = this.countUpTo(lastId);
    return read === UNKNOWN_COUNT ? null : this.entriesAdded - read;
  }

  /** A group has read up to an entry: what is its counter then? */
  readUpTo({ entriesRead }: StreamGroup, id: StreamId): number {
    if (entriesRead !== UNKNOWN_COUNT && !this.hasGapBehind(id)) return entriesRead + 1;
    return this.entriesAdded > 0 ? this.countUpTo(id) : entriesRead;
  }

  // --- the listener ---

  #headChanged(): void {
    if (this.listener !== null) this.#changed(this.#keys.head);
  }

  #nodeChanged(node: StreamNode): void {
    if (this.listener !== null) this.#changed(this.#keys.node(node.id));
  }

  #changed(key: Buffer): void {
    this.listener?.changed(key, 0, key.length);
  }

  #removed(key: Buffer): void {
    this.listener?.removed(key, 0, key.length);
  }
}

function isFull(node: StreamNode, bytes: number, limits: NodeLimits): boolean {
  const most = limits.bytes === 0 ? MOST_ENTRY_BYTES : Math.min(limits.bytes, MOST_ENTRY_BYTES);
  if (node.bytes + bytes >= most) return true;
  return limits.entries > 0 && node.live + node.marked >= limits.entries;
}
