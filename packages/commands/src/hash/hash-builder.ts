// Builds a hash field by field, where it is not in the table yet: what RESTORE reads. It decides
// between the packed and the large form as Redis does when it loads a hash.

import { ElementBytes, hashCountStaysPacked, LargeHash, PackedHash } from '@forgekv/datatypes';
import { TYPE_HASH } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import type { NewValue } from '../new-value.ts';

/** Any bytes, of which a field or a value is a part. */
interface Part {
  readonly bytes: Buffer;
  readonly offset: number;
  readonly length: number;
}

// Nothing in them is kept from one call to the next.
const field = new ElementBytes();
const value = new ElementBytes();

/** For one hash. */
export class HashBuilder {
  readonly #c: CommandContext;
  readonly #maxValueBytes: number;
  readonly #isTimed: boolean;
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #packed = new PackedHash();
  #large: LargeHash | null = null;

  /**
   * @param mayPack false: it becomes large, however small it is
   * @param isTimed its fields may have times
   * @param maxValueBytes a longer field or value makes it large
   */
  constructor(c: CommandContext, mayPack: boolean, isTimed: boolean, maxValueBytes = Infinity) {
    this.#c = c;
    this.#maxValueBytes = maxValueBytes;
    this.#isTimed = isTimed;
    this.#bytes = Buffer.alloc(mayPack ? c.mostPackedBytes : 0);
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
    const packed = this.#packed;
    packed.openEmpty();
    if (!mayPack) {
      this.#large = new LargeHash(c.largeOptions);
    } else if (isTimed) {
      packed.planTimed();
      packed.rebase(this.#bytes, this.#view, 0);
      packed.applyTimed();
    }
  }

  /** Longest field or value. */
  get mostStringBytes(): number {
    return this.#c.maxStringBytes;
  }

  /**
   * Adds a field.
   * @param expireAtMs Unix milliseconds, 0 = never
   * @returns false when it is there already, and nothing has changed
   */
  add(name: Part, text: Part, expireAtMs: number): boolean {
    if (this.#large === null) {
      const packed = this.#packed;
      if (packed.find(field.setBuffer(part(name)))) return false;
      if (this.#fits(name, text)) {
        packed.rebase(this.#bytes, this.#view, 0);
        packed.planSet(false, field, text.length);
        packed.applySet(field, value.setBuffer(part(text)), expireAtMs);
        return true;
      }
      this.#large = this.#enlarge();
    }
    const large = this.#large;
    if (large.has(name.bytes, name.offset, name.length)) return false;
    const { bytes, offset, length } = text;
    large.set(name.bytes, name.offset, name.length, bytes, offset, length, expireAtMs);
    return true;
  }

  #fits(name: Part, text: Part): boolean {
    const { limits, mostPackedBytes } = this.#c;
    const packed = this.#packed;
    if (Math.max(name.length, text.length) > this.#maxValueBytes) return false;
    if (!hashCountStaysPacked(packed.count + 1, limits.hash)) return false;
    return packed.baseBytes + packed.pairBytes(name.length, text.length) <= mostPackedBytes;
  }

  #enlarge(): LargeHash {
    const large = new LargeHash(this.#c.largeOptions);
    const packed = this.#packed;
    packed.rewind();
    while (packed.next()) {
      packed.read();
      const { bytes, fieldAt, fieldBytes, valueAt, valueBytes, expireAtMs } = packed;
      large.set(bytes, fieldAt, fieldBytes, bytes, valueAt, valueBytes, expireAtMs);
    }
    return large;
  }

  /** The hash, or null when it has no field. */
  finish(): NewValue | null {
    const hasTimedParts = this.#isTimed;
    if (this.#large !== null) {
      if (this.#large.count === 0) return null;
      return { type: TYPE_HASH, collection: this.#large, hasTimedParts };
    }
    const { count, length } = this.#packed;
    if (count === 0) return null;
    return { type: TYPE_HASH, encoding: 0, bytes: this.#bytes, offset: 0, length, hasTimedParts };
  }
}

function part({ bytes, offset, length }: Part): Buffer {
  return bytes.subarray(offset, offset + length);
}
