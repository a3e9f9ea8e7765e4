export { createRingMemory, FRAME_BYTES, RingConsumer, RingProducer } from './byte-ring.ts';
export {
  CHANNEL,
  type ChannelKind,
  ChannelTable,
  type ChannelTableShape,
  createChannelMemory,
  type MessageKind,
  MONITORED,
  MOST_CHANNEL_BYTES,
  MOST_PATTERN_BYTES,
  PATTERN,
  SHARD_CHANNEL,
} from './channel-table.ts';
export {
  attachDiagnostics,
  createDiagnosticsMemory,
  type DiagnosticsMemory,
  type DiagnosticsShare,
  HOT_KEYS_ONE_IN,
} from './diagnostics-share.ts';
export { createDoorbellMemory, DOORBELL_WORDS, Doorbell } from './doorbell.ts';
export { createHotKeyMemory, type HotKey, HotKeySketch, readHotKeys } from './hot-keys.ts';
export {
  type InvalidationEvents,
  InvalidationWriter,
  type PushForm,
  type Redirected,
  readInvalidations,
} from './invalidation-codec.ts';
export {
  createLatencyMemory,
  LATENCY_EVENTS,
  LATENCY_SAMPLES,
  type LatencyEvent,
  LatencyLog,
  type LatencySample,
  type LatencySeries,
} from './latency-log.ts';
export { LibraryStore, MOST_LIBRARY_BYTES } from './library-store.ts';
export {
  INVALIDATION,
  invalidationMessage,
  KIND_MESSAGE,
  KIND_MESSAGE_MORE,
  KIND_MESSAGES_LOST,
  type Message,
  MessageIntake,
  messageBytes,
  putMessage,
} from './message-frames.ts';
export {
  createControlMemory,
  PAUSE_ALL,
  PAUSE_NONE,
  PAUSE_WRITES,
  ProcessControl,
} from './process-control.ts';
export {
  GO_AWAY,
  GO_ON,
  GO_TO_END,
  KIND_BLOCKED,
  KIND_GO,
  KIND_GONE,
  KIND_LEFTOVER,
  KIND_LOST,
  KIND_MORE,
  KIND_REPLY,
  KIND_RUN,
  KIND_SERVED,
  KIND_SLOW,
  KIND_UNBLOCKED,
  KIND_WATCHED,
  KIND_YOURS,
  MOST_USER_NUMBER,
  REPLY_LAST,
  REPLY_MORE,
  REPLY_PAUSE,
  REPLY_TOO_LARGE,
  RUN_BLOCK,
  RUN_NO_TOUCH,
  RUN_RESP3,
  RUN_USER_SHIFT,
  runDatabase,
} from './run-frames.ts';
export { createScriptCacheMemory, ScriptCache } from './script-cache.ts';
export {
  KIND_FUNCTION,
  KIND_SCRIPT,
  type KillAnswer,
  type RunningFunction,
  ScriptControl,
  type ScriptKind,
} from './script-control.ts';
export {
  attachScripts,
  createScriptMemory,
  type ScriptMemory,
  type ScriptShare,
} from './script-share.ts';
export {
  createSlowLogMemory,
  type SlowEntry,
  SlowLog,
  sealSlowCommand,
  timeSealed,
} from './slow-log.ts';
export { createTrackingMemory, TrackingFilter } from './tracking-filter.ts';
