// Puts the messages of a ring together from their frames.

import { invariant } from '@forgekv/base';
import {
  KIND_MESSAGE,
  MESSAGE_HEAD_BYTES,
  MESSAGE_SHARDED,
  type RingConsumer,
} from '@forgekv/rings';
import { isKept, type Message } from './message-form.ts';

const TWO_32 = 2 ** 32;

/** A message, and the fronts it is to be handed on to. */
export interface ArrivedMessage extends Message {
  readonly low: number;
  readonly high: number;
}

export class MessageIntake {
  /** The last message that `take` found complete. */
  message!: ArrivedMessage;
  /** Of an unfinished message: everything behind its head. */
  #bytes: Buffer | null = null;
  #filled = 0;
  #facts!: ArrivedMessage;

  /**
   * Takes the ring's current frame.
   * @returns true when a message is complete; its bytes may lie in the ring
   */
  take(ring: RingConsumer): boolean {
    const { payloadOffset, payloadBytes, bytes, view } = ring;
    if (ring.kind !== KIND_MESSAGE) {
      const whole = this.#bytes;
      invariant(whole !== null, 'a message goes on that never began');
      whole.set(bytes.subarray(payloadOffset, payloadOffset + payloadBytes), this.#filled);
      this.#filled += payloadBytes;
      if (this.#filled < whole.length) return false;
      const channelBytes = this.#facts.channel.length;
      this.message = {
        ...this.#facts,
        channel: whole.subarray(0, channelBytes),
        body: whole.subarray(channelBytes),
      };
      this.#bytes = null;
      return true;
    }
    const channelBytes = view.getUint32(payloadOffset, true);
    const bodyBytes = view.getUint32(payloadOffset + 4, true);
    const at = payloadOffset + MESSAGE_HEAD_BYTES;
    const has = payloadBytes - MESSAGE_HEAD_BYTES;
    const facts = {
      isSharded: (ring.d & MESSAGE_SHARDED) !== 0,
      version: ring.b * TWO_32 + (ring.a >>> 0),
      counter: ring.c,
      low: view.getInt32(payloadOffset + 8, true),
      high: view.getInt32(payloadOffset + 12, true),
    };
    if (has === channelBytes + bodyBytes) {
      const body = bytes.subarray(at + channelBytes, at + has);
      const channel = bytes.subarray(at, at + channelBytes);
      this.message = { ...facts, channel, body: isKept(bodyBytes) ? Buffer.from(body) : body };
      return true;
    }
    // Another thread of this process says so: it has as many bytes.
    const whole = Buffer.allocUnsafeSlow(channelBytes + bodyBytes);
    whole.set(bytes.subarray(at, at + has));
    this.#bytes = whole;
    this.#filled = has;
    this.#facts = { ...facts, channel: whole.subarray(0, channelBytes), body: whole };
    return false;
  }
}
