// The chunks of a large list that changed since somebody last wrote them down, by their positions.
// Bounded as DirtyElements is; it does not know what is in a chunk.

import type { ChunkListener } from './element-listener.ts';

/** Visits a chunk that changed. */
export type VisitDirtyChunk = (position: number, removed: boolean) => void;

/** What was remembered, handed over: it does not change any more. */
export class DirtyChunkPart {
  /** Too many chunks changed, or all have other positions. */
  readonly all: boolean;
  /** Chunks in it: 0 when `all`. */
  readonly count: number;
  readonly #chunks: Iterator<[number, boolean]>;

  constructor(all: boolean, chunks: Map<number, boolean>) {
    this.all = all;
    this.count = chunks.size;
    this.#chunks = chunks.entries();
  }

  /**
   * Visits `wanted` chunks that were not visited yet.
   * @returns false when there are no more
   */
  next(wanted: number, visit: VisitDirtyChunk): boolean {
    for (let i = 0; i < wanted; i++) {
      const { done, value } = this.#chunks.next();
      if (done === true) return false;
      visit(value[0], value[1]);
    }
    return true;
  }
}

/** A listener that remembers. One per large list. */
export class DirtyChunks implements ChunkListener {
  readonly #bounds: { readonly maxChunks: number };
  /** True for those that are gone. */
  #chunks = new Map<number, boolean>();
  #all = false;

  /** @param bounds looked at again with every change */
  constructor(bounds: { readonly maxChunks: number }) {
    this.#bounds = bounds;
  }

  /** True when all chunks are to be written, after removing all of them. */
  get all(): boolean {
    return this.#all;
  }

  /** Chunks remembered: 0 when `all`. */
  get count(): number {
    return this.#chunks.size;
  }

  changed(position: number): void {
    this.#mark(position, false);
  }

  removed(position: number): void {
    this.#mark(position, true);
  }

  renumbered(): void {
    this.markAll();
  }

  /** Forgets everything and says that all chunks changed. */
  markAll(): void {
    this.#all = true;
    this.#chunks = new Map();
  }

  /** Hands over what is remembered, `all` included, and begins anew. */
  detach(): DirtyChunkPart {
    const part = new DirtyChunkPart(this.#all, this.#chunks);
    this.#all = false;
    this.#chunks = new Map();
    return part;
  }

  #mark(position: number, removed: boolean): void {
    if (this.#all) return;
    this.#chunks.set(position, removed);
    if (this.#chunks.size > this.#bounds.maxChunks) this.markAll();
  }
}
