// A test database whose front and worker write logs, in a temporary directory; what they wrote as
// plain data, and the way back from there into an empty database. Handles no damage.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SHARD_COUNT } from '@forgekv/base';
import {
  createWalMemory,
  nodeFileSystem,
  openWalDirectory,
  replay,
  WalLogs,
  type WalOptions,
  type WalTransfer,
} from '@forgekv/storage';
import { RespDecoder } from '@forgekv/testkit';
import type { Test } from 'tap';
import { createEffectMemory, EffectLog, SETTLED } from '../../src/index.ts';
import { createTestDatabase, type TestDatabase, type TestDatabaseOptions } from '../harness.ts';

export interface PlainEffect {
  readonly shard: number;
  readonly lsn: number;
  readonly previousLsn: number;
  readonly namespace: number;
  readonly blind: boolean;
  readonly args: readonly Buffer[];
}

export class LoggedDatabase {
  readonly db: TestDatabase;
  readonly effects: SharedArrayBuffer = createEffectMemory(2);
  readonly transfer: WalTransfer;
  readonly logs: WalLogs;

  /** @param wal bounds of the logs */
  constructor(t: Test, options: TestDatabaseOptions = {}, wal: Partial<WalOptions> = {}) {
    const directory = mkdtempSync(join(tmpdir(), 'forgekv-effects-'));
    t.teardown(() => rmSync(directory, { recursive: true, force: true }));
    this.transfer = createWalMemory({
      ...{ logs: 2, directory, generation: 1 },
      ...{ segmentBytes: 1 << 20, bufferBytes: 1 << 20 },
      ...wal,
    });
    this.logs = new WalLogs(this.transfer, nodeFileSystem);
    this.db = createTestDatabase(options);
    this.db.front.log = this.#log(0);
    this.db.worker.log = this.#log(1);
  }

  #log(log: number): EffectLog {
    const { table } = log === 0 ? this.db.front : this.db.worker;
    return new EffectLog(table, { transfer: this.transfer, effects: this.effects, log });
  }

  /** Ends the tick of both threads. */
  settle(): void {
    const logs = [this.db.front.log!, this.db.worker.log!];
    // By turns: each may wait for what the other has yet to seal.
    while (logs.map((log) => log.settle()).some((answer) => answer !== SETTLED));
  }

  /** Everything logged so far, by shard in the order of LSNs. */
  all(): PlainEffect[] {
    this.settle();
    const found: PlainEffect[] = [];
    replay(openWalDirectory(this.transfer.directory, nodeFileSystem), {
      apply: ({ shard, lsn, previousLsn, namespace, blind, bytes, offset, length }) => {
        const decoder = new RespDecoder(2);
        decoder.push(Buffer.from(bytes.subarray(offset, offset + length)));
        const reply = decoder.next()!.reply;
        if (reply.kind !== 'array' || decoder.pendingBytes > 0) throw new Error('no command');
        const args = reply.items.map((item) => {
          if (item.kind !== 'bulk') throw new Error('no argument');
          return item.bytes;
        });
        found.push({ shard, lsn, previousLsn, namespace, blind, args });
      },
    });
    return found;
  }

  /** What a command logged, each as `asText` says. */
  effectsOf(...command: (string | Buffer)[]): string[] {
    const { table } = this.db;
    const lastLsns = Array.from({ length: SHARD_COUNT }, (_, shard) => table.lastLsn(shard));
    this.db.run(...command);
    return this.all()
      .filter(({ shard, lsn }) => lsn > lastLsns[shard]!)
      .map(asText);
  }
}

/** An effect as `name arguments`, a `!` before it when it is blind. */
export function asText({ blind, args }: PlainEffect): string {
  return `${blind ? '!' : ''}${args.map(text).join(' ')}`;
}

function text(bytes: Buffer): string {
  return bytes.length > 40 ? `(${bytes.length} bytes)` : bytes.toString('latin1');
}

/** Applies effects to an empty database, as recovery does: nothing expires, LSNs are the same. */
export function replayInto(db: TestDatabase, effects: readonly PlainEffect[]): void {
  const { databases } = db.worker;
  db.nowMs = 0;
  for (const { shard, lsn, namespace, args } of effects) {
    db.db = databases.ofNamespace(namespace);
    if (db.db < 0) continue;
    db.table.locks.lock(shard);
    db.table.setLastLsn(shard, lsn - 1);
    db.table.locks.unlock(shard);
    const reply = db.reply(...args);
    if (reply.kind === 'error') throw new Error(`${args.map(text).join(' ')}: ${reply.text}`);
  }
}
