// The files of the logs: makes segments ready before they are needed, takes away those that
// nobody needs any more, and keeps a few of them for reuse. Writes no log bytes.
//
// Who may call what: anybody, anything.
// - A log's next segment belongs to the holder of its prepare lock. A hand-over that needs one
//   takes that lock while it holds the log's lock; nobody takes them the other way round.
// - A segment that was left belongs to the holder of the log's sync lock, which closes and
//   removes it. The segment being written is never touched here: a segment is left for ever
//   once a later one is counted.
// - A spare file has a slot with a word: EMPTY, THERE, or BUSY while somebody who won the
//   compare-and-swap renames it. No slot is waited for.
//
// Order of what is durable. A file gets its final name, and that name is durable, before the
// first log byte goes into it; so no power loss brings bytes of a later life back under a name
// of an earlier one. Segments of a log go oldest first, each removal durable before the next:
// what is left is always one stretch of the log, and a hole in it means damage. Before any goes,
// the header of the one that stays is written again, durably, to say that it is the first: so a
// beginning that was taken away is never mistaken for one that was lost, nor the other way round.
// What failed half-way is thrown away and begun again with a new name, so an fsync of the
// directory that failed is never taken for one that succeeded.

import { type FileSystem, writeFully } from '../file-system.ts';
import {
  FIRST_SEGMENT,
  NEXT_FD,
  NEXT_SEQUENCE_F,
  NEXT_SIZE_F,
  PINNED,
  PREPARE_LOCK,
  SEGMENT_COUNT,
  SEGMENT_HEADER_BYTES,
  SEQUENCE,
  SYNC_LOCK,
  segmentName,
  spareName,
} from './wal-layout.ts';
import { releaseLock, takeLock } from './wal-lock.ts';
import type { LogBlock, WalTransfer } from './wal-memory.ts';

const EMPTY = 0;
const THERE = 1;
const BUSY = 2;
const ZEROS = new Uint8Array(256 << 10);
/** Preparing writes a whole segment of zeros, which a busy disk may take long for. */
const LOCK_TIMEOUT_MS = 60_000;

/** Returns the code of a file system's error, EIO when it has none. */
export function errorCode(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return typeof code === 'string' ? code : 'EIO';
}

export type MarkFirst = (log: number, segment: number) => void;

export class SegmentKeeper {
  readonly #transfer: WalTransfer;
  readonly #blocks: readonly LogBlock[];
  readonly #files: FileSystem;
  readonly #slots: Int32Array;

  constructor(transfer: WalTransfer, blocks: readonly LogBlock[], files: FileSystem) {
    this.#transfer = transfer;
    this.#blocks = blocks;
    this.#files = files;
    this.#slots = new Int32Array(transfer.spareSlots);
  }

  path(log: number, sequence: number): string {
    const { directory, generation } = this.#transfer;
    return `${directory}/${segmentName(generation, log, sequence)}`;
  }

  /** True while the log's next segment is ready. May be asked by any thread, without a lock. */
  isPrepared(log: number): boolean {
    return Atomics.load(this.#blocks[log]!.words, NEXT_FD) >= 0;
  }

  /**
   * Makes sure that the log's next segment is ready, with room for `frameBytes` of frames.
   * Throws what the file system throws; then there is nothing new on disk.
   */
  prepare(log: number, frameBytes = 0): void {
    if (frameBytes === 0 && this.isPrepared(log)) return;
    const { words, floats } = this.#blocks[log]!;
    if (!takeLock(words, PREPARE_LOCK, LOCK_TIMEOUT_MS)) {
      throw Object.assign(new Error('EBUSY: a segment is being made'), { code: 'EBUSY' });
    }
    try {
      if (words[NEXT_FD]! < 0) this.#makeNext(log);
      const wanted = SEGMENT_HEADER_BYTES + frameBytes;
      if (floats[NEXT_SIZE_F]! >= wanted) return;
      this.#extend(words[NEXT_FD]!, floats[NEXT_SIZE_F]!, wanted);
      floats[NEXT_SIZE_F] = wanted;
    } finally {
      releaseLock(words, PREPARE_LOCK);
    }
  }

  /**
   * Hands the prepared segment, made now if there is none, to `use`. The caller holds the
   * log's lock. When `use` throws, the file is thrown away.
   */
  takeNext(log: number, use: (fd: number, sequence: number, size: number) => void): void {
    const { words, floats } = this.#blocks[log]!;
    // Nobody else takes it in between: that needs the log's lock.
    do this.prepare(log);
    while (!takeLock(words, PREPARE_LOCK, LOCK_TIMEOUT_MS));
    const fd = words[NEXT_FD]!;
    const sequence = floats[NEXT_SEQUENCE_F]!;
    const size = floats[NEXT_SIZE_F]!;
    Atomics.store(words, NEXT_FD, -1);
    releaseLock(words, PREPARE_LOCK);
    try {
      use(fd, sequence, size);
    } catch (error) {
      this.#discard(fd, this.path(log, sequence));
      throw error;
    }
  }

  #makeNext(log: number): void {
    const { words, floats } = this.#blocks[log]!;
    const { directory, segmentBytes } = this.#transfer;
    words[SEQUENCE] = words[SEQUENCE]! + 1;
    const sequence = words[SEQUENCE]!;
    const path = this.path(log, sequence);
    const isReused = this.#takeSpare(path);
    let fd = -1;
    try {
      fd = isReused ? this.#files.openWrite(path) : this.#files.create(path);
      if (!isReused) this.#extend(fd, 0, segmentBytes);
      this.#files.syncDirectory(directory);
    } catch (error) {
      this.#discard(fd, path);
      throw error;
    }
    floats[NEXT_SEQUENCE_F] = sequence;
    floats[NEXT_SIZE_F] = segmentBytes;
    Atomics.store(words, NEXT_FD, fd);
  }

  #extend(fd: number, from: number, to: number): void {
    for (let at = from; at < to; at += ZEROS.length) {
      writeFully(this.#files, fd, ZEROS, 0, Math.min(ZEROS.length, to - at), at);
    }
    this.#files.fdatasync(fd);
  }

  /** Best effort: a file that stays is an unused one, which the next start removes. */
  #discard(fd: number, path: string): void {
    try {
      if (fd >= 0) this.#files.close(fd);
      this.#files.unlink(path);
    } catch {
      // The error that led here is the one to report.
    }
  }

  #takeSpare(path: string): boolean {
    const { spares, directory } = this.#transfer;
    for (let slot = 0; slot < spares; slot++) {
      if (Atomics.compareExchange(this.#slots, slot, THERE, BUSY) !== THERE) continue;
      try {
        this.#files.rename(`${directory}/${spareName(slot)}`, path);
        return true;
      } catch {
        // A spare that cannot be had is as good as none; its name is overwritten later.
      } finally {
        Atomics.store(this.#slots, slot, EMPTY);
      }
    }
    return false;
  }

  /**
   * Removes, oldest first, the segments of this process that hold nothing but effects with
   * lsn <= durable[shard].
   * @param durable 64 lsns, each covered by synced store batches
   * @param markFirst makes the header of a segment say so, durably, or throws
   * @returns segments removed. Throws what the file system throws; calling again goes on.
   */
  retire(durable: Float64Array, markFirst: MarkFirst): number {
    let removed = 0;
    for (let log = 0; log < this.#blocks.length; log++) {
      const { words } = this.#blocks[log]!;
      if (!takeLock(words, SYNC_LOCK, LOCK_TIMEOUT_MS)) continue;
      try {
        removed += this.#retireLog(log, durable, markFirst);
      } finally {
        releaseLock(words, SYNC_LOCK);
      }
    }
    return removed;
  }

  #retireLog(log: number, durable: Float64Array, markFirst: MarkFirst): number {
    const block = this.#blocks[log]!;
    const { words } = block;
    const pinned = Atomics.load(words, PINNED);
    const all = Atomics.load(words, SEGMENT_COUNT);
    const count = pinned > 0 ? Math.min(all, pinned) : all;
    let end = words[FIRST_SEGMENT]!;
    while (end < count - 1 && block.isSegmentCovered(end, durable)) end++;
    // A segment that was given up cannot vouch for what was before it.
    while (end > words[FIRST_SEGMENT]! && block.isSegmentGivenUp(end)) end--;
    const first = words[FIRST_SEGMENT]!;
    if (end === first) return 0;
    markFirst(log, end);
    for (let segment = first; segment < end; segment++) {
      const fd = block.segmentFd(segment);
      block.clearSegmentFd(segment);
      if (fd >= 0) this.#files.close(fd);
      const isStandard = block.segmentSize(segment) === this.#transfer.segmentBytes;
      this.#remove(this.path(log, block.segmentSequence(segment)), isStandard);
      // The entry is free for reuse from here on.
      Atomics.store(words, FIRST_SEGMENT, segment + 1);
    }
    return end - first;
  }

  #remove(path: string, isStandard: boolean): void {
    const { directory, spares } = this.#transfer;
    // A removal whose fsync of the directory failed is begun again: the file is gone then.
    if (this.#files.exists(path)) {
      let slot = isStandard ? 0 : spares;
      while (slot < spares && !this.#winSlot(slot)) slot++;
      if (slot < spares) this.#moveToSlot(path, slot);
      else this.#files.unlink(path);
    }
    this.#files.syncDirectory(directory);
  }

  #winSlot(slot: number): boolean {
    return Atomics.compareExchange(this.#slots, slot, EMPTY, BUSY) === EMPTY;
  }

  #moveToSlot(path: string, slot: number): void {
    let state = EMPTY;
    try {
      this.#files.rename(path, `${this.#transfer.directory}/${spareName(slot)}`);
      state = THERE;
    } finally {
      Atomics.store(this.#slots, slot, state);
    }
  }
}
