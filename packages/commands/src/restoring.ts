// Values as they are read from DUMP payloads, hostile until proven otherwise, a few elements at a
// time. Knows no types.

import type { RdbReader } from '@forgekv/datatypes';
import type { NewValue } from './new-value.ts';
import { SLICE_PAGE } from './sliced-work.ts';

/** Bytes that are read at once, about. */
const PAGE_BYTES = 64 * 1024;

export interface Restoring {
  /** Reads a part; true at the end, which is where something damaged is met, too. */
  step(): boolean;
  /** The value, once that is so; null: it is damaged. */
  finish(): NewValue | null;
}

/** Reads a counted number of elements. */
export abstract class ElementsRestoring implements Restoring {
  protected readonly reader: RdbReader;
  #left: number;
  #isDamaged = false;

  constructor(reader: RdbReader, count: number) {
    this.reader = reader;
    this.#left = count;
  }

  step(): boolean {
    const { reader } = this;
    const until = reader.position + PAGE_BYTES;
    for (let i = 0; i < SLICE_PAGE && this.#left > 0 && reader.position < until; i++) {
      this.#isDamaged = !this.read() || reader.failed;
      if (this.#isDamaged) return true;
      this.#left--;
    }
    return this.#left === 0;
  }

  finish(): NewValue | null {
    if (this.#isDamaged) this.clear();
    return this.#isDamaged ? null : this.value();
  }

  /** Reads an element; false when it may not be there. */
  protected abstract read(): boolean;
  protected abstract value(): NewValue | null;
  /** Forgets what was read. */
  protected clear(): void {}
}
