// Frames through a ring: what writing and reading costs in one thread, and what it costs to
// wake the other one.

import { Worker } from 'node:worker_threads';
import {
  createDoorbellMemory,
  createRingMemory,
  Doorbell,
  RingConsumer,
  RingProducer,
} from '@forgekv/rings';
import type { Micro, MicroBody } from './harness.ts';
import { ECHO, type EchoInit, STOP, SUM } from './ring-echo.ts';

const RING_BYTES = 1 << 20;
const PAYLOAD_BYTES = 64;
const BATCH = 16;
const SLEEP_MS = 1000;
const payload = Buffer.alloc(PAYLOAD_BYTES, 'p');

/** Frames of 64 bytes, published and released in batches. */
function sameThread(batch: number): Micro {
  return {
    name: `ring: write and read ${PAYLOAD_BYTES} bytes, ${batch} a publish`,
    operationsPerIteration: batch,
    prepare() {
      const memory = createRingMemory(RING_BYTES);
      const producer = new RingProducer(memory);
      const consumer = new RingConsumer(memory);
      return {
        run(iterations) {
          let sum = 0;
          for (let i = 0; i < iterations; i += 1) {
            for (let k = 0; k < batch; k += 1) {
              const at = producer.reserve(PAYLOAD_BYTES, 1, i, 0, 0, 0);
              producer.bytes.set(payload, at);
            }
            producer.publish();
            while (consumer.next()) sum += consumer.a + consumer.bytes[consumer.payloadOffset]!;
            consumer.release();
          }
          return sum;
        },
      };
    },
  };
}

/** A thread that answers every frame, or counts them. */
class Peer {
  readonly requests: RingProducer;
  readonly replies: RingConsumer;
  readonly own: Doorbell;
  readonly other: Doorbell;
  readonly #thread: Worker;

  constructor() {
    const init: EchoInit = {
      requests: createRingMemory(RING_BYTES),
      replies: createRingMemory(RING_BYTES),
      doorbells: createDoorbellMemory(2),
    };
    this.requests = new RingProducer(init.requests);
    this.replies = new RingConsumer(init.replies);
    this.own = new Doorbell(init.doorbells, 0);
    this.other = new Doorbell(init.doorbells, 1);
    const url = new URL('./ring-echo.js', import.meta.url);
    this.#thread = new Worker(url, { workerData: init });
  }

  /** Writes a frame; sleeps while there is no room. */
  write(kind: number): void {
    let at = this.requests.reserve(PAYLOAD_BYTES, kind, 0, 0, 0, 0);
    while (at < 0) {
      this.send();
      this.own.sleep(1, () => false);
      at = this.requests.reserve(PAYLOAD_BYTES, kind, 0, 0, 0, 0);
    }
    this.requests.bytes.set(payload, at);
  }

  send(): void {
    if (this.requests.publish()) this.other.ring();
  }

  /** Sleeps until a reply is there and takes it. */
  read(): number {
    while (!this.replies.next()) this.own.sleep(SLEEP_MS, () => this.replies.pending);
    const { a } = this.replies;
    if (this.replies.release()) this.other.ring();
    return a;
  }

  async end(): Promise<void> {
    this.write(STOP);
    this.send();
    await this.#thread.terminate();
  }
}

function twoThreads(run: (peer: Peer, iterations: number) => number): () => MicroBody {
  return () => {
    const peer = new Peer();
    return { run: (iterations) => run(peer, iterations), dispose: () => peer.end() };
  };
}

/** One thread and two. */
export const ringMicros: readonly Micro[] = [
  sameThread(1),
  sameThread(BATCH),
  {
    name: 'ring: there and back between two sleeping threads',
    prepare: twoThreads((peer, iterations) => {
      let sum = 0;
      for (let i = 0; i < iterations; i += 1) {
        peer.write(ECHO);
        peer.send();
        sum += peer.read();
      }
      return sum;
    }),
  },
  {
    name: `ring: there and back between two sleeping threads, ${BATCH} at a time`,
    operationsPerIteration: BATCH,
    prepare: twoThreads((peer, iterations) => {
      let sum = 0;
      for (let i = 0; i < iterations; i += 1) {
        for (let k = 0; k < BATCH; k += 1) peer.write(ECHO);
        peer.send();
        for (let k = 0; k < BATCH; k += 1) sum += peer.read();
      }
      return sum;
    }),
  },
  {
    name: `ring: one way to another thread, ${BATCH} a publish`,
    operationsPerIteration: BATCH,
    prepare: twoThreads((peer, iterations) => {
      for (let i = 0; i < iterations; i += 1) {
        for (let k = 0; k < BATCH; k += 1) peer.write(0);
        peer.send();
      }
      peer.write(SUM);
      peer.send();
      return peer.read();
    }),
  },
];
