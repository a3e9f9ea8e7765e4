// The shared memory of all logs of a process, and one thread's view of one log's block. Knows
// where things are and how they are published; what they mean is decided by writer and logs.

import { randomInt } from 'node:crypto';
import { invariant } from '@forgekv/base';
import type { SegmentHeader } from './segment-header.ts';
import {
  CURRENT_FD,
  LAST_LSN_F,
  MAX_BUFFER_BYTES,
  MAX_LOGS,
  MIN_BUFFER_BYTES,
  MIN_SEGMENT_BYTES,
  NEXT_FD,
  SEGMENT_FD,
  SEGMENT_LSN_F,
  SEGMENT_SEQUENCE_F,
  SEGMENT_SIZE_F,
  SEGMENT_START_F,
  SEGMENT_SYNCED,
  SHARDS,
  TABLE_ENTRY_F,
  TABLE_F,
} from './wal-layout.ts';

const DEFAULT_BUFFER_BYTES = 4 << 20;
const DEFAULT_SEGMENT_BYTES = 64 << 20;
const DEFAULT_MAX_SEGMENTS = 256;
const DEFAULT_SPARES = 4;
const MAX_SPARES = 64;
const SYNCED = 1;
const GIVEN_UP = 2;

export interface WalOptions {
  /** Logs, one per executing thread: 1..999. */
  readonly logs: number;
  /** Directory of the segment files; it exists. */
  readonly directory: string;
  /** `nextGeneration` of the opened directory. */
  readonly generation: number;
  /** Bytes of a segment file, at least 64 KB. Default 64 MB. */
  readonly segmentBytes?: number;
  /** Bytes of a log's buffer, a power of two, 64 KB..64 MB. Default 4 MB. */
  readonly bufferBytes?: number;
  /** Segments a log may have before it is fenced as if the disk were full. Default 256. */
  readonly maxSegments?: number;
  /** Files kept for reuse, of all logs together: 0..64. Default 4. */
  readonly spares?: number;
}

/** What every thread gets; can be sent to a worker thread. */
export interface WalTransfer extends Required<WalOptions> {
  /** Random, unsigned 32 bits: see the layout. */
  readonly salt: number;
  /** A word per spare file: see SegmentKeeper. */
  readonly spareSlots: SharedArrayBuffer;
  readonly blocks: readonly SharedArrayBuffer[];
  readonly buffers: readonly SharedArrayBuffer[];
}

/** Makes the shared memory of all logs, empty. */
export function createWalMemory(options: WalOptions): WalTransfer {
  const { logs, directory, generation } = options;
  const bufferBytes = options.bufferBytes ?? DEFAULT_BUFFER_BYTES;
  const segmentBytes = options.segmentBytes ?? DEFAULT_SEGMENT_BYTES;
  const maxSegments = options.maxSegments ?? DEFAULT_MAX_SEGMENTS;
  const spares = options.spares ?? DEFAULT_SPARES;
  invariant(Number.isInteger(logs) && logs >= 1 && logs <= MAX_LOGS, 'there are 1 to 999 logs');
  invariant((bufferBytes & (bufferBytes - 1)) === 0, 'a log buffer is a power of two');
  invariant(
    bufferBytes >= MIN_BUFFER_BYTES && bufferBytes <= MAX_BUFFER_BYTES,
    'a log buffer is 64 KB to 64 MB',
  );
  invariant(segmentBytes >= MIN_SEGMENT_BYTES, 'a segment is at least 64 KB');
  invariant(maxSegments >= 2 && spares >= 0 && spares <= MAX_SPARES, 'bounds of segments');
  invariant(generation >= 1 && generation < 2 ** 32, 'a generation is 1..2^32-1');
  const blockBytes = (TABLE_F + maxSegments * TABLE_ENTRY_F) * 8;
  const blocks = Array.from({ length: logs }, () => {
    const block = new SharedArrayBuffer(blockBytes);
    const words = new Int32Array(block);
    words[CURRENT_FD] = -1;
    words[NEXT_FD] = -1;
    return block;
  });
  return {
    logs,
    directory,
    generation,
    segmentBytes,
    bufferBytes,
    maxSegments,
    spares,
    salt: randomInt(2 ** 32),
    spareSlots: new SharedArrayBuffer(Math.max(spares, 1) * 4),
    blocks,
    buffers: Array.from({ length: logs }, () => new SharedArrayBuffer(bufferBytes)),
  };
}

/**
 * One thread's view of one log.
 *
 * Positions are float64, written plainly, then announced by an atomic store of their low 32
 * bits. Who reads the atomic word first reads a float64 at least as new as the word: everything
 * written before either (the bytes of a frame, the effect of a system call) is visible. Aligned
 * float64 are written by one instruction on the 64-bit machines Node.js runs on. Where the very
 * bytes up to a position are read, the low word alone says how far they go (`sealedFrom`).
 */
export class LogBlock {
  readonly words: Int32Array;
  readonly floats: Float64Array;
  readonly bytes: Uint8Array;
  /** The buffer as words: frame lengths. */
  readonly bufferWords: Int32Array;
  readonly #maxSegments: number;

  constructor(transfer: WalTransfer, log: number) {
    invariant(log >= 0 && log < transfer.logs, 'there is no such log');
    const block = transfer.blocks[log]!;
    this.words = new Int32Array(block);
    this.floats = new Float64Array(block);
    this.bytes = new Uint8Array(transfer.buffers[log]!);
    this.bufferWords = new Int32Array(transfer.buffers[log]!);
    this.#maxSegments = transfer.maxSegments;
  }

  /** Reads a position that other threads write. */
  position(lowWord: number, index: number): number {
    Atomics.load(this.words, lowWord);
    return this.floats[index]!;
  }

  /** Announces a position; everything written before is visible to who reads it. */
  publish(lowWord: number, index: number, position: number): void {
    this.floats[index] = position;
    Atomics.store(this.words, lowWord, position | 0);
  }

  /** Index of entry `segment` (counted from the start of the process) among the float64. */
  #entry(segment: number): number {
    return TABLE_F + (segment % this.#maxSegments) * TABLE_ENTRY_F;
  }

  /** Fills the entry of a new segment; the caller then counts it in. */
  addSegment(segment: number, header: SegmentHeader, size: number, fd: number): void {
    const entry = this.#entry(segment);
    this.floats[entry + SEGMENT_SEQUENCE_F] = header.sequence;
    this.floats[entry + SEGMENT_START_F] = header.start;
    this.floats[entry + SEGMENT_SIZE_F] = size;
    this.words[entry * 2 + SEGMENT_FD] = fd;
    this.words[entry * 2 + SEGMENT_SYNCED] = 0;
  }

  /**
   * Notes the largest lsn per shard a segment can have, when it is left. The owner may have
   * appended more since: then the segment is kept a little longer than it must be.
   */
  closeSegment(segment: number): void {
    const entry = this.#entry(segment) + SEGMENT_LSN_F;
    for (let shard = 0; shard < SHARDS; shard++) {
      this.floats[entry + shard] = this.floats[LAST_LSN_F + shard]!;
    }
  }

  /** Lets a segment that was left stay until the stores have an lsn. */
  coverLsn(segment: number, shard: number, lsn: number): void {
    const index = this.#entry(segment) + SEGMENT_LSN_F + shard;
    this.floats[index] = Math.max(this.floats[index]!, lsn);
  }

  segmentSequence(segment: number): number {
    return this.floats[this.#entry(segment) + SEGMENT_SEQUENCE_F]!;
  }

  segmentStart(segment: number): number {
    return this.floats[this.#entry(segment) + SEGMENT_START_F]!;
  }

  segmentSize(segment: number): number {
    return this.floats[this.#entry(segment) + SEGMENT_SIZE_F]!;
  }

  /** The descriptor, or -1 when it is closed. */
  segmentFd(segment: number): number {
    return this.words[this.#entry(segment) * 2 + SEGMENT_FD]!;
  }

  clearSegmentFd(segment: number): void {
    this.words[this.#entry(segment) * 2 + SEGMENT_FD] = -1;
  }

  /** True when the segment was left and needs no fdatasync any more, or must not have one. */
  isSegmentSynced(segment: number): boolean {
    return this.words[this.#entry(segment) * 2 + SEGMENT_SYNCED] !== 0;
  }

  markSegmentSynced(segment: number): void {
    this.words[this.#entry(segment) * 2 + SEGMENT_SYNCED] = SYNCED;
  }

  /** True when the segment was not whole on disk when its log broke. */
  isSegmentGivenUp(segment: number): boolean {
    return this.words[this.#entry(segment) * 2 + SEGMENT_SYNCED] === GIVEN_UP;
  }

  giveUpSegment(segment: number): void {
    if (!this.isSegmentSynced(segment)) {
      this.words[this.#entry(segment) * 2 + SEGMENT_SYNCED] = GIVEN_UP;
    }
  }

  /** True when every effect of a segment that was left has lsn <= durable[shard]. */
  isSegmentCovered(segment: number, durable: Float64Array): boolean {
    const entry = this.#entry(segment) + SEGMENT_LSN_F;
    for (let shard = 0; shard < SHARDS; shard++) {
      if (this.floats[entry + shard]! > durable[shard]!) return false;
    }
    return true;
  }
}
