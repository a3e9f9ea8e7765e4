// Thread of ring-threads.test.ts: one end of a ring, writing or checking numbered frames.

import { parentPort, workerData } from 'node:worker_threads';
import { Random } from '@forgekv/base';
import { RingConsumer, RingProducer } from '../src/byte-ring.ts';
import { Doorbell } from '../src/doorbell.ts';

export interface HammerJob {
  readonly role: 'write' | 'read';
  readonly ring: SharedArrayBuffer;
  /** Doorbell 0 is the writer's, 1 the reader's. */
  readonly doorbells: SharedArrayBuffer;
  readonly seed: number;
  readonly frames: number;
}

export interface HammerReport {
  readonly sum: number;
  readonly bytes: number;
  /** How often it slept, and how often only the timeout woke it although there was work. */
  readonly sleeps: number;
  readonly lateWakes: number;
  readonly problem: string;
}

const SLEEP_MS = 5000;
const job = workerData as HammerJob;
const own = new Doorbell(job.doorbells, job.role === 'write' ? 0 : 1);
const other = new Doorbell(job.doorbells, job.role === 'write' ? 1 : 0);
let sleeps = 0;
let lateWakes = 0;

function sleep(hasWork: () => boolean): void {
  sleeps++;
  const startedAtMs = performance.now();
  own.sleep(SLEEP_MS, hasWork);
  if (performance.now() - startedAtMs >= SLEEP_MS * 0.9) lateWakes++;
}

/** Both ends draw the same sizes and bytes from the same seed. */
function frameSize(random: Random, maxPayload: number): number {
  return random.chance(0.2) ? random.below(maxPayload + 1) : random.below(100);
}

function write(): HammerReport {
  const random = new Random(job.seed);
  const pace = new Random(job.seed + 1);
  const ring = new RingProducer(job.ring);
  let sum = 0;
  let bytes = 0;
  for (let frame = 0; frame < job.frames; frame++) {
    const size = frameSize(random, ring.maxPayload);
    let at = ring.reserve(size, frame, size, 0, 0, 0);
    while (at < 0) {
      if (ring.publish()) other.ring();
      sleep(() => {
        at = ring.reserve(size, frame, size, 0, 0, 0);
        return at >= 0;
      });
      if (at < 0) at = ring.reserve(size, frame, size, 0, 0, 0);
    }
    for (let i = 0; i < size; i++) {
      const byte = (frame * 31 + i * 7) & 255;
      ring.bytes[at + i] = byte;
      sum = (Math.imul(sum, 31) + byte) | 0;
    }
    bytes += size;
    if (pace.chance(0.3) && ring.publish()) other.ring();
  }
  if (ring.publish()) other.ring();
  return { sum, bytes, sleeps, lateWakes, problem: '' };
}

function read(): HammerReport {
  const random = new Random(job.seed);
  const pace = new Random(job.seed + 2);
  const ring = new RingConsumer(job.ring);
  const max = new RingProducer(job.ring).maxPayload;
  let sum = 0;
  let bytes = 0;
  let problem = '';
  for (let frame = 0; frame < job.frames; frame++) {
    while (!ring.next()) {
      if (ring.release()) other.ring();
      sleep(() => ring.pending);
    }
    const size = frameSize(random, max);
    const { kind, a, payloadBytes, payloadOffset } = ring;
    if (kind !== frame || a !== size || payloadBytes !== size) {
      problem = `frame ${frame} of ${size} bytes came as ${kind}, ${a}, ${payloadBytes}`;
      break;
    }
    for (let i = 0; i < size; i++) {
      sum = (Math.imul(sum, 31) + ring.bytes[payloadOffset + i]!) | 0;
    }
    bytes += size;
    if (pace.chance(0.3) && ring.release()) other.ring();
  }
  if (ring.release()) other.ring();
  return { sum, bytes, sleeps, lateWakes, problem };
}

parentPort!.postMessage(job.role === 'write' ? write() : read());
