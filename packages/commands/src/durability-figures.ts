// What is known of the write-ahead log and of the recovery at start, for INFO and for metrics.
// Sampled by the main thread, at most a second old.

export interface DurabilityFigures {
  /** Unix time at which loading began, 0 once it has ended. */
  readonly loadingSinceMs: number;
  /** Bytes of the logs that earlier runs left, and how many of them were read. */
  readonly earlierBytes: number;
  readonly loadedBytes: number;
  /** Effects that recovery applied, and those whose value before them was never synced. */
  readonly recoveredEffects: number;
  readonly recoveryHoles: number;
  /** Bytes that earlier runs left and that are still needed, all or none of them. */
  readonly keptBytes: number;
  /** Of all logs of this run together: bytes in the segments that are on disk. */
  readonly liveBytes: number;
  /** Bytes given to the kernel since the start, and the writes and syncs that took. */
  readonly writtenBytes: number;
  readonly writes: number;
  readonly syncs: number;
  readonly segments: number;
  /** Bytes that the kernel does not have yet, and those that it has but the disk may not. */
  readonly bufferedBytes: number;
  readonly unsyncedBytes: number;
  /** The oldest bytes that are not synced are at most this old. */
  readonly syncAgeMs: number;
  /** Syncs that were due while another one ran. */
  readonly delayedSyncs: number;
  readonly isSyncing: boolean;
  /** Code of the error for which writes are refused (ENOSPC, EIO), '' = they are not. */
  readonly problem: string;
}

/** Before the first sample. */
export const NO_DURABILITY_FIGURES: DurabilityFigures = {
  ...{ loadingSinceMs: 0, earlierBytes: 0, loadedBytes: 0, recoveredEffects: 0, recoveryHoles: 0 },
  keptBytes: 0,
  ...{ liveBytes: 0, writtenBytes: 0, writes: 0, syncs: 0, segments: 0, bufferedBytes: 0 },
  ...{ unsyncedBytes: 0, syncAgeMs: 0, delayedSyncs: 0, isSyncing: false, problem: '' },
};
