export { LargeStream, MOST_ENTRY_BYTES, type NodeLimits, type TrimRule } from './large-stream.ts';
export { PendingList } from './pending-list.ts';
export { EntryCursor } from './stream-cursor.ts';
export {
  NEVER_MS,
  PendingEntry,
  StreamConsumer,
  StreamGroup,
  UNKNOWN_COUNT,
} from './stream-group.ts';
export { MOST_ID_TEXT, STREAM_ID_BYTES, StreamId } from './stream-id.ts';
export { type StreamFields, StreamNode, type VisitPart } from './stream-node.ts';
export {
  addListpack,
  addStreamRecord,
  streamRecord,
  walkStreamRecords,
} from './stream-records.ts';
