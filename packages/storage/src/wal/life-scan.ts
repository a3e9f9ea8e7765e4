// The first pass over one life: checks every frame, finds where the log ends, which groups are
// whole, and which lsns they have. Applies nothing.
//
// A frame is missing where the next one is expected. Then everything behind is looked through:
// - No whole frame follows: the log ends here.
// - A frame follows that was sealed when this place was known to be durable: damage.
// - Otherwise the place was never durable, and the kernel wrote what follows before it when the
//   power went: the log ends here, and what follows is cut off.
//
// The first frame of a life may begin within a group: what came before is durable elsewhere, so
// the rest of the group belongs to it and counts. Behind damage, the rest of a group whose
// beginning is lost does not.

import { LifeReader } from './life-reader.ts';
import { LsnRuns } from './lsn-runs.ts';
import { StagedParts } from './staged-parts.ts';
import type { WalDirectory, WalLife } from './wal-directory.ts';
import { WalDamageError } from './wal-errors.ts';
import {
  FRAME_CONTINUES,
  FRAME_ENDS,
  FRAME_FLAGS,
  FRAME_HEAD,
  FRAME_HEADER_BYTES,
  FRAME_RECORDS,
  FRAME_REFERS,
  FRAME_TAIL,
  NOTE_HEAD_BYTES,
  RECORD_CONTINUATION,
  RECORD_FLAGS,
  RECORD_HEADER_BYTES,
  RECORD_LSN,
  RECORD_REFERENCE,
  RECORD_SHARD,
  RECORD_STAGED,
  SHARDS,
} from './wal-layout.ts';

/** A place from which on the log is not followed, or which recovery passed over. */
export interface WalCut {
  readonly file: string;
  readonly offset: number;
  readonly generation: number;
  readonly log: number;
  /** Bytes of whole frames behind it that are not replayed (a cut), or are (damage). */
  readonly followingBytes: number;
}

export interface ScanOptions {
  /** Which shards' lsns are collected. */
  readonly shards: (shard: number) => boolean;
  /** 64 lsns; effects up to them are passed over. */
  readonly floor: Float64Array;
  /** Goes on behind damage. */
  readonly recover: boolean;
}

/** A stretch of positions that is replayed. */
export interface Extent {
  readonly from: number;
  readonly to: number;
}

export class LifeScan {
  readonly life: WalLife;
  readonly #options: ScanOptions;
  readonly #reader: LifeReader;
  /** Per shard, undefined when the life has nothing of it to replay. */
  readonly lsns: (LsnRuns | undefined)[] = new Array(SHARDS).fill(undefined);
  readonly extents: Extent[] = [];
  /** Ordinals of records, from and to in turn, that belong to groups that are not whole. */
  readonly dropped: number[] = [];
  readonly cuts: WalCut[] = [];
  readonly damages: WalCut[] = [];
  droppedGroups = 0;
  readonly #parts = new StagedParts(false);
  #isDone = false;
  #ordinal = 0;
  /** The unfinished group: its first ordinal, or -1 when there is none; its lsns so far. */
  #groupAt = -1;
  readonly #groupShards: number[] = [];
  readonly #groupLsns: number[] = [];
  #extentFrom: number;
  /** Once everything was looked through: the largest synced position any frame tells of. */
  #synced = -1;

  constructor(directory: WalDirectory, life: WalLife, options: ScanOptions) {
    this.life = life;
    this.#options = options;
    this.#reader = new LifeReader(directory, life);
    this.#extentFrom = this.#reader.position;
    this.#groupAt = 0;
  }

  /**
   * Goes on for about `maxBytes`.
   * @returns bytes read; 0 when the scan is done
   * @throws WalDamageError
   */
  step(maxBytes: number): number {
    const reader = this.#reader;
    let bytes = 0;
    while (bytes < maxBytes && !this.#isDone) {
      if (reader.next()) {
        bytes += reader.frameBytes;
        this.#scanFrame();
      } else {
        this.#isDone = !this.#passHole();
      }
    }
    return bytes;
  }

  close(): void {
    this.#reader.close();
  }

  /** Decides about a missing frame; true when the scan goes on somewhere else. */
  #passHole(): boolean {
    const reader = this.#reader;
    const { position, path, offset } = reader;
    const { generation, log } = this.life;
    if (position > this.#extentFrom) this.extents.push({ from: this.#extentFrom, to: position });
    const { isTorn } = reader;
    const followingBytes = this.#lookThrough();
    const cut: WalCut = { file: path, offset, generation, log, followingBytes };
    if (position >= this.#synced || followingBytes === 0) {
      if (isTorn || followingBytes > 0) this.cuts.push(cut);
      this.#dropGroup();
      this.#extentFrom = position;
      return false;
    }
    if (!this.#options.recover) {
      throw new WalDamageError(
        path,
        offset,
        followingBytes,
        'a frame that was durable is not whole',
      );
    }
    this.damages.push(cut);
    this.#dropGroup();
    reader.seek(position);
    const resumeAt = reader.skip();
    reader.seek(resumeAt);
    this.#extentFrom = resumeAt;
    return true;
  }

  /** Reads all whole frames behind the current place, and returns there. */
  #lookThrough(): number {
    const reader = this.#reader;
    const { position } = reader;
    let bytes = 0;
    // Once is enough, and keeps the scan linear however many frames are missing.
    if (this.#synced >= 0) {
      bytes = reader.skip() < 0 ? 0 : reader.frameBytes;
      reader.seek(position);
      return bytes;
    }
    while (reader.skip() >= 0) {
      do {
        bytes += reader.frameBytes;
        this.#synced = Math.max(this.#synced, reader.syncedUpTo);
      } while (reader.next());
    }
    reader.seek(position);
    return bytes;
  }

  #scanFrame(): void {
    const { view, frameIndex, frameBytes, segment } = this.#reader;
    const flags = view.getUint16(frameIndex + FRAME_FLAGS, true);
    const records = view.getUint32(frameIndex + FRAME_RECORDS, true);
    const head = view.getUint32(frameIndex + FRAME_HEAD, true);
    const tail = view.getUint32(frameIndex + FRAME_TAIL, true);
    if (head + tail > records) this.#malformed('counts of records');
    if ((flags & FRAME_CONTINUES) === 0) this.#dropGroup();
    if ((flags & FRAME_REFERS) !== 0 && this.#lacksArgument(records)) {
      this.#dropFrame(records);
      return;
    }
    const maxLsn = this.life.segments[segment]!.maxLsn;
    const end = frameIndex + frameBytes;
    let at = frameIndex + FRAME_HEADER_BYTES;
    if (head === 0) this.#endHead(flags);
    for (let record = 0; record < records; record++) {
      if (at + RECORD_HEADER_BYTES > end) this.#malformed('a record');
      const length = view.getUint32(at, true);
      const shard = view.getUint8(at + RECORD_SHARD);
      const recordFlags = view.getUint8(at + RECORD_FLAGS);
      const lsn = view.getFloat64(at + RECORD_LSN, true);
      if (length < RECORD_HEADER_BYTES || at + length > end) this.#malformed('a record');
      if (shard >= SHARDS || !(lsn >= 0 && lsn < 2 ** 53)) this.#malformed('a record');
      if (lsn > maxLsn[shard]!) maxLsn[shard] = lsn;
      if (record === records - tail) this.#groupAt = this.#ordinal;
      if (record < head && this.#groupAt < 0) this.#drop(this.#ordinal);
      else if ((recordFlags & RECORD_STAGED) !== 0) this.#takePart(at, length);
      else if ((recordFlags & (RECORD_CONTINUATION | RECORD_REFERENCE)) === 0)
        this.#take(shard, lsn, record < head || record >= records - tail);
      this.#ordinal++;
      if (record === head - 1) this.#endHead(flags);
      at += (length + 3) & ~3;
    }
  }

  #takePart(at: number, length: number): void {
    const { view, frameIndex, segment } = this.#reader;
    if (!this.#parts.add(view, at, length, 0, frameIndex, segment)) this.#malformed('a record');
  }

  /**
   * Looks after the references of a frame, whose records are of one group. Segments with parts stay
   * as long as the effect that needs them.
   * @returns true when the group has to be left out, since damage took an argument away
   */
  #lacksArgument(records: number): boolean {
    const { view, frameIndex, frameBytes, segment } = this.#reader;
    const { segments, start } = this.life;
    const { shards, floor } = this.#options;
    const end = frameIndex + frameBytes;
    let isLacking = false;
    let at = frameIndex + FRAME_HEADER_BYTES;
    for (let record = 0; record < records; record++) {
      if (at + RECORD_HEADER_BYTES > end) this.#malformed('a record');
      const length = view.getUint32(at, true);
      if (length < RECORD_HEADER_BYTES || at + length > end) this.#malformed('a record');
      const shard = view.getUint8(at + RECORD_SHARD);
      const lsn = view.getFloat64(at + RECORD_LSN, true);
      if (shard >= SHARDS || !(lsn >= 0 && lsn < 2 ** 53)) this.#malformed('a record');
      segments[segment]!.maxLsn[shard] = Math.max(segments[segment]!.maxLsn[shard]!, lsn);
      if ((view.getUint8(at + RECORD_FLAGS) & RECORD_REFERENCE) !== 0) {
        if (length < RECORD_HEADER_BYTES + NOTE_HEAD_BYTES) this.#malformed('a record');
        const argument = this.#parts.take(view, at);
        for (let i = argument?.segment ?? segment; i < segment; i++) {
          const { maxLsn } = segments[i]!;
          maxLsn[shard] = Math.max(maxLsn[shard]!, lsn);
        }
        if (argument === null && lsn > floor[shard]!) {
          isLacking = true;
          // Unless the beginning of the log went, being covered, this cannot be.
          const isOdd = this.damages.length === 0 && start === 0;
          if (isOdd && shards(shard)) this.#malformed('an effect without its argument');
        }
      }
      at += (length + 3) & ~3;
    }
    return isLacking && this.damages.length > 0;
  }

  /** Leaves out a group that a frame begins or goes on with. */
  #dropFrame(records: number): void {
    this.#dropGroup();
    this.dropped.push(this.#ordinal, this.#ordinal + records);
    this.droppedGroups++;
    this.#ordinal += records;
  }

  /** Behind the records that belong to the group the frame began within. */
  #endHead(flags: number): void {
    if ((flags & FRAME_ENDS) === 0) return;
    if (this.#groupAt < 0) this.droppedGroups++;
    for (let i = 0; i < this.#groupLsns.length; i++) {
      this.#add(this.#groupShards[i]!, this.#groupLsns[i]!);
    }
    this.#forgetGroup();
  }

  #take(shard: number, lsn: number, isOfGroup: boolean): void {
    const { shards, floor } = this.#options;
    if (lsn <= floor[shard]! || !shards(shard)) return;
    if (!isOfGroup) {
      this.#add(shard, lsn);
      return;
    }
    this.#groupShards.push(shard);
    this.#groupLsns.push(lsn);
  }

  #add(shard: number, lsn: number): void {
    let runs = this.lsns[shard];
    if (runs === undefined) {
      runs = new LsnRuns();
      this.lsns[shard] = runs;
    }
    if (lsn < runs.last) this.#malformed('an lsn lower than the one before');
    runs.push(lsn);
  }

  #dropGroup(): void {
    if (this.#groupAt >= 0 && this.#groupAt < this.#ordinal) {
      this.dropped.push(this.#groupAt, this.#ordinal);
      this.droppedGroups++;
    }
    this.#forgetGroup();
  }

  #forgetGroup(): void {
    this.#groupAt = -1;
    this.#groupShards.length = 0;
    this.#groupLsns.length = 0;
  }

  #drop(ordinal: number): void {
    if (this.dropped.at(-1) === ordinal) this.dropped[this.dropped.length - 1] = ordinal + 1;
    else this.dropped.push(ordinal, ordinal + 1);
  }

  #malformed(what: string): never {
    const { path, offset, frameBytes } = this.#reader;
    throw new WalDamageError(path, offset - frameBytes, 0, `${what} that no writer makes`);
  }
}
