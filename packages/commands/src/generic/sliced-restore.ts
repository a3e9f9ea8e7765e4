// RESTORE of a long payload as work that may be done in slices: it is checked and read ahead, and
// stored when the command is executed again.

import { DumpOpening } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_DATA, ERR_PAYLOAD } from '../errors.ts';
import type { LargeCollection } from '../large-values.ts';
import type { NewValue } from '../new-value.ts';
import type { Restoring } from '../restoring.ts';
import type { SlicedWork } from '../sliced-work.ts';
import { beginRestore } from './dump-forms.ts';

/** An element takes more than a few bytes. */
const ELEMENT_BYTES = 16;

/** About the elements that a payload of so many bytes may have. */
export function elementsIn(bytes: number): number {
  return Math.floor(bytes / ELEMENT_BYTES);
}

export class SlicedRestore implements SlicedWork {
  readonly isPreparation = true;
  readonly collections: readonly LargeCollection[] = [];
  #opening: DumpOpening;
  #restoring: Restoring | null = null;
  #value: NewValue | null = null;
  #error = '';

  constructor(bytes: Buffer, offset: number, length: number) {
    this.#opening = new DumpOpening(bytes, offset, length);
  }

  detach(): void {
    this.#opening = this.#opening.copy();
  }

  step(c: CommandContext): boolean {
    if (this.#restoring !== null) return this.#restoring.step();
    if (!this.#opening.step()) return false;
    const { reader } = this.#opening;
    if (reader === null) this.#error = ERR_PAYLOAD;
    else this.#restoring = beginRestore(c, reader, true);
    return this.#restoring === null;
  }

  /** The value, to be stored at once, or an error reply. */
  finish(): NewValue | string {
    if (this.#error !== '') return this.#error;
    this.#value ??= this.#restoring?.finish() ?? null;
    return this.#value ?? ERR_DATA;
  }
}
