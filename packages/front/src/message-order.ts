// Messages in the order they were counted in, whichever threads they come from: for the events of
// keys, which one thread after the other changes. Who counts a message raises the table's version
// and, in the same step, the number of messages it has for a front. So a front that has a message
// in its hands sees how many of each thread come before it, at most; it waits for those.
//
// That is for the end of the tick of other threads, which never wait for this one. Messages of
// PUBLISH need no such order, and while there are no events nothing is held here. It is given up
// when too much is.

import type { Message } from '@forgekv/rings';

/** Messages that may wait for others, in bytes. */
const MOST_HELD_BYTES = 4 * 1024 * 1024;

interface Held {
  readonly message: Message;
  /** Per thread, how many must have come. */
  readonly needed: Int32Array;
}

export interface MessageOrderModules {
  /** Fronts and workers. */
  readonly threads: number;
  /** Messages that a thread has counted for this front, modulo 2^32. */
  readonly sent: (thread: number) => number;
  readonly deliver: (message: Message) => void;
}

export class MessageOrder {
  readonly #m: MessageOrderModules;
  /** Messages of each thread that have come, modulo 2^32. */
  readonly #come: Int32Array;
  /** By version. */
  #held: Held[] = [];
  #heldBytes = 0;
  /** Messages are told in order. */
  isOn = false;

  constructor(modules: MessageOrderModules) {
    this.#m = modules;
    this.#come = new Int32Array(modules.threads);
  }

  /** Messages of a thread have been counted that will not come. */
  lost(thread: number, count: number): void {
    this.#come[thread] = (this.#come[thread]! + count) | 0;
  }

  /** A message of another thread has come; its bytes may not stay as they are. */
  take(message: Message): void {
    this.lost(message.counter, 1);
    if (this.#isNext()) {
      this.#m.deliver(message);
    } else {
      const { channel, body } = message;
      this.#hold({ ...message, channel: Buffer.from(channel), body: Buffer.from(body) });
    }
  }

  /** A message of this thread; its bytes stay as they are when it has to wait. */
  add(message: Message): void {
    if (this.#isNext()) this.#m.deliver(message);
    else this.#hold(message);
  }

  /** True when what is before the next message may have to be waited for. */
  get mayHold(): boolean {
    return this.isOn || this.isHolding;
  }

  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  #isNext(): boolean {
    if (this.#held.length > 0) return false;
    if (!this.isOn) return true;
    for (let thread = 0; thread < this.#come.length; thread++) {
      if (((this.#come[thread]! - this.#m.sent(thread)) | 0) < 0) return false;
    }
    return true;
  }

  #hold(message: Message): void {
    const held = this.#held;
    const needed = Int32Array.from(this.#come, (_, thread) => this.#m.sent(thread));
    let at = held.length;
    while (at > 0 && held[at - 1]!.message.version > message.version) at--;
    held.splice(at, 0, { message, needed });
    this.#heldBytes += message.channel.length + message.body.length;
  }

  /** Hands out what has waited long enough. */
  release(): void {
    const held = this.#held;
    let done = 0;
    while (done < held.length && this.#mayGo(held[done]!)) {
      const { message } = held[done++]!;
      this.#heldBytes -= message.channel.length + message.body.length;
      this.#m.deliver(message);
    }
    if (done > 0) held.splice(0, done);
  }

  #mayGo({ needed }: Held): boolean {
    if (this.#heldBytes > MOST_HELD_BYTES) return true;
    return needed.every((count, thread) => ((this.#come[thread]! - count) | 0) >= 0);
  }
}
