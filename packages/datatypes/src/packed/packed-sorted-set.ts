// A small sorted set in one packed value: a record per member, ordered by score, then by the
// bytes of the member. It knows no syntax of ranges: bounds are scores and members.

import type { ElementBytes } from './element-bytes.ts';
import { FLOAT_BYTES, FORM_SORTED_SET, recordBytes, writeRecordFrame } from './layout.ts';
import { moveBytes, PackedValue } from './packed-value.ts';

/** See packed-value.ts for how plan and apply go together. Scores are never NaN. */
export class PackedSortedSet extends PackedValue {
  // The member `find`, `locate`, a seek or `read` saw last.
  score = 0;
  memberAt = 0;
  memberBytes = 0;

  /** Where the member `locate` looked for belongs: before the record of this number. */
  insertIndex = 0;
  #insertAt = 0;

  constructor() {
    super(FORM_SORTED_SET);
  }

  /** Goes to a member and reads it, `index` is its rank; false when there is none. */
  find(member: ElementBytes): boolean {
    if (!this.findKey(member, FLOAT_BYTES)) return false;
    this.read();
    return true;
  }

  /**
   * Like `find`, and notes where the member belongs with the score it is to have.
   * @returns whether it is there
   */
  locate(member: ElementBytes, score: number): boolean {
    const { bytes, view, count } = this;
    const wanted = member.length + FLOAT_BYTES;
    let placeIndex = -1;
    let placeAt = 0;
    let foundIndex = -1;
    let foundAt = 0;
    let at = this.firstRecord();
    for (let index = 0; index < count; index++) {
      let length = bytes[at]!;
      let payload = at + 1;
      if (length >= 128) length = ((length & 127) << 8) | bytes[payload++]!;
      const name = payload + FLOAT_BYTES;
      if (placeIndex < 0) {
        const here = view.getFloat64(payload, true);
        const isBehind =
          here > score ||
          (here === score && member.compareTo(view, name, length - FLOAT_BYTES) > 0);
        if (isBehind) {
          placeIndex = index;
          placeAt = at;
        }
      }
      if (foundIndex < 0 && length === wanted && member.equals(bytes, view, name)) {
        foundIndex = index;
        foundAt = at;
      }
      if (placeIndex >= 0 && foundIndex >= 0) break;
      at = payload + length + (payload - at);
    }
    this.insertIndex = placeIndex < 0 ? count : placeIndex;
    this.#insertAt = placeIndex < 0 ? this.endAt() : placeAt - this.offset;
    if (foundIndex < 0) {
      this.toEnd();
      return false;
    }
    this.standOn(foundIndex, foundAt);
    this.read();
    return true;
  }

  /** Reads the member the cursor stands on. */
  read(): void {
    this.score = this.view.getFloat64(this.payloadAt, true);
    this.memberAt = this.payloadAt + FLOAT_BYTES;
    this.memberBytes = this.payloadBytes - FLOAT_BYTES;
  }

  /** Bytes of the value, its head included also where it does not exist yet. */
  get usedBytes(): number {
    return this.endAt();
  }

  /** Bytes one more member takes. */
  elementBytes(length: number): number {
    return recordBytes(length + FLOAT_BYTES);
  }

  /** Adds the member that `locate` has just not found; returns the new length in bytes. */
  planInsert(member: ElementBytes): number {
    return this.planSplice(this.#insertAt, 0, this.elementBytes(member.length));
  }

  /** Applies `planInsert`. */
  applyInsert(member: ElementBytes, score: number): void {
    this.splice(this.count + 1);
    this.#write(this.offset + this.plan.at, member, score);
  }

  /**
   * Gives the member that `locate` has just found the score it was told, and its new place. The
   * length stays, so this needs no plan; the cursor is rewound.
   * @param member not bytes of this value: they move
   */
  applyMove(member: ElementBytes, score: number): void {
    const { bytes, recordAt, recordEnd } = this;
    const size = recordEnd - recordAt;
    const target = this.offset + this.#insertAt;
    if (target < recordAt) {
      moveBytes(bytes, target + size, target, recordAt - target);
      this.#write(target, member, score);
    } else if (target > recordEnd) {
      moveBytes(bytes, recordAt, recordEnd, target - recordEnd);
      this.#write(target - size, member, score);
    } else {
      this.view.setFloat64(this.payloadAt, score, true);
    }
    this.rewind();
  }

  /** Goes to the first member with a score of at least (exclusive: above) `least`. */
  seekFirst(least: number, isExclusive: boolean): boolean {
    this.rewind();
    while (this.next()) {
      const score = this.view.getFloat64(this.payloadAt, true);
      if (score < least || (isExclusive && score === least)) continue;
      this.read();
      return true;
    }
    return false;
  }

  /** Goes to the last member with a score of at most (exclusive: below) `most`. */
  seekLast(most: number, isExclusive: boolean): boolean {
    this.toEnd();
    while (this.previous()) {
      const score = this.view.getFloat64(this.payloadAt, true);
      if (score > most || (isExclusive && score === most)) continue;
      this.read();
      return true;
    }
    return false;
  }

  /** Goes to the first member not before (exclusive: behind) `least`; all scores are equal. */
  seekFirstLex(least: ElementBytes, isExclusive: boolean): boolean {
    this.rewind();
    while (this.next()) {
      const order = this.#compareHere(least);
      if (order < 0 || (isExclusive && order === 0)) continue;
      this.read();
      return true;
    }
    return false;
  }

  /** Goes to the last member not behind (exclusive: before) `most`; all scores are equal. */
  seekLastLex(most: ElementBytes, isExclusive: boolean): boolean {
    this.toEnd();
    while (this.previous()) {
      const order = this.#compareHere(most);
      if (order > 0 || (isExclusive && order === 0)) continue;
      this.read();
      return true;
    }
    return false;
  }

  /** Gives what has the score -0 the score 0, which keeps its place. */
  dropMinusZeros(): void {
    for (let found = this.seekFirst(0, false); found && this.score === 0; found = this.next()) {
      this.read();
      if (this.score === 0) this.view.setFloat64(this.payloadAt, 0, true);
    }
  }

  #compareHere(member: ElementBytes): number {
    return member.compareTo(
      this.view,
      this.payloadAt + FLOAT_BYTES,
      this.payloadBytes - FLOAT_BYTES,
    );
  }

  #write(at: number, member: ElementBytes, score: number): void {
    const payload = writeRecordFrame(this.bytes, at, member.length + FLOAT_BYTES);
    this.view.setFloat64(payload, score, true);
    member.copyTo(this.bytes, this.view, payload + FLOAT_BYTES);
  }
}
