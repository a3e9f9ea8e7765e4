// What a log counts, for INFO and metrics. Read without a lock: each figure is right, but they
// need not be of the same moment.

import {
  BYTES_F,
  FIRST_SEGMENT,
  LAST_SYNC_F,
  SEGMENT_COUNT,
  SEGMENTS_F,
  SYNCS_F,
  WRITES_F,
} from './wal-layout.ts';
import type { LogBlock } from './wal-memory.ts';

export interface WalCounters {
  /** Handed to the kernel since start, headers included. */
  readonly bytes: number;
  readonly writes: number;
  readonly syncs: number;
  /** Unix time of the last sync that succeeded, 0 before the first. */
  readonly lastSyncAtMs: number;
  /** Segments begun since start, and those on disk now. */
  readonly segments: number;
  readonly liveSegments: number;
}

export function readCounters({ words, floats }: LogBlock): WalCounters {
  return {
    bytes: floats[BYTES_F]!,
    writes: floats[WRITES_F]!,
    syncs: floats[SYNCS_F]!,
    lastSyncAtMs: floats[LAST_SYNC_F]!,
    segments: floats[SEGMENTS_F]!,
    liveSegments: Atomics.load(words, SEGMENT_COUNT) - Atomics.load(words, FIRST_SEGMENT),
  };
}
