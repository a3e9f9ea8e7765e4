// RESTORE of a long payload as work that may be done in slices: it is checked and read ahead, and
// stored when the command is executed again.

import { DumpOpening } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_DATA, ERR_PAYLOAD } from '../errors.ts';
import type { LargeCollection } from '../large-values.ts';
import type { NewValue } from '../new-value.ts';
import type { Request } from '../request.ts';
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
  /** Where the payload begins in the command; below 0: that is not as the client sent it. */
  readonly #at: number;
  readonly #length: number;
  #restoring: Restoring | null = null;
  #value: NewValue | null = null;
  #error = '';

  /** @param index of the argument that is the payload */
  constructor(request: Request, index: number) {
    const offset = request.offset(index);
    this.#length = request.length(index);
    this.#at = request.start < 0 ? -1 : offset - request.start;
    this.#opening = new DumpOpening(request.bytes, offset, this.#length);
  }

  detach(): void {
    if (this.#at < 0) this.#opening = this.#opening.copy();
  }

  /** The run is kept in any case: a payload may be long. */
  keep(run: Buffer): void {
    if (this.#at >= 0) this.#opening = new DumpOpening(run, this.#at, this.#length);
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
