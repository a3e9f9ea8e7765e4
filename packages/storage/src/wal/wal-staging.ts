// Large arguments whose bytes go to a log before the command that needs them is executed, part by
// part: so that a command with 512 MB does not hold up its thread for as long as copying, summing
// and writing them takes. For the log's owner, on its thread.
//
// A part is a record of a group of its own that does nothing: replay passes over it. When the
// command is executed, its effect is as short as any; just before it, in the same group, a
// reference tells which number its argument has and where in the effect it belongs.
//
// - All or none. The parts come before the effect in the same log, and a log is replayed up to its
//   first hole: an effect that is replayed has all its parts. Without the effect nobody asks for
//   them. A command that was not executed after all leaves parts that nobody refers to.
// - Parts stay as long as their effect is needed. While a staging is open, no segment from the one
//   in which it began goes (PINNED). Before it is closed, all of them that were left count as
//   having the effect's lsn, as the segment does that the effect is in. The scan of an earlier
//   life does the same, so this also holds after a start.
// - Behind damage that is passed over, parts may be missing. Then the whole group is left out: that
//   is why it has frames of its own.
// - After `renew` nothing is read of what was handed over before: what was staged then is no good
//   (RENEWALS), and its argument is written with the effect. What is in the buffer at that time and
//   refers to it is covered by the checkpoint that `renew` asks for: its lsn is below the floor.

import { invariant } from '@forgekv/base';
import { WalFencedError } from './wal-errors.ts';
import { WAL_OPEN } from './wal-fence.ts';
import {
  FIRST_SEGMENT,
  HANDED_F,
  HANDED_LOW,
  LOCK,
  NEXT_FD,
  NOTE_HEAD_BYTES,
  PINNED,
  RECORD_REFERENCE,
  RECORD_STAGED,
  REFERENCE_AT,
  REFERENCE_LENGTH,
  RENEWALS,
  SEGMENT_COUNT,
  SEGMENT_HEADER_BYTES,
  STAGED_NUMBER,
  STAGED_OFFSET,
} from './wal-layout.ts';
import { releaseLock, takeLock } from './wal-lock.ts';
import type { WalLogs } from './wal-logs.ts';
import type { LogBlock } from './wal-memory.ts';
import type { WalWriter } from './wal-writer.ts';

const LOCK_TIMEOUT_MS = 10_000;
/** For the heads of a part's frames, and what they leave unused. */
const SLACK_BYTES = 64 * 1024;
const NO_BYTES = new Uint8Array(0);

/** An argument of which some or all bytes are in the log. */
export interface StagedBytes {
  readonly number: number;
  readonly length: number;
  /** Bytes in the log. */
  readonly written: number;
}

interface Staging extends StagedBytes {
  written: number;
  readonly firstSegment: number;
  readonly renewals: number;
  isUsed: boolean;
}

export class WalStaging {
  readonly #logs: WalLogs;
  readonly #log: number;
  readonly #writer: WalWriter;
  readonly #block: LogBlock;
  readonly #head = new Uint8Array(NOTE_HEAD_BYTES);
  readonly #view = new DataView(this.#head.buffer);
  readonly #open = new Set<Staging>();
  #lastNumber = 0;

  constructor(logs: WalLogs, log: number, writer: WalWriter) {
    this.#logs = logs;
    this.#log = log;
    this.#writer = writer;
    this.#block = logs.block(log);
  }

  /** Begins with an argument; to be closed with `end`, whatever becomes of it. */
  begin(length: number): StagedBytes {
    const { words } = this.#block;
    const staging: Staging = {
      number: ++this.#lastNumber,
      length,
      written: 0,
      // A segment that is begun before the pin can be seen has none of the parts, nor one before.
      firstSegment: Math.max(0, Atomics.load(words, SEGMENT_COUNT) - 1),
      renewals: Atomics.load(words, RENEWALS),
      isUsed: false,
    };
    this.#open.add(staging);
    this.#pin();
    return staging;
  }

  /**
   * True when so many bytes can be written without waiting for a segment to be made. Somebody
   * else sees to that the next one is.
   */
  isReadyFor(bytes: number): boolean {
    const block = this.#block;
    const { words } = block;
    if (Atomics.load(words, NEXT_FD) >= 0) return true;
    const handed = block.position(HANDED_LOW, HANDED_F);
    const count = Atomics.load(words, SEGMENT_COUNT);
    if (count === 0) return false;
    const current = count - 1;
    const end = block.segmentStart(current) + block.segmentSize(current) - SEGMENT_HEADER_BYTES;
    return handed + bytes + SLACK_BYTES <= end;
  }

  /**
   * Writes the next bytes of an argument and hands them to the kernel; between two groups.
   * @returns false when the log is fenced
   */
  write(staged: StagedBytes, bytes: Uint8Array, offset: number, length: number): boolean {
    const staging = staged as Staging;
    if (this.#logs.state(this.#log) !== WAL_OPEN) return false;
    const writer = this.#writer;
    const end = offset + length;
    try {
      for (let at = offset; at < end; ) {
        this.#view.setFloat64(STAGED_NUMBER, staging.number, true);
        this.#view.setFloat64(STAGED_OFFSET, staging.written, true);
        const taken = writer.appendNote(RECORD_STAGED, -1, 0, this.#head, bytes, at, end - at);
        writer.endGroup();
        at += taken;
        staging.written += taken;
      }
    } catch (error) {
      if (error instanceof WalFencedError) return false;
      throw error;
    }
    writer.seal();
    return this.#logs.handOver(this.#log);
  }

  /** True when an effect may refer to it: all is there and will be read again. */
  isGood(staged: StagedBytes): boolean {
    const staging = staged as Staging;
    if (staging.isUsed || staging.written !== staging.length) return false;
    return Atomics.load(this.#block.words, RENEWALS) === staging.renewals;
  }

  /**
   * Refers to an argument that is good. The effect it belongs to comes next, in the same group.
   * The caller seals before that group and behind it.
   * @param lsn of that effect, in `shard`
   * @param at where in the effect's payload, as it is without the arguments it refers to
   */
  refer(staged: StagedBytes, shard: number, lsn: number, at: number): void {
    const staging = staged as Staging;
    invariant(!staging.isUsed, 'one effect refers to an argument');
    staging.isUsed = true;
    this.#view.setFloat64(STAGED_NUMBER, staging.number, true);
    this.#view.setUint32(REFERENCE_AT, at, true);
    this.#view.setUint32(REFERENCE_LENGTH, staging.length, true);
    this.#writer.appendNote(RECORD_REFERENCE, shard, lsn, this.#head, NO_BYTES, 0, 0);
    this.#cover(staging.firstSegment, shard, lsn);
  }

  /** Lets the segments with parts stay until the effect is covered. */
  #cover(firstSegment: number, shard: number, lsn: number): void {
    const block = this.#block;
    const { words } = block;
    if (!takeLock(words, LOCK, LOCK_TIMEOUT_MS)) throw new WalFencedError(this.#log, 'EBUSY');
    try {
      const first = Math.max(firstSegment, Atomics.load(words, FIRST_SEGMENT));
      // The last one is told when it is left.
      const last = Atomics.load(words, SEGMENT_COUNT) - 1;
      for (let segment = first; segment < last; segment++) block.coverLsn(segment, shard, lsn);
    } finally {
      releaseLock(words, LOCK);
    }
  }

  /** Closes a staging whose effect is in the log, or will never be. */
  end(staged: StagedBytes): void {
    if (this.#open.delete(staged as Staging)) this.#pin();
  }

  #pin(): void {
    // The oldest that is open began first, and segments are counted upwards.
    const oldest = this.#open.values().next().value;
    const pinned = oldest === undefined ? 0 : oldest.firstSegment + 1;
    const { words } = this.#block;
    if (words[PINNED] !== pinned) Atomics.store(words, PINNED, pinned);
  }
}
