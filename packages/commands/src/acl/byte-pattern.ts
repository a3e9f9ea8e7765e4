// A pattern for keys or channels, made ready: most are a name, or a prefix and a star, and those
// are compared without walking through the pattern.

import { globMatchBounded } from '@forgekv/base';

const STAR = 0x2a;
const SPECIAL = new Set(Buffer.from('*?[\\'));

const LITERAL = 0;
const PREFIX = 1;
const GLOB = 2;

export class BytePattern {
  /** As latin-1. */
  readonly text: string;
  readonly #bytes: Buffer;
  readonly #kind: number;
  /** Bytes that a name has to begin with. */
  readonly #fixed: number;

  /** @param text as latin-1 */
  constructor(text: string) {
    this.text = text;
    const bytes = Buffer.from(text, 'latin1');
    this.#bytes = bytes;
    let fixed = 0;
    while (fixed < bytes.length && !SPECIAL.has(bytes[fixed]!)) fixed++;
    this.#fixed = fixed;
    if (fixed === bytes.length) this.#kind = LITERAL;
    else this.#kind = fixed === bytes.length - 1 && bytes[fixed] === STAR ? PREFIX : GLOB;
  }

  /** True when the name in bytes[at..at+length) matches. */
  matches(bytes: Buffer, at: number, length: number): boolean {
    const fixed = this.#fixed;
    if (length < fixed) return false;
    const own = this.#bytes;
    for (let i = 0; i < fixed; i++) if (bytes[at + i] !== own[i]) return false;
    if (this.#kind === LITERAL) return length === fixed;
    // A star alone does not match the empty name: see globMatch.
    if (this.#kind === PREFIX && length > 0) return true;
    return globMatchBounded(own, bytes.subarray(at, at + length));
  }

  /** True when bytes[at..at+length) are the pattern itself. */
  equals(bytes: Buffer, at: number, length: number): boolean {
    const own = this.#bytes;
    return length === own.length && own.compare(bytes, at, at + length) === 0;
  }
}
