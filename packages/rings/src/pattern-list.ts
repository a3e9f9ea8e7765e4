// The patterns that channels are matched against: one thread's copy of what the table has.

import { globMatchBounded } from '@forgekv/base';

export class PatternList {
  readonly #patterns: Buffer[] = [];
  readonly #entries: number[] = [];
  readonly #matched: number[] = [];

  clear(): void {
    this.#patterns.length = 0;
    this.#entries.length = 0;
  }

  add(pattern: Buffer, entry: number): void {
    this.#patterns.push(pattern);
    this.#entries.push(entry);
  }

  /** Returns the entries of the patterns that a name fits; valid until the next call. */
  match(name: Uint8Array): readonly number[] {
    const matched = this.#matched;
    matched.length = 0;
    for (let i = 0; i < this.#patterns.length; i++) {
      if (globMatchBounded(this.#patterns[i]!, name)) matched.push(this.#entries[i]!);
    }
    return matched;
  }
}
