// A value that is not in the table yet: what RESTORE has read, or a command with STORE has made.

import type { LargeCollection } from './large-values.ts';

/** Bytes as they will lie in the table, or, for a string, among the large values. */
export interface NewBytes {
  /** Of its entry. */
  readonly type: number;
  readonly encoding: number;
  readonly bytes: Buffer;
  readonly offset: number;
  readonly length: number;
  readonly collection?: null;
  /** Parts of it may expire by themselves. */
  readonly hasTimedParts?: boolean;
}

/** A collection that is too large to be packed. */
export interface NewCollection {
  readonly type: number;
  readonly collection: LargeCollection;
  readonly hasTimedParts?: boolean;
}

export type NewValue = NewBytes | NewCollection;
