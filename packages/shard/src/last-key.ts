// The key that a script named last, with its hash: most scripts call for one key again and again,
// and to compare its bytes takes a small part of the time it takes to hash them.

import type { CommandContext } from '@forgekv/commands';

/** Longer keys are hashed each time. */
const MOST_BYTES = 64;

export class LastKey {
  readonly #bytes = Buffer.allocUnsafeSlow(MOST_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  #length = -1;
  #shard = 0;
  #hash = 0;

  /** Hashes a key argument of the command in the request, as `prehash`; returns its shard. */
  prehash(context: CommandContext, index: number): number {
    const { request } = context;
    const at = request.offset(index);
    const length = request.length(index);
    if (length !== this.#length || !this.#isSame(request.bytes, request.view, at)) {
      return this.#hashed(context, index, at, length);
    }
    context.setPrehashed(index, this.#shard, this.#hash);
    return this.#shard;
  }

  #isSame(bytes: Uint8Array, view: DataView, at: number): boolean {
    const length = this.#length;
    let i = 0;
    for (; i + 4 <= length; i += 4) {
      if (view.getInt32(at + i) !== this.#view.getInt32(i)) return false;
    }
    for (; i < length; i++) if (bytes[at + i] !== this.#bytes[i]) return false;
    return true;
  }

  #hashed(context: CommandContext, index: number, at: number, length: number): number {
    const shard = context.prehash(index);
    if (length > MOST_BYTES) return shard;
    this.#length = length;
    this.#shard = shard;
    this.#hash = context.keyHashes[index]!;
    const { bytes } = context.request;
    for (let i = 0; i < length; i++) this.#bytes[i] = bytes[at + i]!;
    return shard;
  }
}
