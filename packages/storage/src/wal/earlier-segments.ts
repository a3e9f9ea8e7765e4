// The segments of earlier processes, once they were scanned: removes those that are covered by
// the stores. For one thread; the segments of this process are SegmentKeeper's.

import { writeFully } from '../file-system.ts';
import { type LifeEnd, writeRecovered } from './recovered-ends.ts';
import { writeSegmentHeader } from './segment-header.ts';
import type { WalDirectory, WalLife, WalSegment } from './wal-directory.ts';
import { HEADER_END, SEGMENT_FIRST, SEGMENT_HEADER_BYTES, SHARDS } from './wal-layout.ts';

export class EarlierSegments {
  readonly #directory: WalDirectory;
  readonly #ends: readonly LifeEnd[];
  #lives: (WalLife & { readonly segments: WalSegment[] })[];
  #isDecided: boolean;

  /**
   * @param directory one that a replay of any shards has gone through
   * @param ends what that replay has decided
   */
  constructor(directory: WalDirectory, ends: readonly LifeEnd[]) {
    this.#directory = directory;
    this.#ends = ends;
    this.#isDecided = directory.lives.every(({ isExamined }) => isExamined);
    this.#lives = directory.lives.map((life) => ({ ...life, segments: [...life.segments] }));
  }

  /** Segments still there. */
  get count(): number {
    return this.#lives.reduce((sum, { segments }) => sum + segments.length, 0);
  }

  /**
   * Makes durable where the lives end. To be called before anything is written that builds on that,
   * if one ends earlier than it did; at the latest before segments go, since what is left of a run
   * would seem to have lost them. Throws what the file system throws.
   */
  decide(): void {
    if (this.#isDecided) return;
    const { files, path, lives } = this.#directory;
    const generation = Math.max(...lives.map((life) => life.generation));
    writeRecovered(files, path, { generation, ends: this.#ends });
    this.#isDecided = true;
  }

  /**
   * Removes, per life, the oldest segments whose effects are all covered.
   * @param durable 64 lsns, each covered by synced store batches
   * @returns segments removed. Throws what the file system throws; calling again goes on.
   */
  retire(durable: Float64Array): number {
    let removed = 0;
    for (const life of this.#lives) {
      const { segments } = life;
      let covered = 0;
      while (covered < segments.length && isCovered(segments[covered]!, durable)) covered++;
      if (covered > 0) this.decide();
      if (covered === segments.length) {
        // From the end on: what is left when the power goes is the whole beginning of a life.
        for (const { path } of segments.toReversed()) this.#remove(path);
      } else if (life.salt < 0) {
        // No header is left to tell what a new one must say: the life goes as a whole.
        continue;
      } else if (covered > 0) {
        this.#markFirst(life, segments[covered]!);
        for (const { path } of segments.slice(0, covered)) this.#remove(path);
      }
      segments.splice(0, covered);
      removed += covered;
    }
    this.#lives = this.#lives.filter(({ segments }) => segments.length > 0);
    return removed;
  }

  /** Makes the header say that what is before the segment is durable elsewhere. */
  #markFirst({ generation, log, salt }: WalLife, segment: WalSegment): void {
    const { files } = this.#directory;
    const { sequence, start, path } = segment;
    const flags = SEGMENT_FIRST;
    const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
    writeSegmentHeader(bytes, { generation, log, sequence, start, flags, salt });
    const fd = files.openWrite(path);
    try {
      writeFully(files, fd, bytes, 0, HEADER_END, 0);
      files.fdatasync(fd);
    } finally {
      files.close(fd);
    }
  }

  #remove(path: string): void {
    const { files, path: directory } = this.#directory;
    if (files.exists(path)) files.unlink(path);
    // Durable one by one, so that they go in this order.
    files.syncDirectory(directory);
  }
}

function isCovered(segment: WalSegment, durable: Float64Array): boolean {
  for (let shard = 0; shard < SHARDS; shard++) {
    if (segment.maxLsn[shard]! > durable[shard]!) return false;
  }
  return true;
}
