// The logs of a process as every thread sees them: hands sealed bytes to the kernel, makes them
// durable, says how far both are, and fences a log that cannot go on. Appends nothing (WalWriter)
// and makes no files (SegmentKeeper).
//
// The buffer of a log, by positions:
//
//        handed                sealed          end of the open frame
//   ───────┼─────────────────────┼──────────────────┼───────────────▶  at most bufferBytes
//   kernel │  anybody, under     │  owner           │                  from handed to the end
//   has it │  the lock, reads    │  writes          │
//
// - The owner alone writes bytes, and only behind `sealed`; it announces `sealed` with an atomic
//   store after the last byte of a frame. A hand-over loads that word and reads bytes before it,
//   so it reads whole frames and never a byte that is being written.
// - The holder of the lock alone moves `handed`, after the kernel took the bytes. The owner loads
//   it before it writes over old bytes, so nothing is overwritten before it was handed over. An
//   owner that sees an old value only thinks the buffer fuller than it is.
// - The current segment, its descriptor and the table of segments change under the lock. A sync
//   reads `handed`, then the count of segments: every byte before that `handed` is in one of the
//   segments counted, and a segment that is not the last counted gets no bytes any more. So it
//   needs no lock against hand-overs, and the kernel writes while the owner goes on.
// - Descriptors are closed under the sync lock only, never while one is synced: a number that was
//   reused would make fdatasync vouch for another file. `renew` takes sync lock, then lock;
//   nothing takes the second before the first.
// - State goes from OPEN to a fence by whoever met the error, and back by `retry` and `renew`.
//   NO_SPACE: nothing is half done, the same bytes may be tried again. BROKEN: the kernel failed
//   to write or to sync, and nobody knows which pages it dropped; the files are never written
//   and never synced again, and `synced` stays where it was until `renew`.

import { invariant } from '@forgekv/base';
import { type FileSystem, writeFully } from '../file-system.ts';
import { writeSegmentHeader } from './segment-header.ts';
import { errorCode, SegmentKeeper } from './segment-keeper.ts';
import { readCounters, type WalCounters } from './wal-counters.ts';
import { WalFencedError } from './wal-errors.ts';
import { codeOfErrno, fence, WAL_BROKEN, WAL_NO_SPACE, WAL_OPEN } from './wal-fence.ts';
import {
  BYTES_F,
  CURRENT_FD,
  ERRNO,
  FIRST_SEGMENT,
  HANDED_F,
  HANDED_LOW,
  HEADER_END,
  LAST_SYNC_F,
  LOCK,
  NEXT_FD,
  RENEWALS,
  RENEWED,
  SEALED_F,
  SEALED_LOW,
  SEGMENT_COUNT,
  SEGMENT_FIRST,
  SEGMENT_HEADER_BYTES,
  SEGMENTS_F,
  STATE,
  SYNC_LOCK,
  SYNCED_F,
  SYNCED_LOW,
  SYNCS_F,
  WRITES_F,
} from './wal-layout.ts';
import { releaseLock, takeLock } from './wal-lock.ts';
import { LogBlock, type WalTransfer } from './wal-memory.ts';

/** A lock is held for a write at most; its holder has died when it is held for longer. */
const LOCK_TIMEOUT_MS = 10_000;

export class WalLogs {
  readonly transfer: WalTransfer;
  readonly #files: FileSystem;
  readonly #blocks: readonly LogBlock[];
  readonly #keeper: SegmentKeeper;
  readonly #header = new Uint8Array(SEGMENT_HEADER_BYTES);

  constructor(transfer: WalTransfer, files: FileSystem) {
    this.transfer = transfer;
    this.#files = files;
    this.#blocks = transfer.blocks.map((_, log) => new LogBlock(transfer, log));
    this.#keeper = new SegmentKeeper(transfer, this.#blocks, files);
  }

  /** The log's memory, for its writer. */
  block(log: number): LogBlock {
    const block = this.#blocks[log];
    invariant(block !== undefined, 'there is no such log');
    return block;
  }

  /** Position up to which frames are whole. Cheap, as the next two; from any thread. */
  sealed(log: number): number {
    return this.block(log).position(SEALED_LOW, SEALED_F);
  }

  /** Position up to which the kernel has the bytes: they survive the process. */
  handed(log: number): number {
    return this.block(log).position(HANDED_LOW, HANDED_F);
  }

  /** Position up to which the bytes survive a power loss. */
  synced(log: number): number {
    return this.block(log).position(SYNCED_LOW, SYNCED_F);
  }

  /** WAL_OPEN, WAL_NO_SPACE or WAL_BROKEN. */
  state(log: number): number {
    return Atomics.load(this.block(log).words, STATE);
  }

  /** Code of the error that fenced the log ('ENOSPC', 'EIO'), '' when it is open. */
  fenceCode(log: number): string {
    const { words } = this.block(log);
    return Atomics.load(words, STATE) === WAL_OPEN ? '' : codeOfErrno(words[ERRNO]!);
  }

  /**
   * Hands everything sealed so far to the kernel. Any thread, any log.
   * @returns true when the kernel has it; false when the log is fenced, now or before, or its
   *   lock could not be had because its holder died
   */
  handOver(log: number): boolean {
    const block = this.block(log);
    const sealedLow = Atomics.load(block.words, SEALED_LOW);
    if (sealedLow === Atomics.load(block.words, HANDED_LOW)) return true;
    if (!takeLock(block.words, LOCK, LOCK_TIMEOUT_MS)) return false;
    try {
      return this.#handOver(log, block);
    } finally {
      releaseLock(block.words, LOCK);
    }
  }

  #handOver(log: number, block: LogBlock): boolean {
    const { words, floats } = block;
    let handed = floats[HANDED_F]!;
    const sealed = handed + ((Atomics.load(words, SEALED_LOW) - (handed | 0)) >>> 0);
    while (handed < sealed) {
      if (Atomics.load(words, STATE) !== WAL_OPEN) return false;
      const end = this.#fitting(block, handed, sealed);
      if (end === handed) {
        if (!this.#nextSegment(log, handed)) return false;
        continue;
      }
      try {
        this.#write(block, handed, end);
      } catch (error) {
        // Trying the same bytes at the same place again is all that disk full asks for.
        fence(block, errorCode(error) === 'ENOSPC' ? WAL_NO_SPACE : WAL_BROKEN, error);
        return false;
      }
      handed = end;
      block.publish(HANDED_LOW, HANDED_F, handed);
    }
    return true;
  }

  /** Returns how far the frames from `handed` on fit into the current segment. */
  #fitting(block: LogBlock, handed: number, sealed: number): number {
    if (block.words[CURRENT_FD]! < 0) return handed;
    const current = block.words[SEGMENT_COUNT]! - 1;
    const end = block.segmentStart(current) + block.segmentSize(current) - SEGMENT_HEADER_BYTES;
    if (sealed <= end) return sealed;
    const mask = this.transfer.bufferBytes - 1;
    let position = handed;
    while (position < sealed) {
      const length = block.bufferWords[(position & mask) >> 2]!;
      invariant(length > 0 && position + length <= sealed, 'a frame in the buffer is damaged');
      if (position + length > end) break;
      position += length;
    }
    return position;
  }

  #write(block: LogBlock, from: number, to: number): void {
    const { words, floats, bytes } = block;
    const { bufferBytes } = this.transfer;
    const fd = words[CURRENT_FD]!;
    const start = block.segmentStart(words[SEGMENT_COUNT]! - 1);
    const at = from & (bufferBytes - 1);
    const offset = SEGMENT_HEADER_BYTES + (from - start);
    const first = Math.min(to - from, bufferBytes - at);
    writeFully(this.#files, fd, bytes, at, first, offset);
    const rest = to - from - first;
    if (rest > 0) writeFully(this.#files, fd, bytes, 0, rest, offset + first);
    floats[BYTES_F] = floats[BYTES_F]! + to - from;
    floats[WRITES_F] = floats[WRITES_F]! + (rest > 0 ? 2 : 1);
  }

  /** Leaves the current segment and begins the next one at `start`; false: fenced. */
  #nextSegment(log: number, start: number): boolean {
    const block = this.#blocks[log]!;
    const { words, floats } = block;
    const count = words[SEGMENT_COUNT]!;
    try {
      if (count - Atomics.load(words, FIRST_SEGMENT) >= this.transfer.maxSegments) {
        throw Object.assign(new Error('ENOSPC: too many segments'), { code: 'ENOSPC' });
      }
      const flags = words[RENEWED] === 1 ? SEGMENT_FIRST : 0;
      this.#keeper.takeNext(log, (fd, sequence, size) => {
        const { generation, salt } = this.transfer;
        const header = { generation, log, sequence, start, flags, salt };
        writeSegmentHeader(this.#header, header);
        writeFully(this.#files, fd, this.#header, 0, SEGMENT_HEADER_BYTES, 0);
        // Before any frame tells that everything up to here is durable.
        if (flags !== 0) this.#files.fdatasync(fd);
        block.addSegment(count, header, size, fd);
        words[CURRENT_FD] = fd;
      });
    } catch (error) {
      // Nothing of the log was in that file: another one will do.
      fence(block, WAL_NO_SPACE, error);
      return false;
    }
    words[RENEWED] = 0;
    if (count > 0) block.closeSegment(count - 1);
    floats[SEGMENTS_F] = floats[SEGMENTS_F]! + 1;
    floats[BYTES_F] = floats[BYTES_F]! + SEGMENT_HEADER_BYTES;
    Atomics.store(words, SEGMENT_COUNT, count + 1);
    return true;
  }

  /**
   * Makes everything handed over so far durable. Any thread; two at once wait for each other,
   * and the second finds its work done or does the rest.
   * @returns false when it could not: the log is broken
   */
  sync(log: number): boolean {
    const block = this.block(log);
    const target = this.handed(log);
    if (this.synced(log) >= target) return true;
    if (!takeLock(block.words, SYNC_LOCK, LOCK_TIMEOUT_MS)) return false;
    try {
      return this.synced(log) >= target || this.#sync(log, block);
    } finally {
      releaseLock(block.words, SYNC_LOCK);
    }
  }

  #sync(log: number, block: LogBlock): boolean {
    const { words, floats } = block;
    if (Atomics.load(words, STATE) === WAL_BROKEN) return false;
    const target = this.handed(log);
    const count = Atomics.load(words, SEGMENT_COUNT);
    for (let segment = words[FIRST_SEGMENT]!; segment < count; segment++) {
      if (block.isSegmentSynced(segment)) continue;
      const fd = block.segmentFd(segment);
      try {
        this.#files.fdatasync(fd);
      } catch (error) {
        fence(block, WAL_BROKEN, error);
        return false;
      }
      floats[SYNCS_F] = floats[SYNCS_F]! + 1;
      if (segment === count - 1) break;
      block.markSegmentSynced(segment);
      block.clearSegmentFd(segment);
      this.#close(fd);
    }
    if (Atomics.load(words, STATE) === WAL_BROKEN) return false;
    floats[LAST_SYNC_F] = Date.now();
    block.publish(SYNCED_LOW, SYNCED_F, target);
    return true;
  }

  #syncShared(block: LogBlock, fd: number, hasFrames: boolean): void {
    try {
      this.#files.fdatasync(fd);
    } catch (error) {
      if (hasFrames) fence(block, WAL_BROKEN, error);
      throw error;
    }
  }

  #close(fd: number): void {
    try {
      this.#files.close(fd);
    } catch {
      // The descriptor is gone either way, and its bytes are durable or given up.
    }
  }

  /**
   * Opens a log again that was fenced for want of space, if a segment can be had now.
   * @returns true when the log is open
   */
  retry(log: number): boolean {
    const { words } = this.block(log);
    if (Atomics.load(words, STATE) === WAL_OPEN) return true;
    if (Atomics.load(words, STATE) !== WAL_NO_SPACE) return false;
    if (this.prepare(log) !== '') return false;
    Atomics.compareExchange(words, STATE, WAL_NO_SPACE, WAL_OPEN);
    return this.handOver(log);
  }

  /**
   * Goes on with a fresh segment after a write or a sync failed. The caller has made every
   * effect before `handed` durable elsewhere; so `synced` moves there, and what is missing in
   * the files before it is no damage. The segment's header is written and synced first: a disk
   * that still fails lets the log as it is.
   * @returns true when the log is open and what was waiting in its buffer is handed over
   */
  renew(log: number): boolean {
    const block = this.block(log);
    const { words, floats } = block;
    if (!takeLock(words, SYNC_LOCK, LOCK_TIMEOUT_MS)) return false;
    try {
      if (!takeLock(words, LOCK, LOCK_TIMEOUT_MS)) return false;
      try {
        if (Atomics.load(words, STATE) === WAL_BROKEN) {
          this.#giveUpSegments(block);
          words[RENEWED] = 1;
          Atomics.add(words, RENEWALS, 1);
          block.publish(SYNCED_LOW, SYNCED_F, floats[HANDED_F]!);
          if (!this.#nextSegment(log, floats[HANDED_F]!)) return false;
          Atomics.store(words, STATE, WAL_OPEN);
        }
        return this.#handOver(log, block);
      } finally {
        releaseLock(words, LOCK);
      }
    } finally {
      releaseLock(words, SYNC_LOCK);
    }
  }

  #giveUpSegments(block: LogBlock): void {
    const { words } = block;
    for (let i = words[FIRST_SEGMENT]!; i < words[SEGMENT_COUNT]!; i++) {
      const fd = block.segmentFd(i);
      block.giveUpSegment(i);
      block.clearSegmentFd(i);
      if (fd >= 0) this.#close(fd);
    }
    words[CURRENT_FD] = -1;
  }

  /** True while the log's next segment is ready: there is nothing to prepare. */
  isPrepared(log: number): boolean {
    return this.#keeper.isPrepared(log);
  }

  /**
   * Makes the log's next segment ready, so that no hand-over has to wait for it. For a thread
   * that may block for as long as writing a segment takes.
   * @param frameBytes room it must have, for a group larger than a segment
   * @returns '' or the code of the error; a log is not fenced before it needs the segment
   */
  prepare(log: number, frameBytes = 0): string {
    try {
      this.#keeper.prepare(log, frameBytes);
      return '';
    } catch (error) {
      return errorCode(error);
    }
  }

  /** Syncs all logs, then removes what it can: see SegmentKeeper.retire. */
  retire(durable: Float64Array): number {
    for (let log = 0; log < this.#blocks.length; log++) this.sync(log);
    return this.#keeper.retire(durable, (log, segment) => this.#markFirst(log, segment));
  }

  /** Under the sync lock. Where frames may be unsynced too, a failure breaks the log. */
  #markFirst(log: number, segment: number): void {
    const block = this.#blocks[log]!;
    const { generation, salt } = this.transfer;
    const sequence = block.segmentSequence(segment);
    const start = block.segmentStart(segment);
    const header = new Uint8Array(SEGMENT_HEADER_BYTES);
    const flags = SEGMENT_FIRST;
    writeSegmentHeader(header, { generation, log, sequence, start, flags, salt });
    const shared = block.segmentFd(segment);
    if (shared >= 0 && Atomics.load(block.words, STATE) === WAL_BROKEN) {
      throw new WalFencedError(log, this.fenceCode(log));
    }
    const fd = shared >= 0 ? shared : this.#files.openWrite(this.#keeper.path(log, sequence));
    try {
      writeFully(this.#files, fd, header, 0, HEADER_END, 0);
      this.#syncShared(block, fd, shared >= 0);
    } finally {
      if (shared < 0) this.#close(fd);
    }
  }

  /** Closes all descriptors, when no thread uses the logs any more. Syncs nothing. */
  close(): void {
    for (const block of this.#blocks) {
      this.#giveUpSegments(block);
      const next = Atomics.exchange(block.words, NEXT_FD, -1);
      if (next >= 0) this.#close(next);
    }
  }

  counters(log: number): WalCounters {
    return readCounters(this.block(log));
  }
}
