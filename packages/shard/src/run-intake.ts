// Takes the runs of one front from its ring and puts together those that come in several frames,
// perhaps with frames of other connections in between. Executes nothing.

import { KIND_GO, KIND_GONE, KIND_RUN, KIND_UNBLOCKED, RingConsumer } from '@forgekv/rings';
import { SPARE_BYTES } from './run-bytes.ts';

interface Part {
  readonly bytes: Buffer;
  received: number;
  readonly flags: number;
}

export class RunIntake {
  readonly #ring: RingConsumer;
  /** Runs of which some frames have come, by connection: each has one on its way at most. */
  readonly #parts = new Map<number, Part>();

  // The run taken last: bytes[start..end), until the next call, or, if it came in several frames,
  // for as long as somebody keeps them.
  connection = 0;
  flags = 0;
  bytes: Buffer = Buffer.alloc(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  start = 0;
  end = 0;
  /** Of a wait that has ended. */
  slot = 0;
  ticket = 0;
  /** Bytes of the frame taken last. */
  frameBytes = 0;

  constructor(requests: SharedArrayBuffer) {
    this.#ring = new RingConsumer(requests);
  }

  /** True when frames wait. */
  get pending(): boolean {
    return this.#ring.pending;
  }

  /** Gives the room of what was taken back; true when the front may wait for it. */
  release(): boolean {
    return this.#ring.release();
  }

  /**
   * Takes a frame: 'run', it ended one; 'part', there are more to come; 'go', the front says how
   * to go on with a connection's reply, by `flags`; 'gone', the client of `connection` has gone;
   * 'unblocked', its front has ended a wait, `slot` and `ticket`; 'none', there is none.
   */
  next(): 'run' | 'part' | 'go' | 'gone' | 'unblocked' | 'none' {
    const ring = this.#ring;
    if (!ring.next()) return 'none';
    const { payloadOffset, payloadBytes } = ring;
    this.frameBytes = payloadBytes;
    if (ring.kind === KIND_GONE) {
      this.connection = ring.a;
      return 'gone';
    }
    if (ring.kind === KIND_UNBLOCKED) {
      this.slot = ring.b;
      this.ticket = ring.c;
      return 'unblocked';
    }
    if (ring.kind === KIND_RUN && payloadBytes === ring.c) {
      this.#set(ring.a, ring.b, ring.bytes, ring.view, payloadOffset, payloadBytes);
      return 'run';
    }
    const connection = ring.a;
    if (ring.kind === KIND_GO) {
      this.connection = connection;
      this.flags = ring.b;
      return 'go';
    }
    if (ring.kind === KIND_RUN) {
      // Memory that is not touched costs nothing: it grows with what arrives.
      const memory = Buffer.allocUnsafeSlow(ring.c + SPARE_BYTES);
      const bytes = memory.subarray(0, ring.c);
      this.#parts.set(connection, { bytes, received: 0, flags: ring.b });
    }
    const part = this.#parts.get(connection);
    if (part === undefined) return 'part';
    part.bytes.set(ring.bytes.subarray(payloadOffset, payloadOffset + payloadBytes), part.received);
    part.received += payloadBytes;
    if (part.received < part.bytes.length) return 'part';
    this.#parts.delete(connection);
    const { bytes, flags } = part;
    this.#set(connection, flags, bytes, new DataView(bytes.buffer), 0, bytes.length);
    return 'run';
  }

  #set(
    connection: number,
    flags: number,
    bytes: Buffer,
    view: DataView,
    start: number,
    length: number,
  ): void {
    this.connection = connection;
    this.flags = flags;
    this.bytes = bytes;
    this.view = view;
    this.start = start;
    this.end = start + length;
  }
}
