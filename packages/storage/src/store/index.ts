// What the package shows of the stores. No logic.

export { type CheckResult, checkStores } from './check.ts';
export { ClassicLevelEngine, type ClassicLevelOptions } from './classic-level-engine.ts';
export type { Damage } from './damage-list.ts';
export { type DirectoryLock, lockDirectory } from './directory-lock.ts';
export type { WriterState } from './fenced-writer.ts';
export { FlushBatch } from './flush-batch.ts';
export { byteCountOf, decodeLarge, encodeLarge, type LargeMetadata } from './large-metadata.ts';
export { type FaultPlan, MemoryEngine } from './memory-engine.ts';
export { type Checkpoint, type NamespaceCount, NOT_COUNTED } from './meta-records.ts';
export {
  chunkKey,
  FLAG_LARGE,
  lsnOfObject,
  OBJECT_ATTEMPTS,
  objectIdOf,
  type RecordHead,
  RecordView,
  STRING_CHUNK_BYTES,
} from './record.ts';
export type {
  ElementPage,
  ExpiredKey,
  ScannedRecord,
  ScanResult,
  ShardPage,
  ShardRecord,
} from './record-pages.ts';
export { Store, type StoreCounters, type StoreOptions } from './store.ts';
export {
  DIRECTORY_FORMAT,
  MAX_STORES,
  openStoreDirectory,
  readLayout,
  type StoreDirectory,
  type StoreLayout,
  shardsOfStore,
  storeOfShard,
  storePath,
} from './store-directory.ts';
export type {
  EnginePage,
  EngineStats,
  FileCheck,
  StoreEngine,
  StoreWrite,
  WriteOptions,
} from './store-engine.ts';
export {
  CorruptRecordError,
  DirectoryVersionError,
  printable,
  StoreError,
  type StoreErrorCode,
} from './store-errors.ts';
export { keepTablesUnmapped } from './unmapped-tables.ts';
