// Which command a name is, unless it is the one before it again, as in most pipelines and loops of
// scripts. One per reader of requests.

import type { CommandTable } from '@forgekv/catalog';

/** The bytes of a name of 0..8 bytes in its first and its second word. */
const LOW_MASKS = Int32Array.of(0, 0xff, 0xffff, 0xffffff, -1, -1, -1, -1, -1);
const HIGH_MASKS = Int32Array.of(0, 0, 0, 0, 0, 0xff, 0xffff, 0xffffff, -1);

export class NameLookup {
  readonly #table: CommandTable;
  // The name looked up last: its bytes as two words, its length, its id.
  #low = 0;
  #high = 0;
  #length = 0;
  #id = -1;

  constructor(table: CommandTable) {
    this.#table = table;
  }

  /** Returns the id of the command that clients call so, below 0: there is none. */
  find(bytes: Buffer, view: DataView, offset: number, length: number): number {
    if (length < 3 || length > 8 || offset + 8 > bytes.length) {
      return this.#table.lookupForClients(bytes, offset, length);
    }
    const low = view.getInt32(offset, true) & LOW_MASKS[length]!;
    const high = view.getInt32(offset + 4, true) & HIGH_MASKS[length]!;
    if (low !== this.#low || high !== this.#high || length !== this.#length) {
      this.#low = low;
      this.#high = high;
      this.#length = length;
      this.#id = this.#table.lookupForClients(bytes, offset, length);
    }
    return this.#id;
  }
}
