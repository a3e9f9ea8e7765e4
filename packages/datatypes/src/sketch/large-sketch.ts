// A sketch that is too large for the hot table: its bytes in one buffer, which is stored page by
// page. Which kind it is is its entry's type; it does not know what the bytes mean.

import type { ChunkListener } from '../large/element-listener.ts';
import { MOST_SKETCH_BYTES, SKETCH_PAGE_BYTES, SketchMemory } from './sketch-memory.ts';

/** What it takes besides its bytes, about. */
const OBJECT_BYTES = 256;

export class LargeSketch {
  /** Of its entry. */
  readonly type: number;
  readonly memory: SketchMemory = new SketchMemory();

  constructor(type: number) {
    this.type = type;
    this.memory.mostBytes = MOST_SKETCH_BYTES;
  }

  /** Its pages. */
  get count(): number {
    return this.memory.pages;
  }

  get memoryBytes(): number {
    return this.memory.bytes.length + OBJECT_BYTES;
  }

  get listener(): ChunkListener | null {
    return this.memory.listener;
  }

  set listener(listener: ChunkListener | null) {
    this.memory.listener = listener;
  }

  /** Its bytes of a page, null when it has none such; valid until it changes. */
  page(page: number): Buffer | null {
    const { memory } = this;
    const from = page * SKETCH_PAGE_BYTES;
    if (from >= memory.length) return null;
    return memory.slice(from, Math.min(SKETCH_PAGE_BYTES, memory.length - from));
  }

  /**
   * Adds the bytes of its next page, while it is made.
   * @returns false when that is another one, or too long, or behind one that is not full
   */
  appendPage(page: number, bytes: Uint8Array): boolean {
    const { memory } = this;
    const at = memory.length;
    if (at !== page * SKETCH_PAGE_BYTES || bytes.length === 0) return false;
    if (bytes.length > SKETCH_PAGE_BYTES || at + bytes.length > MOST_SKETCH_BYTES) return false;
    if (at + bytes.length > memory.bytes.length) {
      const room = Math.max(2 * at, SKETCH_PAGE_BYTES);
      if (!memory.resize(Math.min(room, MOST_SKETCH_BYTES))) throw new RangeError('no memory');
      memory.length = at;
    }
    memory.length = at + bytes.length;
    memory.bytes.set(bytes, at);
    return true;
  }

  /** Gives back the room that `appendPage` took beyond its length. */
  trim(): void {
    this.memory.trim();
  }
}
