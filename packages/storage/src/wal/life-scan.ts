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
//
// A life may be scanned again with an earlier end, for what it builds on: see causal-ends.ts.

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
  NEEDS_LOG,
  NEEDS_UP_TO,
  NOTE_HEAD_BYTES,
  RECORD_CONTINUATION,
  RECORD_FLAGS,
  RECORD_HEADER_BYTES,
  RECORD_LSN,
  RECORD_NEEDS,
  RECORD_REFERENCE,
  RECORD_SHARD,
  RECORD_STAGED,
  SHARDS,
} from './wal-layout.ts';

const NO_EFFECT = RECORD_CONTINUATION | RECORD_REFERENCE | RECORD_NEEDS;

/** A place from which on the log is not followed, or which recovery passed over. */
export interface WalCut {
  readonly file: string;
  readonly offset: number;
  readonly generation: number;
  readonly log: number;
  /** Bytes of whole frames behind it that are not replayed (a cut), or are (damage). */
  readonly followingBytes: number;
  /** What follows builds on what another log has lost. */
  readonly isCausal: boolean;
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
  /** What frames build on: position of the frame, the other log, position in it; in turn. */
  readonly needs: number[] = [];
  readonly #parts = new StagedParts(false);
  readonly #end: number;
  #isDone = false;
  #ordinal = 0;
  /** The unfinished group: its first ordinal, -1 when there is none; its place, its lsns so far. */
  #groupAt = -1;
  #groupPosition: number;
  #groupsEnd = 0;
  readonly #groupShards: number[] = [];
  readonly #groupLsns: number[] = [];
  #extentFrom: number;
  /** Once everything was looked through: the largest synced position any frame tells of. */
  #synced = -1;

  /** @param end position of a frame that it is not followed from on, Infinity: it is */
  constructor(directory: WalDirectory, life: WalLife, options: ScanOptions, end = life.end) {
    this.life = life;
    this.#options = options;
    this.#end = end;
    this.#reader = new LifeReader(directory, life);
    this.#extentFrom = this.#reader.position;
    this.#groupPosition = this.#extentFrom;
    this.#groupAt = 0;
  }

  /** Position behind the last whole group; once the scan is done. */
  get groupsEnd(): number {
    return this.#groupsEnd;
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
      if (reader.position >= this.#end) {
        this.#stop(reader.position);
      } else if (reader.next()) {
        bytes += reader.frameBytes;
        this.#scanFrame();
      } else {
        this.#passHole();
      }
    }
    return bytes;
  }

  /** The log ends here. */
  #stop(position: number): void {
    if (position > this.#extentFrom) this.extents.push({ from: this.#extentFrom, to: position });
    this.#extentFrom = position;
    const isMidGroup = this.#groupAt >= 0 && this.#groupAt < this.#ordinal;
    this.#groupsEnd = isMidGroup ? this.#groupPosition : position;
    this.#dropGroup();
    this.#isDone = true;
  }

  close(): void {
    this.#reader.close();
  }

  /** Decides about a missing frame: the scan stops, or goes on somewhere else. */
  #passHole(): void {
    const reader = this.#reader;
    const { position, path, offset } = reader;
    const { generation, log } = this.life;
    const { isTorn } = reader;
    const followingBytes = this.#lookThrough();
    const cut: WalCut = { file: path, offset, generation, log, followingBytes, isCausal: false };
    if (position >= this.#synced || followingBytes === 0) {
      if (isTorn || followingBytes > 0) this.cuts.push(cut);
      this.#stop(position);
      return;
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
    if (position > this.#extentFrom) this.extents.push({ from: this.#extentFrom, to: position });
    this.#dropGroup();
    reader.seek(position);
    const resumeAt = reader.skip();
    reader.seek(resumeAt);
    this.#extentFrom = resumeAt;
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
      if (record === records - tail) {
        this.#groupAt = this.#ordinal;
        this.#groupPosition = this.#reader.frameStart + at - frameIndex;
      }
      if ((recordFlags & RECORD_NEEDS) !== 0) this.#takeNeed(at, length);
      if (record < head && this.#groupAt < 0) this.#drop(this.#ordinal);
      else if ((recordFlags & RECORD_STAGED) !== 0) this.#takePart(at, length);
      else if ((recordFlags & NO_EFFECT) === 0)
        this.#take(shard, lsn, record < head || record >= records - tail);
      this.#ordinal++;
      if (record === head - 1) this.#endHead(flags);
      at += (length + 3) & ~3;
    }
  }

  #takeNeed(at: number, length: number): void {
    const { view, frameStart } = this.#reader;
    const note = at + RECORD_HEADER_BYTES;
    if (length < RECORD_HEADER_BYTES + NOTE_HEAD_BYTES) this.#malformed('a record');
    const log = view.getFloat64(note + NEEDS_LOG, true);
    this.needs.push(frameStart, log, view.getFloat64(note + NEEDS_UP_TO, true));
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
