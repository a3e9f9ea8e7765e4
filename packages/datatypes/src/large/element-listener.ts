// How a large value says what changed, for those who keep its elements as records of their own.
// It says which elements, not what they are now: that is read when it is written.

/** Told of elements by their members; ranges are valid during the call only. */
export interface ElementListener {
  /** The element is new or another than before. */
  changed(bytes: Uint8Array, offset: number, length: number): void;
  /** The element is gone. */
  removed(bytes: Uint8Array, offset: number, length: number): void;
}

/** Told of a list's chunks, by the positions that order them. */
export interface ChunkListener {
  changed(position: number): void;
  removed(position: number): void;
  /** All chunks have other positions now. */
  renumbered(): void;
}
