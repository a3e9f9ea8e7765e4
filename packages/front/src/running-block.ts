// A transaction whose replies are coming in: from a worker, and from the front itself, which
// executes those of its commands that work on the connection or the server. One of these may take
// a while; what the worker sends meanwhile is kept.

import type { CommandQueue } from './command-queue.ts';

/** A piece of the reply, or, null, the place of the front's own next command. */
export interface BlockPart {
  readonly bytes: Buffer | null;
  readonly isLast: boolean;
}

export class RunningBlock {
  readonly queue: CommandQueue;
  /** Waits for a command of the front. */
  isStalled = false;
  readonly #parts: BlockPart[] = [];
  readonly #own: number[];

  /** @param own the commands of the queue that the front executes, in order */
  constructor(queue: CommandQueue, own: number[]) {
    this.queue = queue;
    this.#own = own;
  }

  /** The front's next command, as an index into the queue. */
  takeOwn(): number {
    return this.#own.shift()!;
  }

  /** Keeps a part for later (copied). */
  keep(bytes: Buffer | null, isLast: boolean): void {
    this.#parts.push({ bytes: bytes === null ? null : Buffer.from(bytes), isLast });
  }

  /** The next part that was kept, unless the block stands still. */
  takePart(): BlockPart | undefined {
    return this.isStalled ? undefined : this.#parts.shift();
  }
}
