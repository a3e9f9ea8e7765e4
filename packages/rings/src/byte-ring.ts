// A single-producer single-consumer ring of frames in shared memory.
//
//   words 0-15    head: bytes ever written (mod 2^32), by the producer only
//   words 16-31   tail: bytes ever released (mod 2^32), by the consumer only
//   words 32-47   producer waits for room (set by the producer, cleared by the consumer)
//   then          data, a power of two of bytes
//
//   frame  word 0 payload bytes, or PAD: nothing more before the end of the data
//               1 kind       2-5 four numbers of the kind's own
//               payload, padded to 8 bytes; never wraps, so it can be read where it lies
//
// Order: the producer writes a frame, then publishes it by storing the head; the consumer
// loads the head before it reads, and stores the tail after its last look at the frames. The
// stores and loads of head and tail are sequentially consistent, so nobody sees half a frame
// and nothing is overwritten while it is read. Nothing else is shared.

import { invariant } from '@forgekv/base';

const HEAD = 0;
const TAIL = 16;
const WANTS_ROOM = 32;
const CONTROL_WORDS = 48;
const FRAME_WORDS = 6;
export const FRAME_BYTES = FRAME_WORDS * 4;
const PAD = -1;
/** For the heads of a few frames. */
const ROOM_SLACK_BYTES = 8 * FRAME_BYTES;

/** Returns a new ring's memory. `dataBytes` is a power of two, 4 KB..64 MB. */
export function createRingMemory(dataBytes: number): SharedArrayBuffer {
  invariant((dataBytes & (dataBytes - 1)) === 0, 'a ring size is a power of two');
  invariant(dataBytes >= 4096 && dataBytes <= 1 << 26, 'a ring is 4 KB to 64 MB');
  return new SharedArrayBuffer(CONTROL_WORDS * 4 + dataBytes);
}

class Ring {
  /** The memory as bytes and words; payload offsets refer to `bytes`. */
  readonly bytes: Buffer;
  readonly view: DataView;
  protected readonly words: Int32Array;
  protected readonly dataBytes: number;

  constructor(memory: SharedArrayBuffer) {
    this.bytes = Buffer.from(memory);
    this.view = new DataView(memory);
    this.words = new Int32Array(memory);
    this.dataBytes = memory.byteLength - CONTROL_WORDS * 4;
  }
}

/** The writing end. Frames become visible to the consumer at `publish`. */
export class RingProducer extends Ring {
  #head: number;
  #tail: number;

  constructor(memory: SharedArrayBuffer) {
    super(memory);
    this.#head = Atomics.load(this.words, HEAD);
    this.#tail = Atomics.load(this.words, TAIL);
  }

  /** Largest payload of one frame, in bytes; more is cut into several frames. */
  get maxPayload(): number {
    return this.dataBytes / 4 - FRAME_BYTES;
  }

  /**
   * Reserves a frame and fills its head; the caller then writes the payload at the returned
   * offset of `bytes` before it publishes.
   * @param payloadBytes 0..maxPayload
   * @returns the payload's offset, or -1: no room, ask again after the consumer released some
   */
  reserve(payloadBytes: number, kind: number, a: number, b: number, c: number, d: number): number {
    invariant(payloadBytes <= this.maxPayload, 'a frame is larger than a ring takes');
    const size = FRAME_BYTES + ((payloadBytes + 7) & ~7);
    const mask = this.dataBytes - 1;
    let at = this.#head & mask;
    const toEnd = this.dataBytes - at;
    const needed = toEnd < size ? toEnd + size : size;
    if (!this.#hasRoom(needed)) return -1;
    const { words } = this;
    if (toEnd < size) {
      words[CONTROL_WORDS + (at >> 2)] = PAD;
      this.#head = (this.#head + toEnd) | 0;
      at = 0;
    }
    const word = CONTROL_WORDS + (at >> 2);
    words[word] = payloadBytes;
    words[word + 1] = kind;
    words[word + 2] = a;
    words[word + 3] = b;
    words[word + 4] = c;
    words[word + 5] = d;
    this.#head = (this.#head + size) | 0;
    return CONTROL_WORDS * 4 + at + FRAME_BYTES;
  }

  /** True when frames of so many bytes in all can be reserved; else `roomCame` says when. */
  hasRoom(bytes: number): boolean {
    return this.#hasRoom(Math.min(bytes + ROOM_SLACK_BYTES, this.dataBytes / 2));
  }

  #hasRoom(bytes: number): boolean {
    if (((this.#head - this.#tail) | 0) + bytes <= this.dataBytes) return true;
    this.#tail = Atomics.load(this.words, TAIL);
    if (((this.#head - this.#tail) | 0) + bytes <= this.dataBytes) return true;
    // Said before the second look: a release after it sees the flag and rings.
    Atomics.store(this.words, WANTS_ROOM, 1);
    this.#tail = Atomics.load(this.words, TAIL);
    return ((this.#head - this.#tail) | 0) + bytes <= this.dataBytes;
  }

  /** Makes the frames written so far visible. Returns true when there were any. */
  publish(): boolean {
    if (this.words[HEAD] === this.#head) return false;
    Atomics.store(this.words, HEAD, this.#head);
    return true;
  }

  /** Makes every frame of a kind that is not visible yet one of another kind. */
  convert(from: number, to: number): void {
    const { words, dataBytes } = this;
    let position = words[HEAD]!;
    while (position !== this.#head) {
      const at = position & (dataBytes - 1);
      const word = CONTROL_WORDS + (at >> 2);
      const payloadBytes = words[word]!;
      if (payloadBytes === PAD) {
        position = (position + dataBytes - at) | 0;
        continue;
      }
      if (words[word + 1] === from) words[word + 1] = to;
      position = (position + FRAME_BYTES + ((payloadBytes + 7) & ~7)) | 0;
    }
  }

  /** True once the consumer has released frames since `reserve` last found no room. */
  get roomCame(): boolean {
    return Atomics.load(this.words, WANTS_ROOM) === 0;
  }

  /** Bytes in the ring, for INFO. */
  get usedBytes(): number {
    return (this.#head - Atomics.load(this.words, TAIL)) | 0;
  }
}

/** The reading end: `next` to step to a frame, `release` when its bytes are no longer needed. */
export class RingConsumer extends Ring {
  #head: number;
  #position: number;
  #word = 0;
  /** Facts of the current frame, valid until the next `next`. */
  payloadOffset = 0;
  payloadBytes = 0;

  constructor(memory: SharedArrayBuffer) {
    super(memory);
    this.#head = Atomics.load(this.words, HEAD);
    this.#position = Atomics.load(this.words, TAIL);
  }

  /** Steps to the next frame; false when there is none. */
  next(): boolean {
    const mask = this.dataBytes - 1;
    for (;;) {
      if (this.#position === this.#head) {
        this.#head = Atomics.load(this.words, HEAD);
        if (this.#position === this.#head) return false;
      }
      const at = this.#position & mask;
      const word = CONTROL_WORDS + (at >> 2);
      const payloadBytes = this.words[word]!;
      if (payloadBytes === PAD) {
        this.#position = (this.#position + this.dataBytes - at) | 0;
        continue;
      }
      invariant(payloadBytes >= 0 && payloadBytes <= this.dataBytes, 'a ring frame is damaged');
      this.#word = word;
      this.payloadBytes = payloadBytes;
      this.payloadOffset = CONTROL_WORDS * 4 + at + FRAME_BYTES;
      this.#position = (this.#position + FRAME_BYTES + ((payloadBytes + 7) & ~7)) | 0;
      return true;
    }
  }

  get kind(): number {
    return this.words[this.#word + 1]!;
  }
  get a(): number {
    return this.words[this.#word + 2]!;
  }
  get b(): number {
    return this.words[this.#word + 3]!;
  }
  get c(): number {
    return this.words[this.#word + 4]!;
  }
  get d(): number {
    return this.words[this.#word + 5]!;
  }

  /**
   * Gives every frame stepped over back to the producer.
   * @returns true when the producer waits for room: ring its doorbell
   */
  release(): boolean {
    if (this.words[TAIL] === this.#position) return false;
    Atomics.store(this.words, TAIL, this.#position);
    if (Atomics.load(this.words, WANTS_ROOM) === 0) return false;
    Atomics.store(this.words, WANTS_ROOM, 0);
    return true;
  }

  /** True when frames wait that `next` has not stepped to. */
  get pending(): boolean {
    return this.#position !== Atomics.load(this.words, HEAD);
  }
}
