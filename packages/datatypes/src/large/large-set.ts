// A set of any number of members. Not the packed or the integer form.

import type { ByteRange } from './byte-range.ts';
import { checkElementBytes } from './large-value-error.ts';
import { type LargeValueOptions, MemberCore } from './member-core.ts';

/** Members are bytes of at most 512 MB. */
export class LargeSet extends MemberCore {
  constructor(options: LargeValueOptions) {
    super(options, 0, false);
  }

  /** Adds a member (copied); false when it was there. Throws LargeValueError. */
  insert(bytes: Uint8Array, offset: number = 0, length: number = bytes.length): boolean {
    checkElementBytes(length);
    if (this.locate(bytes, offset, length) !== 0) return false;
    this.add(bytes, offset, length, 0, false);
    this.listener?.changed(bytes, offset, length);
    this.maintain();
    return true;
  }

  /** Removes a member; false when it was not there. */
  delete(bytes: Uint8Array, offset: number = 0, length: number = bytes.length): boolean {
    const record = this.locate(bytes, offset, length);
    if (record === 0) return false;
    this.listener?.removed(bytes, offset, length);
    this.drop(record);
    this.maintain();
    return true;
  }

  /** Removes the member last named by `member`, as `pickMember` does. */
  deleteNamed(): boolean {
    const { bytes, offset, length } = this.member;
    return this.delete(bytes, offset, length);
  }

  /** Visits members from a cursor on; see MemberTable.scan. Returns the next one, 0 at the end. */
  scan(cursor: number, wanted: number, visit: (member: ByteRange) => void): number {
    return this.table.scan(cursor, wanted, (record) => {
      this.records.member(record, this.member);
      visit(this.member);
    });
  }

  /** Visits `wanted` distinct members, or all, every choice with the same probability. */
  sample(wanted: number, visit: (member: ByteRange) => void): void {
    this.sampleRecords(wanted, (record) => {
      this.records.member(record, this.member);
      visit(this.member);
    });
  }
}
