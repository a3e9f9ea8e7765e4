// The sketch a command works on. Its bytes are changed in place where they can stay as long as they
// are, and where they lie in a large value. Else the command works on a copy that nobody knows,
// and stores it: until then nothing has changed.

import { invariant } from '@forgekv/base';
import { LargeSketch, MOST_SKETCH_BYTES, SketchMemory } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { NOT_HERE } from '../outcome.ts';

/** What `create` answers when no sketch may be so large. */
export const TOO_LARGE = 0;
const MADE = 1;
const NOTHING = Buffer.alloc(0);

/** One per thread. */
class OpenedSketch {
  entry = 0;
  #type = 0;
  #large: LargeSketch | null = null;
  /** In the hot table. */
  readonly #packed = new SketchMemory();
  /** The copy, or the new one. */
  readonly #own = new SketchMemory();
  #memory = this.#packed;

  /** Opens a key; its entry, 0: there is none, or what `refuse` takes. */
  open(c: CommandContext, index: number, type: number): number {
    return this.#opened(c, c.openCollection(index, type), type);
  }

  /** The same for a key that the command only reads. */
  openSource(c: CommandContext, index: number, type: number): number {
    return this.#opened(c, c.openSource(index, type), type);
  }

  #opened(c: CommandContext, entry: number, type: number): number {
    this.#type = type;
    this.#large = null;
    this.#memory = this.#packed;
    this.entry = entry;
    if (this.entry <= 0) return this.entry;
    if (c.collection === null) {
      this.#packed.point(c.valueBytes, c.valueOffset, c.valueLength);
    } else {
      invariant(c.collection instanceof LargeSketch, 'a sketch is a sketch');
      this.#large = c.collection;
      this.#memory = this.#large.memory;
    }
    return this.entry;
  }

  /** Its bytes, after `open` has found it, or `create` has made it. */
  get memory(): SketchMemory {
    return this.#memory;
  }

  /** True when it lies in the hot table, where it stays as long as it is. */
  get isPacked(): boolean {
    return this.#memory === this.#packed;
  }

  /**
   * Makes a new one instead of what was opened; `make` gets the memory for it, and how long it may
   * become.
   * @returns NOT_HERE when it would be too large for this thread, or TOO_LARGE
   */
  create(c: CommandContext, make: (memory: SketchMemory, most: number) => boolean): number {
    const own = this.#own;
    this.#memory = own;
    this.#large = null;
    own.isTight = false;
    if (make(own, mostBytes(c))) return MADE;
    return own.isTight && !c.mayBeLarge ? NOT_HERE : TOO_LARGE;
  }

  /** From now on the command works on a copy of a packed one. */
  detach(c: CommandContext): void {
    if (!this.isPacked) return;
    this.#memory = this.#own;
    const isCopied = this.#own.copyOf(this.#packed, mostBytes(c));
    invariant(isCopied, 'there is room for what is small');
  }

  /** True when a copy had to become larger than it may here: then nothing has happened. */
  mustHop(c: CommandContext): boolean {
    return this.#memory === this.#own && this.#own.isTight && !c.mayBeLarge;
  }

  /**
   * Makes it the value of the key that was opened, if it is not yet; the last step of the change,
   * which stamps the entry, is left to the caller.
   * @returns the entry, NOT_HERE or FULL: nothing has changed
   */
  store(c: CommandContext): number {
    if (this.#large !== null) {
      c.touchLarge(this.entry, this.#large);
      return this.entry;
    }
    if (this.isPacked) return this.entry;
    const stored = this.#storeOwn(c);
    if (stored > 0) this.entry = stored;
    return stored;
  }

  #storeOwn(c: CommandContext): number {
    const own = this.#own;
    if (own.length > c.mostPackedBytes) {
      if (!c.mayBeLarge) return NOT_HERE;
      const large = new LargeSketch(this.#type);
      large.memory.bytes = own.bytes;
      large.memory.length = own.length;
      own.point(NOTHING, 0, 0);
      return c.storeLarge(this.entry, this.#type, large);
    }
    const stored = c.reserve(this.entry, this.#type, own.length, 0);
    if (stored < 0) return stored;
    own.bytes.copy(c.valueBytes, c.valueOffset, 0, own.length);
    c.setEncoding(stored, 0);
    return stored;
  }
}

export const sketch: OpenedSketch = new OpenedSketch();

function mostBytes(c: CommandContext): number {
  return c.mayBeLarge ? MOST_SKETCH_BYTES : c.mostPackedBytes;
}

/** Opens a key that is only read; its sketch, null: there is none, or what `refuse` takes. */
export function openSketch(
  c: CommandContext,
  index: number,
  type: number,
): SketchMemory | null | number {
  const entry = c.openSource(index, type);
  if (entry <= 0) return entry === 0 ? null : entry;
  if (c.collection instanceof LargeSketch) return c.collection.memory;
  return new SketchMemory().point(c.valueBytes, c.valueOffset, c.valueLength);
}
