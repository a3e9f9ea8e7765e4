// The write-ahead log: what an effect costs from the request's bytes to the kernel. All segments
// are the same file, preallocated: neither disk space, nor making files, nor a sync is measured.

import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createWalMemory,
  type FileSystem,
  nodeFileSystem,
  RespComposer,
  WalLogs,
  WalWriter,
} from '@forgekv/storage';
import type { Micro } from './harness.ts';

/** `SET` of a key of 16 bytes and a value of 64, as a client sends it. */
const PAYLOAD_BYTES = 110;
const KEY_BYTES = 16;
const GROUPS_PER_SEAL = 4;
const EFFECTS_PER_GROUP = 16;
const PER_SEAL = GROUPS_PER_SEAL * EFFECTS_PER_GROUP;
const SOURCE_BYTES = 64 << 10;
const SHARDS = 64;

/** A log whose segments are all the same file. */
class OneFileLog {
  readonly logs: WalLogs;
  readonly writer: WalWriter;
  readonly #directory = fs.mkdtempSync(join(tmpdir(), 'forgekv-bench-'));
  readonly #fd: number;
  readonly #everything = new Float64Array(SHARDS).fill(Number.POSITIVE_INFINITY);

  constructor() {
    const directory = this.#directory;
    const fd = nodeFileSystem.create(join(directory, 'segment'));
    this.#fd = fd;
    const nothing = (): void => {};
    const files: FileSystem = {
      ...nodeFileSystem,
      create: () => fd,
      openWrite: () => fd,
      fdatasync: nothing,
      close: nothing,
      rename: nothing,
      unlink: nothing,
      syncDirectory: nothing,
      exists: () => true,
    };
    this.logs = new WalLogs(createWalMemory({ logs: 1, directory, generation: 1 }), files);
    this.writer = new WalWriter(this.logs, 0);
  }

  /** Ends a tick; returns what the kernel has. */
  settle(): number {
    this.writer.seal();
    this.logs.handOver(0);
    return this.logs.handed(0);
  }

  /** Lets go of the segments that were left, between batches. */
  retire(): void {
    this.logs.retire(this.#everything);
  }

  dispose(): void {
    nodeFileSystem.close(this.#fd);
    fs.rmSync(this.#directory, { recursive: true });
  }
}

/** Effects are the bytes of the client, wherever they lie in a batch. */
const append: Micro = {
  name: `write-ahead log: append ${PAYLOAD_BYTES} bytes, hand over every ${PER_SEAL}`,
  operationsPerIteration: PER_SEAL,
  prepare() {
    const log = new OneFileLog();
    const { writer } = log;
    const source = Buffer.alloc(SOURCE_BYTES, 'v');
    const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
    let lsn = 0;
    let at = 0;
    return {
      run(iterations) {
        let sum = 0;
        for (let i = 0; i < iterations; i += 1) {
          for (let group = 0; group < GROUPS_PER_SEAL; group += 1) {
            for (let k = 0; k < EFFECTS_PER_GROUP; k += 1) {
              lsn += 1;
              writer.append(lsn & 63, lsn, lsn - 1, 0, 0, source, view, at, PAYLOAD_BYTES);
              // An odd step: all alignments take turns.
              at += PAYLOAD_BYTES + 1;
              if (at + PAYLOAD_BYTES > SOURCE_BYTES) at = 0;
            }
            writer.endGroup();
          }
          sum += log.settle();
        }
        log.retire();
        return sum;
      },
      dispose: () => log.dispose(),
    };
  },
};

/** Effects that are said in other words than the client's. */
const compose: Micro = {
  name: `write-ahead log: compose DEL of ${KEY_BYTES} bytes, hand over every ${PER_SEAL}`,
  operationsPerIteration: PER_SEAL,
  prepare() {
    const log = new OneFileLog();
    const { writer } = log;
    const composer = new RespComposer(writer);
    const key = Buffer.alloc(KEY_BYTES, 'k');
    let lsn = 0;
    return {
      run(iterations) {
        let sum = 0;
        for (let i = 0; i < iterations; i += 1) {
          for (let k = 0; k < PER_SEAL; k += 1) {
            lsn += 1;
            writer.beginEffect(lsn & 63, lsn, lsn - 1, 0, 1);
            composer.command(2);
            composer.bulkText('DEL');
            composer.bulk(key, 0, KEY_BYTES);
            writer.endEffect();
            writer.endGroup();
          }
          sum += log.settle();
        }
        log.retire();
        return sum;
      },
      dispose: () => log.dispose(),
    };
  },
};

/** All write-ahead log benchmarks. */
export const walMicros: readonly Micro[] = [append, compose];
