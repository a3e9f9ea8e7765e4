// DUMP of a large collection as work that may be done in slices.

import type { CommandContext } from '../context.ts';
import type { LargeCollection } from '../large-values.ts';
import { SlicedPayload } from '../sliced-payload.ts';
import type { SlicedWork } from '../sliced-work.ts';
import { pagesOf } from './dump-forms.ts';

/** Bytes that are replied at once. */
const REPLY_BYTES = 64 * 1024;
const END = Buffer.from('\r\n');

export class DumpReply implements SlicedWork {
  readonly isPreparation = false;
  readonly collections: readonly LargeCollection[];
  readonly #payload: SlicedPayload;
  /** Bytes of the payload that were replied; below 0: it is not whole yet. */
  #replied = -1;

  constructor(c: CommandContext, collection: LargeCollection) {
    this.collections = [collection];
    this.#payload = new SlicedPayload(pagesOf(c, collection));
  }

  detach(): void {}

  step({ reply }: CommandContext): boolean {
    const payload = this.#payload;
    if (this.#replied < 0) {
      if (payload.step()) {
        this.#replied = 0;
        const head = Buffer.from(`$${payload.bytes.length}\r\n`, 'latin1');
        reply.encoded(head, 0, head.length);
      }
      return false;
    }
    const { bytes } = payload;
    const count = Math.min(REPLY_BYTES, bytes.length - this.#replied);
    reply.encoded(bytes, this.#replied, count);
    this.#replied += count;
    if (this.#replied < bytes.length) return false;
    reply.encoded(END, 0, END.length);
    return true;
  }
}
