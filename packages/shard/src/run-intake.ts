// Takes the runs of one front from its ring and puts together those that come in several frames.
// Executes nothing.

import { KIND_GONE, KIND_RUN, RingConsumer } from '@forgekv/rings';

export class RunIntake {
  readonly #ring: RingConsumer;
  /** A run of which some frames have come. */
  #part: { bytes: Buffer; received: number; connection: number; flags: number } | null = null;

  // The run taken last: bytes[start..end), until the next call.
  connection = 0;
  flags = 0;
  bytes: Buffer = Buffer.alloc(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  start = 0;
  end = 0;

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
   * Takes a frame: 'run', it ended one; 'part', there are more to come; 'gone', the client of
   * `connection` has gone; 'none', there is none.
   */
  next(): 'run' | 'part' | 'gone' | 'none' {
    const ring = this.#ring;
    if (!ring.next()) return 'none';
    const { payloadOffset, payloadBytes } = ring;
    if (ring.kind === KIND_GONE) {
      this.connection = ring.a;
      return 'gone';
    }
    if (ring.kind === KIND_RUN && payloadBytes === ring.c) {
      this.#set(ring.a, ring.b, ring.bytes, ring.view, payloadOffset, payloadBytes);
      return 'run';
    }
    if (ring.kind === KIND_RUN) {
      const bytes = Buffer.allocUnsafeSlow(ring.c);
      this.#part = { bytes, received: 0, connection: ring.a, flags: ring.b };
    }
    const part = this.#part;
    if (part === null) return 'part';
    part.bytes.set(ring.bytes.subarray(payloadOffset, payloadOffset + payloadBytes), part.received);
    part.received += payloadBytes;
    if (part.received < part.bytes.length) return 'part';
    this.#part = null;
    const { bytes, connection, flags } = part;
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
