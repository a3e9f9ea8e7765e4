// The second pass over one life: the effects that the scan found whole, one after the other, in
// the order of the log. Joins effects that were cut. Knows nothing of other lives.

import { ArgumentReader } from './argument-reader.ts';
import { LifeReader } from './life-reader.ts';
import type { LifeScan } from './life-scan.ts';
import { StagedParts } from './staged-parts.ts';
import type { WalDirectory } from './wal-directory.ts';
import { WalDamageError } from './wal-errors.ts';
import {
  EFFECT_BLIND,
  FRAME_HEADER_BYTES,
  FRAME_RECORDS,
  MAX_EFFECT_BYTES,
  RECORD_CONTINUATION,
  RECORD_FLAGS,
  RECORD_HEADER_BYTES,
  RECORD_LSN,
  RECORD_NAMESPACE,
  RECORD_NEEDS,
  RECORD_PART,
  RECORD_PREVIOUS,
  RECORD_REFERENCE,
  RECORD_SHARD,
  RECORD_STAGED,
} from './wal-layout.ts';

/** One effect. The object is used again for the next one; `bytes` too. */
export interface WalEffect {
  shard: number;
  namespace: number;
  lsn: number;
  /** The lsn the key had before, 0 for none. */
  previousLsn: number;
  /** True when the effect does not depend on the value before it. */
  blind: boolean;
  /** Damage took an argument of it away: it cannot be applied. */
  isLost: boolean;
  /** The payload is `length` bytes from `offset`. */
  bytes: Uint8Array;
  offset: number;
  length: number;
}

export class EffectCursor {
  readonly scan: LifeScan;
  readonly #reader: LifeReader;
  /** Where large arguments are, and those of the next effect. */
  readonly #staged = new StagedParts(true);
  readonly #arguments: ArgumentReader;
  readonly #isWanted: (shard: number) => boolean;
  readonly #floor: Float64Array;
  readonly effect: WalEffect = {
    shard: 0,
    namespace: 0,
    lsn: 0,
    previousLsn: 0,
    blind: false,
    isLost: false,
    bytes: new Uint8Array(0),
    offset: 0,
    length: 0,
  };
  /** Bytes of frames read. */
  readBytes = 0;
  /** Effects passed over because the floor covers them. */
  skipped = 0;
  #extent = -1;
  #ordinal = 0;
  #droppedAt = 0;
  #recordsLeft = 0;
  #at = 0;
  /** Bytes of an effect that was cut, and how many there are. */
  #joined = new Uint8Array(0);
  #joinedBytes = -1;

  constructor(
    directory: WalDirectory,
    scan: LifeScan,
    isWanted: (shard: number) => boolean,
    floor: Float64Array,
  ) {
    this.scan = scan;
    this.#reader = new LifeReader(directory, scan.life);
    this.#arguments = new ArgumentReader(directory, scan.life);
    this.#isWanted = isWanted;
    this.#floor = floor;
  }

  /** Steps to the next effect to be replayed; false at the end. */
  next(): boolean {
    const { effect } = this;
    for (;;) {
      while (this.#recordsLeft === 0) {
        if (!this.#nextFrame()) return false;
      }
      const { view } = this.#reader;
      const at = this.#at;
      const length = view.getUint32(at, true);
      this.#at = at + ((length + 3) & ~3);
      this.#recordsLeft--;
      const isDropped = this.#isDropped(this.#ordinal++);
      const flags = view.getUint8(at + RECORD_FLAGS);
      if ((flags & RECORD_NEEDS) !== 0) continue;
      if ((flags & RECORD_STAGED) !== 0) {
        const { frameIndex, frameStart, segment } = this.#reader;
        this.#staged.add(view, at, length, frameStart, frameIndex, segment);
        continue;
      }
      const isReference = (flags & RECORD_REFERENCE) !== 0;
      const argument = isReference ? this.#staged.take(view, at) : null;
      if ((flags & RECORD_CONTINUATION) === 0) this.#joinedBytes = -1;
      else if (this.#joinedBytes < 0) continue;
      const shard = view.getUint8(at + RECORD_SHARD);
      if (isDropped || !this.#isWanted(shard)) continue;
      const lsn = view.getFloat64(at + RECORD_LSN, true);
      if (lsn <= this.#floor[shard]!) {
        if ((flags & RECORD_CONTINUATION) === 0 && !isReference) this.skipped++;
        continue;
      }
      if (isReference) {
        this.#arguments.refer(view, at, argument);
        continue;
      }
      effect.shard = shard;
      effect.lsn = lsn;
      effect.namespace = view.getUint32(at + RECORD_NAMESPACE, true);
      effect.previousLsn = view.getFloat64(at + RECORD_PREVIOUS, true);
      effect.blind = (flags & EFFECT_BLIND) !== 0;
      const offset = at + RECORD_HEADER_BYTES;
      if (!this.#complete(flags, offset, length - RECORD_HEADER_BYTES)) continue;
      effect.isLost = this.#arguments.isLost;
      if (this.#arguments.count > 0) this.#arguments.insert(effect);
      return true;
    }
  }

  /** Sets the payload; false when more of it follows in the next frame. */
  #complete(flags: number, offset: number, length: number): boolean {
    const { effect } = this;
    const { bytes } = this.#reader;
    if ((flags & (RECORD_PART | RECORD_CONTINUATION)) === 0) {
      effect.bytes = bytes;
      effect.offset = offset;
      effect.length = length;
      return true;
    }
    const before = Math.max(this.#joinedBytes, 0);
    const after = before + length;
    if (after > MAX_EFFECT_BYTES) this.#changed('an effect larger than any command');
    if (after > this.#joined.length) {
      const grown = new Uint8Array(Math.min(MAX_EFFECT_BYTES, Math.max(after, before * 2)));
      grown.set(this.#joined.subarray(0, before));
      this.#joined = grown;
    }
    this.#joined.set(bytes.subarray(offset, offset + length), before);
    this.#joinedBytes = after;
    if ((flags & RECORD_PART) !== 0) return false;
    effect.bytes = this.#joined;
    effect.offset = 0;
    effect.length = after;
    this.#joinedBytes = -1;
    return true;
  }

  #nextFrame(): boolean {
    const { extents } = this.scan;
    const reader = this.#reader;
    if (this.#extent < 0 || reader.position >= extents[this.#extent]!.to) {
      this.#extent++;
      const extent = extents[this.#extent];
      if (extent === undefined) {
        this.#extent--;
        return false;
      }
      reader.seek(extent.from);
    }
    if (!reader.next()) this.#changed('a frame that was whole is not any more');
    this.readBytes += reader.frameBytes;
    this.#at = reader.frameIndex + FRAME_HEADER_BYTES;
    this.#recordsLeft = reader.view.getUint32(reader.frameIndex + FRAME_RECORDS, true);
    return true;
  }

  #isDropped(ordinal: number): boolean {
    const { dropped } = this.scan;
    while (this.#droppedAt < dropped.length && dropped[this.#droppedAt + 1]! <= ordinal) {
      this.#droppedAt += 2;
    }
    return this.#droppedAt < dropped.length && dropped[this.#droppedAt]! <= ordinal;
  }

  #changed(why: string): never {
    throw new WalDamageError(this.#reader.path, this.#reader.offset, 0, why);
  }

  close(): void {
    this.#reader.close();
    this.#arguments.close();
  }
}
