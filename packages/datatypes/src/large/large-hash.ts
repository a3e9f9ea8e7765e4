// A hash of any number of fields, each with a value and perhaps a time at which it expires. It
// has no clock: whoever has one asks for the fields that are due. Not the packed form.

import { invariant } from '@forgekv/base';
import { ByteRange } from './byte-range.ts';
import { checkElementBytes } from './large-value-error.ts';
import { type LargeValueOptions, MemberCore } from './member-core.ts';
import { OrderTree } from './order-tree.ts';

/** For `LargeHash.set`: a field that has a time keeps it. */
export const KEEP_TIME = -1;

/** Visits a field; ranges are valid during the call, `expireAtMs` is 0 without one. */
export type VisitField = (field: ByteRange, value: ByteRange, expireAtMs: number) => void;

/** Fields and values are bytes of at most 512 MB each. */
export class LargeHash extends MemberCore {
  /** The value `get` or `pick` last found; valid until the next call. */
  readonly value: ByteRange = new ByteRange();
  /** The time of the field last found, 0 for never. */
  expireAtMs = 0;
  /** Fields with a time, by time; made with the first of them. */
  #times: OrderTree | null = null;

  constructor(options: LargeValueOptions) {
    super(options, 1, true);
  }

  override get memoryBytes(): number {
    return super.memoryBytes + (this.#times?.memoryBytes ?? 0);
  }

  /** Number of fields that have a time. */
  get timedCount(): number {
    return this.#times?.count ?? 0;
  }

  /** The earliest time of a field in ms, 0 when no field has one. */
  get nextExpireAtMs(): number {
    return this.timedCount === 0 ? 0 : this.#times!.firstScore;
  }

  /** Finds a field: its value in `value`, its time in `expireAtMs`. An expired one is found too. */
  get(bytes: Uint8Array, offset: number = 0, length: number = bytes.length): boolean {
    const record = this.locate(bytes, offset, length);
    if (record === 0) return false;
    this.records.tail(record, this.value);
    this.expireAtMs = this.records.expireAtMs(record);
    return true;
  }

  /** Picks a field, each with the same probability, into `member` and `value`; false when empty. */
  pick(): boolean {
    const record = this.table.random(this.prng);
    if (record === 0) return false;
    this.#name(record);
    return true;
  }

  /**
   * Sets a field (bytes are copied); true when it is new. Whether an old field keeps its time is
   * for the command to say. O(1). Throws LargeValueError with nothing changed.
   * @param expireAtMs 0: no time; KEEP_TIME: as it was
   */
  set(
    field: Uint8Array,
    fieldOffset: number,
    fieldLength: number,
    value: Uint8Array,
    valueOffset: number,
    valueLength: number,
    expireAtMs: number = 0,
  ): boolean {
    checkElementBytes(fieldLength);
    checkElementBytes(valueLength);
    let record = this.locate(field, fieldOffset, fieldLength);
    const isNew = record === 0;
    if (isNew) {
      record = this.add(field, fieldOffset, fieldLength, valueLength, expireAtMs > 0);
      if (expireAtMs > 0) this.#enlist(record, expireAtMs);
    } else {
      const before = this.records.expireAtMs(record);
      record = this.#reshape(record, valueLength, expireAtMs === KEEP_TIME ? before : expireAtMs);
    }
    this.records.writeTail(record, value, valueOffset);
    this.listener?.changed(field, fieldOffset, fieldLength);
    this.maintain();
    return isNew;
  }

  /** Sets or (0) clears the time of a field; false when there is no such field. */
  setExpireAtMs(
    expireAtMs: number,
    bytes: Uint8Array,
    offset: number = 0,
    length: number = bytes.length,
  ): boolean {
    const record = this.locate(bytes, offset, length);
    if (record === 0) return false;
    // A value that lies apart is copied with its record: rare enough.
    this.records.tail(record, this.value);
    const { bytes: from, offset: fromOffset } = this.value;
    const valueLength = this.value.length;
    const shaped = this.#reshape(record, valueLength, expireAtMs);
    if (shaped !== record) this.records.writeTail(shaped, from, fromOffset);
    this.listener?.changed(bytes, offset, length);
    this.maintain();
    return true;
  }

  /** Removes a field; false when it was not there. */
  delete(bytes: Uint8Array, offset: number = 0, length: number = bytes.length): boolean {
    const record = this.locate(bytes, offset, length);
    if (record === 0) return false;
    this.listener?.removed(bytes, offset, length);
    this.#delist(record);
    this.drop(record);
    this.maintain();
    return true;
  }

  /**
   * Removes up to `wanted` fields whose time is at or before `nowMs`, the earliest first.
   * @param visit sees each field before it goes; may not change the hash
   * @returns how many were removed
   */
  removeExpired(nowMs: number, wanted: number, visit: VisitField | null = null): number {
    let removed = 0;
    for (; removed < wanted && this.timedCount > 0; removed++) {
      if (this.#times!.firstScore > nowMs) break;
      const record = this.#times!.firstRecord;
      this.#name(record);
      visit?.(this.member, this.value, this.expireAtMs);
      this.relocate(record);
      this.listener?.removed(this.member.bytes, this.member.offset, this.member.length);
      this.#delist(record);
      this.drop(record);
      this.maintain();
    }
    return removed;
  }

  /** Visits fields from a cursor on; see MemberTable.scan. Returns the next one, 0 at the end. */
  scan(cursor: number, wanted: number, visit: VisitField): number {
    return this.table.scan(cursor, wanted, (record) => this.#show(record, visit));
  }

  /** Visits `wanted` distinct fields, or all, every choice with the same probability. */
  sample(wanted: number, visit: VisitField): void {
    this.sampleRecords(wanted, (record) => this.#show(record, visit));
  }

  protected override recordMoved(from: number, to: number): void {
    const expireAtMs = this.records.expireAtMs(from);
    if (expireAtMs !== 0) this.#times!.replaceRecord(expireAtMs, from, to);
  }

  #show(record: number, visit: VisitField): void {
    this.#name(record);
    visit(this.member, this.value, this.expireAtMs);
  }

  #name(record: number): void {
    this.records.member(record, this.member);
    this.records.tail(record, this.value);
    this.expireAtMs = this.records.expireAtMs(record);
  }

  /**
   * Gives the record `locate` has just found room for a value and perhaps a time. Returns the
   * record the field has now; when it is another one, the value is still to be written.
   */
  #reshape(record: number, valueLength: number, expireAtMs: number): number {
    const { records } = this;
    if (records.isTimed(record) || expireAtMs === 0) {
      if (records.expireAtMs(record) === expireAtMs && records.resizeTail(record, valueLength)) {
        return record;
      }
    }
    const { member } = this;
    records.member(record, member);
    const { bytes, offset, length } = member;
    const timed = expireAtMs > 0;
    // Made before anything is let go: it may fail. A young segment may be replaced meanwhile, but
    // the old one keeps its bytes.
    const next = records.create(bytes, offset, length, valueLength, timed);
    this.#delist(record);
    this.table.replaceFound(next);
    records.destroy(record);
    if (timed) this.#enlist(next, expireAtMs);
    return next;
  }

  #enlist(record: number, expireAtMs: number): void {
    invariant(Number.isFinite(expireAtMs), 'an expiry time is a number');
    this.records.setExpireAtMs(record, expireAtMs);
    this.#times ??= new OrderTree(this.records);
    this.#times.insert(expireAtMs, record);
  }

  #delist(record: number): void {
    const expireAtMs = this.records.expireAtMs(record);
    if (expireAtMs !== 0) this.#times!.remove(expireAtMs, record);
  }
}
