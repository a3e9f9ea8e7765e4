// A small set in one packed value: a record per member, in the order they were added. Sets of
// integers only have a form of their own, packed-intset.ts.

import type { ElementBytes } from './element-bytes.ts';
import { FORM_SET, recordBytes, writeRecordFrame } from './layout.ts';
import { PackedValue } from './packed-value.ts';

/** See packed-value.ts for how plan and apply go together. */
export class PackedSet extends PackedValue {
  constructor() {
    super(FORM_SET);
  }

  /** Goes to a member; false when there is none. */
  find(member: ElementBytes): boolean {
    return this.findKey(member, 0);
  }

  /** Bytes one more member takes. */
  memberBytes(length: number): number {
    return recordBytes(length);
  }

  /** Adds a member of so many bytes that is not there yet; returns the new length in bytes. */
  planAdd(length: number): number {
    return this.planSplice(this.endAt(), 0, recordBytes(length));
  }

  /** Applies `planAdd`. */
  applyAdd(member: ElementBytes): void {
    this.splice(this.count + 1);
    const at = writeRecordFrame(this.bytes, this.offset + this.plan.at, member.length);
    member.copyTo(this.bytes, this.view, at);
  }
}
