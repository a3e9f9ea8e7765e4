export { ByteRange } from './byte-range.ts';
export { DirtyChunkPart, DirtyChunks, type VisitDirtyChunk } from './dirty-chunks.ts';
export { type DirtyBounds, DirtyElements, DirtyPart, type VisitDirty } from './dirty-elements.ts';
export type { ChunkListener, ElementListener } from './element-listener.ts';
export { KEEP_TIME, LargeHash, type VisitField } from './large-hash.ts';
export { LargeList } from './large-list.ts';
export { LargeSet } from './large-set.ts';
export {
  LargeSortedSet,
  SCORE_ADDED,
  SCORE_CHANGED,
  SCORE_SAME,
  type VisitScored,
} from './large-sorted-set.ts';
export {
  LargeValueError,
  type LargeValueProblem,
  MAX_ELEMENT_BYTES,
} from './large-value-error.ts';
export type { LargeValueOptions } from './member-core.ts';
export type { LexBound, LexRange, RankRange, ScoreRange } from './sorted-set-range.ts';
