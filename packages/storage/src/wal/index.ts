export { EarlierSegments } from './earlier-segments.ts';
export type { WalEffect } from './effect-cursor.ts';
export type { WalCut } from './life-scan.ts';
export {
  copyExtents,
  earlierExtents,
  firstNeeded,
  handedExtents,
  type LogExtent,
} from './log-extent.ts';
export { RECOVERED_FILE, RecoveredFileError } from './recovered-ends.ts';
export { RespComposer } from './resp-composer.ts';
export type { WalCounters } from './wal-counters.ts';
export {
  openWalDirectory,
  type WalDirectory,
  type WalLife,
  type WalSegment,
} from './wal-directory.ts';
export { WalDamageError, WalFencedError } from './wal-errors.ts';
export { WAL_BROKEN, WAL_NO_SPACE, WAL_OPEN } from './wal-fence.ts';
export {
  EFFECT_BLIND,
  NEEDS_LOG,
  NEEDS_UP_TO,
  NOTE_HEAD_BYTES,
  RECORD_NEEDS,
} from './wal-layout.ts';
export { WalLogs } from './wal-logs.ts';
export { createWalMemory, type WalOptions, type WalTransfer } from './wal-memory.ts';
export { type ReplayOptions, type ReplayResult, replay, WalReplay } from './wal-replay.ts';
export { type StagedBytes, WalStaging } from './wal-staging.ts';
export { WalWriter } from './wal-writer.ts';
