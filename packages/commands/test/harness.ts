// Runs commands in one process: through the real parser, registry and executor, on an arena of
// its own, without threads and sockets. `createTestDatabase().run('set', 'x', '1')` gives '+OK'.
//
// Every command runs as it would in a server: first as a front would run it, without large
// values; if that answers NOT_HERE, nothing may have changed and nothing may have been written,
// and then as a worker would. So the one rule is tested by every test of every command.

import assert from 'node:assert/strict';
import { createArena, HotTable } from '@forgekv/keyspace';
import {
  COMMAND_ARGC,
  COMMAND_END,
  COMMAND_FIRST_ARG,
  COMMAND_START,
  RequestParser,
} from '@forgekv/protocol';
import { type CommandArg, encodeCommand, type Reply, RespDecoder } from '@forgekv/testkit';
import {
  type CommandContext,
  FULL,
  NO_LARGE_VALUES,
  NOT_HERE,
  OUT_OF_MEMORY,
  PLACE_KEYED,
  PLACE_WORKER,
} from '../src/index.ts';
import { auditKeyspace, dumpKeyspace } from './support/keyspace-state.ts';
import { MemoryLargeValues } from './support/memory-large-values.ts';
import { type Plain, plain } from './support/plain-reply.ts';
import { commandOf, registry, TestThread } from './support/test-thread.ts';

export { type Plain, plain } from './support/plain-reply.ts';

export interface TestDatabaseOptions {
  /** Bytes of the slab pool. Default 8 MB. */
  poolBytes?: number;
  /** Values longer than this are large. Default 16384. */
  hotValueMaxBytes?: number;
  /** Largest string. Default 512 MB. */
  maxStringBytes?: number;
  /** Number of databases. Default 16. */
  databases?: number;
}

const LIMITS = { maxBulkBytes: 512 * 1024 * 1024, authenticated: true };

/** A keyspace that answers commands. */
export class TestDatabase {
  /** The clock of all commands, in Unix milliseconds. */
  nowMs = Date.now();
  /** Database of the connection. */
  db = 0;
  /** RESP3 replies. */
  resp3 = false;
  /** Commands count as typed in inline: they lie nowhere as RESP. */
  isInline = false;
  /** Commands that the front left to the worker. */
  hops = 0;
  readonly table: HotTable;
  readonly front: CommandContext;
  readonly worker: CommandContext;
  readonly #large = new MemoryLargeValues();
  #hasPlants = false;
  readonly #frontThread: TestThread;
  readonly #workerThread: TestThread;
  readonly #parser = new RequestParser();

  constructor(options: TestDatabaseOptions) {
    const arena = createArena({
      poolBytes: options.poolBytes ?? 8 * 1024 * 1024,
      databases: options.databases ?? 16,
      hashSecret: [1, 2],
    });
    this.table = new HotTable(arena, 1);
    this.#frontThread = new TestThread(this.table, NO_LARGE_VALUES, false);
    this.#workerThread = new TestThread(new HotTable(arena, 2), this.#large, true);
    this.front = this.#frontThread.context;
    this.worker = this.#workerThread.context;
    for (const context of [this.front, this.worker]) {
      if (options.hotValueMaxBytes) context.hotValueMaxBytes = options.hotValueMaxBytes;
      if (options.maxStringBytes) context.maxStringBytes = options.maxStringBytes;
    }
  }

  /** Runs one command and returns its reply in the short form. */
  run(...args: CommandArg[]): Plain {
    return plain(this.reply(...args));
  }

  /** Runs one command and returns its reply with every wire type kept apart. */
  reply(...args: CommandArg[]): Reply {
    const decoder = new RespDecoder(this.resp3 ? 3 : 2);
    decoder.push(this.execute(encodeCommand(args)));
    const decoded = decoder.next();
    assert.ok(decoded, `${args[0]}: no complete reply`);
    assert.equal(decoder.pendingBytes, 0, `${args[0]}: more than one reply`);
    return decoded.reply;
  }

  /** Makes an entry of any type, as if some other family had: for tests of types and WRONGTYPE. */
  plant(key: string, type: number, value: Uint8Array, encoding = 0): void {
    this.#hasPlants = true;
    const c = this.worker;
    this.#source(c, encodeCommand(['plant', key]));
    c.prehash(1);
    c.table.locks.lock(c.keyShards[1]!);
    const entry = c.reserve(c.open(1), type, value.length, 0);
    assert.ok(entry > 0);
    c.valueBytes.set(value, c.valueOffset);
    c.setEncoding(entry, encoding);
    c.changed(entry);
    c.table.locks.unlock(c.table.shard);
    c.clearPrehashed(1);
  }

  /** The sum of a counter over both threads. */
  stat(field: 'hits' | 'misses' | 'expiredKeys' | 'expiredFields' | 'changes'): number {
    return this.front.stats[field] + this.worker.stats[field];
  }

  /** The whole state as text: equal when nothing has changed. */
  dump(): string {
    return dumpKeyspace(this.worker, this.#large, [this.front.stats, this.worker.stats]);
  }

  /** Checks what must hold between commands: counters, locks, large values. */
  audit(): void {
    auditKeyspace(this.worker, this.#large, [this.front, this.worker], this.#hasPlants);
  }

  /** Number of large values. */
  get largeCount(): number {
    return this.#large.values.size;
  }

  /** Number of large values ever put. */
  get largePuts(): number {
    return this.#large.puts;
  }

  /** Points a context to a request and returns the command's id, or the text of an error. */
  #source(c: CommandContext, bytes: Buffer): number | string {
    // The parser may look at the word behind the last byte, as in a connection's buffer.
    const padded = Buffer.concat([bytes, Buffer.alloc(8)]);
    const view = new DataView(padded.buffer, padded.byteOffset, padded.length);
    this.#parser.parse(padded, 0, bytes.length, LIMITS);
    assert.equal(this.#parser.commandCount, 1);
    const { request } = c;
    request.source(padded, view, this.#parser.args);
    request.first = this.#parser.commands[COMMAND_FIRST_ARG]!;
    request.argc = this.#parser.commands[COMMAND_ARGC]!;
    request.start = this.isInline ? -1 : this.#parser.commands[COMMAND_START]!;
    request.end = this.isInline ? -1 : this.#parser.commands[COMMAND_END]!;
    c.nowMs = this.nowMs;
    c.db = this.db;
    c.reply.resp3 = this.resp3;
    return commandOf(c);
  }

  /** Runs one encoded command and returns the bytes of its reply, valid until the next one. */
  execute(bytes: Buffer): Buffer {
    const id = this.#source(this.front, bytes);
    if (typeof id === 'string') {
      const { reply } = this.front;
      reply.position = 0;
      reply.error(id);
      return reply.buffer.subarray(0, reply.position);
    }
    if (registry.places[id] === PLACE_WORKER) return this.#onWorker(id, bytes);
    const answered = this.#onFront(id);
    if (answered !== null) return answered;
    this.hops++;
    return this.#onWorker(id, bytes);
  }

  /** True when a front leaves a command of keys to the worker; it is not run there. */
  isLeftByFront(...args: CommandArg[]): boolean {
    const id = this.#source(this.front, encodeCommand(args));
    assert.ok(typeof id === 'number', `${id}`);
    return this.#onFront(id) === null;
  }

  /** Returns the reply's bytes, or null: NOT_HERE. */
  #onFront(id: number): Buffer | null {
    const { reply, stats } = this.front;
    const before = this.#smallDump();
    const expired = stats.expiredKeys + stats.expiredFields;
    // Something is there already: the replies of earlier commands of a pipeline.
    reply.position = 0;
    reply.simple('earlier reply');
    const start = reply.position;
    reply.errorCount = 0;
    const outcome = this.#frontThread.execute(id);
    if (outcome !== NOT_HERE) {
      assert.notEqual(outcome, FULL, 'a front cannot know that the pool is full');
      return reply.buffer.subarray(start, reply.position);
    }
    assert.equal(registry.places[id], PLACE_KEYED);
    assert.equal(reply.position, start, 'NOT_HERE, but something was written');
    assert.equal(reply.errorCount, 0, 'NOT_HERE, but an error was written');
    if (stats.expiredKeys + stats.expiredFields === expired) {
      assert.equal(this.#smallDump(), before, 'NOT_HERE, but something has changed');
    }
    return null;
  }

  #onWorker(id: number, bytes: Buffer): Buffer {
    const { reply } = this.worker;
    this.#source(this.worker, bytes);
    reply.position = 0;
    const outcome = this.#workerThread.execute(id);
    if (outcome === FULL) {
      assert.equal(reply.position, 0, 'FULL, but something was written');
      reply.error(OUT_OF_MEMORY);
    } else {
      assert.equal(outcome, 0);
    }
    return reply.buffer.subarray(0, reply.position);
  }

  /** The dump while there is little to dump. */
  #smallDump(): string {
    let keys = 0;
    for (let db = 0; db < this.worker.databases.count; db++) keys += this.worker.databases.keys(db);
    return keys <= 20 ? this.dump() : '';
  }
}

/** Makes an empty database. Call `audit` at the end of a test. */
export function createTestDatabase(options: TestDatabaseOptions = {}): TestDatabase {
  return new TestDatabase(options);
}
