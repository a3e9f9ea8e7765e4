// Messages of PUBLISH between threads: from front to front over rings of their own, and from a
// worker to the front that is to distribute it, among the replies. What concerns keys that have
// changed goes the same ways, without a channel, and to one front: see invalidation-codec.ts.
//
// A message is cut into frames where it must be. The first one's payload begins with a head of
// four words: the bytes of the channel and of the message, which follow, and the fronts it is for,
// a bit each.

import { invariant } from '@forgekv/base';
import type { RingConsumer, RingProducer } from './byte-ring.ts';
import type { MessageKind } from './channel-table.ts';

/** Begins a message. a, b = its version, low and high; c = who counted it; d = its kind. */
export const KIND_MESSAGE = 16;
/** The message goes on. */
export const KIND_MESSAGE_MORE = 17;
/** Messages were counted that will not come: a of them, c = who counted them. */
export const KIND_MESSAGES_LOST = 18;

/** The kind of a message about keys that have changed; it is not counted. */
export const INVALIDATION = 4;
const HEAD_BYTES = 16;
const TWO_32 = 2 ** 32;
/** Messages up to this size may be handed out where they lie in the ring. */
const IN_PLACE_BYTES = 4096;

/** A message as it was published. */
export interface Message {
  readonly channel: Uint8Array;
  readonly body: Uint8Array;
  /** CHANNEL, SHARD_CHANNEL, MONITORED or INVALIDATION. */
  readonly kind: MessageKind | typeof INVALIDATION;
  /** As of when it was counted: see channel-table.ts. */
  readonly version: number;
  /** The thread that counted it. */
  readonly counter: number;
  /** Fronts it is for, a bit each. */
  readonly low: number;
  readonly high: number;
}

const NO_CHANNEL = Buffer.alloc(0);

/** A message about keys that have changed; it comes before those that were counted. */
export function invalidationMessage(body: Uint8Array): Message {
  const uncounted = { version: 0, counter: 0, low: 0, high: 0 };
  return { ...uncounted, channel: NO_CHANNEL, body, kind: INVALIDATION };
}

/** Bytes of a message in frames, those of their heads aside. */
export function messageBytes({ channel, body }: Message): number {
  return HEAD_BYTES + channel.length + body.length;
}

/**
 * Puts what of a message is missing into a ring, as far as there is room.
 * @param from bytes of it that are in the ring already
 * @returns bytes that are now
 */
export function putMessage(ring: RingProducer, message: Message, from: number): number {
  const { channel, body } = message;
  const total = messageBytes(message);
  let done = from;
  while (done < total) {
    const length = Math.min(total - done, ring.maxPayload);
    const at = done === 0 ? begin(ring, message, length) : goOn(ring, length);
    if (at < 0) return done;
    copyPart(channel, HEAD_BYTES, done, length, ring.bytes, at - done);
    copyPart(body, HEAD_BYTES + channel.length, done, length, ring.bytes, at - done);
    done += length;
  }
  return done;
}

function begin(ring: RingProducer, message: Message, length: number): number {
  const { version, counter, kind } = message;
  const high = Math.floor(version / TWO_32);
  const at = ring.reserve(length, KIND_MESSAGE, (version % TWO_32) | 0, high, counter, kind);
  if (at < 0) return at;
  ring.view.setUint32(at, message.channel.length, true);
  ring.view.setUint32(at + 4, message.body.length, true);
  ring.view.setInt32(at + 8, message.low, true);
  ring.view.setInt32(at + 12, message.high, true);
  return at;
}

function goOn(ring: RingProducer, length: number): number {
  return ring.reserve(length, KIND_MESSAGE_MORE, 0, 0, 0, 0);
}

/** Copies what of `bytes`, which begin at `start` of a message, is in [from, from+length) of it. */
function copyPart(
  bytes: Uint8Array,
  start: number,
  from: number,
  length: number,
  to: Uint8Array,
  base: number,
): void {
  const first = Math.max(from, start);
  const end = Math.min(from + length, start + bytes.length);
  if (first < end) to.set(bytes.subarray(first - start, end - start), base + first);
}

/** Puts the messages of a ring together from their frames. */
export class MessageIntake {
  /** The last message that `take` found complete. */
  message!: Message;
  /** Of an unfinished message: everything behind its head. */
  #bytes: Buffer | null = null;
  #filled = 0;
  #channelBytes = 0;
  #facts!: Omit<Message, 'channel' | 'body'>;

  /**
   * Takes the ring's current frame, one of KIND_MESSAGE or KIND_MESSAGE_MORE.
   * @returns true when a message is complete; a short one's bytes may lie in the ring
   */
  take(ring: RingConsumer): boolean {
    return ring.kind === KIND_MESSAGE ? this.#begin(ring) : this.#goOn(ring);
  }

  #begin(ring: RingConsumer): boolean {
    const { payloadOffset, payloadBytes, bytes, view } = ring;
    const channelBytes = view.getUint32(payloadOffset, true);
    const total = channelBytes + view.getUint32(payloadOffset + 4, true);
    const at = payloadOffset + HEAD_BYTES;
    const end = payloadOffset + payloadBytes;
    this.#facts = {
      kind: ring.d as Message['kind'],
      version: ring.b * TWO_32 + (ring.a >>> 0),
      counter: ring.c,
      low: view.getInt32(payloadOffset + 8, true),
      high: view.getInt32(payloadOffset + 12, true),
    };
    this.#channelBytes = channelBytes;
    if (total <= IN_PLACE_BYTES && total === end - at) {
      this.#complete(bytes.subarray(at, end));
      return true;
    }
    // Another thread of this process says so: it has as many bytes.
    this.#bytes = Buffer.allocUnsafeSlow(total);
    this.#bytes.set(bytes.subarray(at, end));
    this.#filled = end - at;
    return this.#isComplete();
  }

  #goOn({ bytes, payloadOffset, payloadBytes }: RingConsumer): boolean {
    invariant(this.#bytes !== null, 'a message goes on that never began');
    this.#bytes.set(bytes.subarray(payloadOffset, payloadOffset + payloadBytes), this.#filled);
    this.#filled += payloadBytes;
    return this.#isComplete();
  }

  #isComplete(): boolean {
    const bytes = this.#bytes!;
    if (this.#filled < bytes.length) return false;
    this.#complete(bytes);
    this.#bytes = null;
    return true;
  }

  #complete(bytes: Buffer): void {
    const channel = bytes.subarray(0, this.#channelBytes);
    this.message = { ...this.#facts, channel, body: bytes.subarray(this.#channelBytes) };
  }
}
