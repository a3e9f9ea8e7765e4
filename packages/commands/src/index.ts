export { AclCheck, DENIED_CHANNEL, DENIED_KEY, PERMITTED, type Verdict } from './acl/acl-check.ts';
export {
  AclLog,
  type AclLogEntry,
  type Denial,
  DenialBook,
  type DenialRecord,
} from './acl/acl-log.ts';
export { hasBlanks } from './acl/acl-selector.ts';
export {
  denialReason,
  denialText,
  laterDenialText,
  scriptDenialText,
} from './acl/acl-texts.ts';
export { AclUser, applyAll, joinSelectors, passwordHash } from './acl/acl-user.ts';
export { AclUsers, DEFAULT_USER, type UserChange } from './acl/acl-users.ts';
export { admit, type Permit, transactionProblem } from './admission.ts';
export { createRegistry } from './all-commands.ts';
export { BatchRouter, UNKNOWN } from './batch-router.ts';
export {
  BLOCKS_ELSEWHERE,
  BLOCKS_HERE,
  BLOCKS_NEVER,
  type KeyWait,
  type ReadyKey,
} from './blocking.ts';
export {
  type ChannelFigures,
  type ChannelServices,
  type ListenKind,
  NO_PUBLISHER,
  type Publisher,
} from './channel-services.ts';
export { type ColdValues, NO_COLD_VALUES } from './cold-values.ts';
export { selectedDatabase } from './connection/basics.ts';
export { beginReply, endReply } from './connection/reply-mode.ts';
export { CommandContext, type ContextModules } from './context.ts';
export { type DurabilityFigures, NO_DURABILITY_FIGURES } from './durability-figures.ts';
export { EffectLog } from './effect-log.ts';
export * from './errors.ts';
export { configureEviction } from './eviction-config.ts';
export { Executor } from './executor.ts';
export { typeName } from './generic/type-names.ts';
export { DueHashes } from './hash/due-hashes.ts';
export { type ChangeFilter, type KeyChange, KeyChanges } from './key-changes.ts';
export * from './key-events.ts';
export { type KeyPage, type KeyPages, NO_KEY_PAGES, type Paged } from './key-pages.ts';
export { LIBRARY_SHARD, NO_NAMESPACE } from './keyless-effects.ts';
export {
  allocateLarge,
  type LargeCollection,
  type LargeValue,
  type LargeValues,
  NO_LARGE_VALUES,
} from './large-values.ts';
export {
  createEffectMemory,
  type LogDependencies,
  POSITION_UNIT,
  toUnits,
} from './log-dependencies.ts';
export { LOST, type LogShare, SETTLED, type SyncMode, UNSETTLED } from './log-share.ts';
export { lineOf, tellMonitors, tellOfExec, tellOfScript } from './monitor-line.ts';
export { NameLookup } from './name-lookup.ts';
export type { NewValue } from './new-value.ts';
export type { NotedBatch } from './noted-effects.ts';
export {
  AWAITS,
  BLOCKED,
  DONE,
  FULL,
  NOT_HERE,
  type Outcome,
  PAGING,
  SLICED,
  UNREADABLE,
  WAITING,
} from './outcome.ts';
export { OwnNames } from './own-names.ts';
export {
  CommandRegistry,
  PLACE_FRONT,
  PLACE_KEYED,
  PLACE_SCRIPT,
  PLACE_WORKER,
} from './registry.ts';
export { outputLimitBytes, replyLimitBytes } from './reply-limit.ts';
export { Request } from './request.ts';
export { NO_SAVE_FIGURES, type SaveAnswer, type SaveFigures } from './save-figures.ts';
export type {
  BusyFunction,
  KillAnswer,
  ScriptFigures,
  ScriptServices,
} from './script-services.ts';
export { infoLines } from './server/info.ts';
export { hotBytesUsed } from './server/info-memory.ts';
export type { InfoLine } from './server/info-section.ts';
export { REDIS_VERSION } from './server/versions.ts';
export type {
  PauseMode,
  ProcessFigures,
  ServerFacts,
  ServerServices,
  ShutdownOptions,
} from './services.ts';
export type { ClientFacts, ClientFilter, ReplyMode, Session } from './session.ts';
export { SKETCH_TYPES } from './sketch/sketch-dump.ts';
export {
  bytesPerSlice,
  ELEMENT_BYTES,
  MOST_RESTARTS,
  SLICE_PAGE,
  type SlicedWork,
} from './sliced-work.ts';
export { NOTHING_STAGED, type StagedArgument } from './staged-argument.ts';
export { type StatField, StatsReader, statsBytes, ThreadStats } from './stats.ts';
export { CommandTimer } from './timing/command-timer.ts';
export { RecentTimes } from './timing/recent-times.ts';
export { SlowWatch } from './timing/slow-watch.ts';
export {
  type ClientPlace,
  NOT_TRACKING,
  type TrackingFacts,
  type TrackingOptions,
  type TrackingServices,
} from './tracking-services.ts';
export { InPlaceRules } from './transaction/in-place.ts';
export {
  isUntouched,
  packWatched,
  unpackWatched,
  type WatchedKey,
} from './transaction/watched-keys.ts';
export { unknownCommand, unknownSubcommand } from './unknown-command.ts';
export type { UserServices } from './user-services.ts';
export { ValueAccess, type WantedKey } from './value-access.ts';
export { REFUSE_BROKEN, REFUSE_NO_SPACE, refuseWrites } from './write-refusal.ts';
