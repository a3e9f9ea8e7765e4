// Changes of the function libraries in the log of a worker, their checkpoint, and their replay:
// restarts in the middle of anything, a file that cannot be written, and holes. Many workers are in
// packages/cli, power losses in packages/storage.

import { createRegistry } from '@forgekv/commands';
import { createDoorbellMemory, Doorbell } from '@forgekv/rings';
import { nodeFileSystem, readFunctions, type WalEffect } from '@forgekv/storage';
import { type Test, test } from 'tap';
import { FunctionBook } from '../src/function-book.ts';
import { FunctionCommands } from '../src/function-commands.ts';
import { LibraryReplay } from '../src/library-replay.ts';
import { Peers } from '../src/peers.ts';
import { ScriptKeys } from '../src/script-keys.ts';
import { ScriptTask } from '../src/script-task.ts';
import { TestDisk, TestWorker } from './test-worker.ts';

const LIBRARY_SHARD = 0;
const NO_NAMESPACE = 0;

function codeOf(name: string, version = 1, functions = 1): string {
  const register = (_: unknown, i: number): string =>
    `redis.register_function('${name}${i}', function() return ${version} end)`;
  return [`#!lua name=${name}`, ...Array.from({ length: functions }, register)].join('\n');
}

const keys = new ScriptKeys(createRegistry());

/** A worker that executes FUNCTION. */
class Functions {
  readonly worker: TestWorker;
  readonly book: FunctionBook;

  private constructor(worker: TestWorker) {
    this.worker = worker;
    const { context, large } = worker;
    const libraries = worker.libraries;
    const bell = new Doorbell(createDoorbellMemory(1), 0);
    const peers = new Peers(new Map(), bell, large, () => {});
    const log = context.log!;
    this.book = new FunctionBook({ context, log, libraries, peers, keys, index: 0 }, () => {});
    // For FCALL only.
    const [runner, calls] = [undefined as never, undefined as never];
    const modules = { context, functions: this.book, runner, calls };
    const commands = new FunctionCommands(modules, new ScriptTask());
    const acts: Readonly<Record<string, () => void>> = {
      'function|load': () => commands.load(),
      'function|delete': () => commands.delete(),
      'function|flush': () => commands.flush(),
      'function|dump': () => commands.dump(),
      'function|restore': () => commands.restore(),
    };
    worker.runFunctionCommand = (name) => acts[name]!();
  }

  static async start(disk: TestDisk): Promise<Functions> {
    return new Functions(await TestWorker.start(disk));
  }

  run(...args: (string | Buffer)[]): string {
    return this.worker.run('function', ...args);
  }

  dump(): Buffer {
    const reply = this.worker.run('function', 'dump');
    return Buffer.from(reply.slice(reply.indexOf('\n') + 1, -2), 'latin1');
  }

  /** Names of the libraries, and how many functions all threads are told of. */
  get state(): string {
    const names = this.book.current.libraries.all().map(({ name, functions }) => {
      return `${name}:${functions.length}`;
    });
    const { libraries, functions } = this.worker.libraries;
    return `${names.join(' ')} | ${libraries} ${functions}`;
  }
}

/** LSN of the libraries that the file has. */
function fileLsn(disk: TestDisk): number {
  return readFunctions(nodeFileSystem, disk.directory)?.lsn ?? 0;
}

test('every change is in the log, and the file is as of a checkpoint', async (t) => {
  const disk = new TestDisk(t);
  let functions = await Functions.start(disk);
  t.equal(functions.run('load', codeOf('a', 1, 2)), '$1\r\na\r\n');
  t.equal(functions.run('load', codeOf('b')), '$1\r\nb\r\n');
  t.match(functions.run('load', codeOf('b')), "-ERR Library 'b' already exists");
  t.equal(functions.run('LOAD', 'replace', codeOf('a', 2, 3)), '$1\r\na\r\n');
  const dump = functions.dump();
  t.equal(functions.run('delete', 'b'), '+OK\r\n');
  t.equal(fileLsn(disk), 0, 'nothing of it is in the file');
  await disk.crash();

  functions = await Functions.start(disk);
  t.equal(functions.state, 'a:3 | 1 3');
  await functions.worker.flusher.pass();
  t.equal(fileLsn(disk), 4, 'the last change that was made');
  t.equal(functions.run('restore', dump, 'REPLACE'), '+OK\r\n');
  t.match(functions.run('restore', dump), '-ERR Library b already exists');
  await disk.crash();

  functions = await Functions.start(disk);
  t.equal(functions.state, 'b:1 a:3 | 2 4');
  t.equal(functions.run('flush'), '+OK\r\n');
  t.equal(functions.run('load', codeOf('c')), '$1\r\nc\r\n');
  await functions.worker.flusher.pass();
  await disk.crash(true);

  functions = await Functions.start(disk);
  t.equal(functions.state, 'c:1 | 1 1');
  t.equal(functions.run('restore', dump, 'flush'), '+OK\r\n');
  t.equal(functions.run('flush', 'async'), '+OK\r\n');
  await disk.crash();
  t.equal((await Functions.start(disk)).state, ' | 0 0');
});

test('LSNs go on where they were, whatever the logs and the stores still have', async (t) => {
  const disk = new TestDisk(t);
  let functions = await Functions.start(disk);
  for (let i = 0; i < 5; i++) functions.run('load', 'REPLACE', codeOf('a', i));
  await functions.worker.flusher.pass();
  functions.worker.logs.retire(functions.worker.durable);
  await disk.crash(true);
  functions = await Functions.start(disk);
  functions.run('load', 'REPLACE', codeOf('a', 5, 2));
  await disk.crash();
  functions = await Functions.start(disk);
  t.equal(functions.state, 'a:2 | 1 2', 'newer than the file');
  t.equal(functions.worker.libraries.lsn, 6);
});

test('a file that cannot be written keeps the checkpoint from being made', async (t) => {
  const disk = new TestDisk(t);
  const functions = await Functions.start(disk);
  const { worker } = functions;
  functions.run('load', codeOf('a'));
  disk.files = {
    ...nodeFileSystem,
    rename: () => {
      throw Object.assign(new Error('EIO: rename'), { code: 'EIO' });
    },
  };
  await t.rejects(worker.flusher.pass(), { code: 'EIO' });
  t.equal(worker.durable[LIBRARY_SHARD], 0, 'the log has to stay');
  disk.files = nodeFileSystem;
  await worker.flusher.pass();
  t.equal(worker.durable[LIBRARY_SHARD], 1);
  t.equal(fileLsn(disk), 1);
});

test('who changes libraries keeps the checkpoint waiting, not the worker', async (t) => {
  const disk = new TestDisk(t);
  const functions = await Functions.start(disk);
  const { worker } = functions;
  functions.run('load', codeOf('a'));
  t.ok(worker.libraries.tryBegin(2), 'another worker is about to');
  let isDone = false;
  const pass = worker.flusher.pass().then(() => {
    isDone = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.equal(isDone, false);
  t.equal(fileLsn(disk), 0);
  worker.libraries.end();
  await pass;
  t.equal(fileLsn(disk), 1);
});

test('nothing gets into the file before the log has it durably', async (t) => {
  const disk = new TestDisk(t);
  const functions = await Functions.start(disk);
  const { worker } = functions;
  const order: string[] = [];
  disk.files = {
    ...nodeFileSystem,
    rename: (from, to) => {
      order.push('file');
      nodeFileSystem.rename(from, to);
    },
  };
  worker.sync = async () => {
    order.push('logs');
    worker.logs.sync(0);
  };
  functions.run('load', codeOf('a'));
  await worker.flusher.pass();
  t.same(order, ['logs', 'file']);
});

test('in a transaction the change is the worker’s own until it ends', async (t) => {
  const disk = new TestDisk(t);
  let functions = await Functions.start(disk);
  const { worker, book } = functions;
  const { log } = worker.context;
  log!.beginBlock();
  worker.runUnsettled(0, 'function', 'load', codeOf('a'));
  worker.runUnsettled(0, 'function', 'load', codeOf('b'));
  t.match(worker.runUnsettled(0, 'function', 'load', 'no library'), '-ERR');
  t.equal(functions.state, 'a:1 b:1 | 0 0');
  t.equal(worker.libraries.tryBegin(2), false, 'nobody else changes them meanwhile');
  log!.endBlock();
  book.endBlock();
  t.equal(functions.state, 'a:1 b:1 | 2 2');
  t.ok(worker.libraries.tryBegin(2));
  worker.libraries.end();
  worker.settle();
  // One that has no end in the log never was.
  log!.beginBlock();
  worker.runUnsettled(0, 'function', 'flush');
  log!.seal();
  await disk.crash();
  functions = await Functions.start(disk);
  t.equal(functions.state, 'a:1 b:1 | 2 2');
});

async function replayOn(t: Test, ...loaded: string[]) {
  const functions = await Functions.start(new TestDisk(t));
  for (const code of loaded) functions.run('load', code);
  const { worker } = functions;
  const replay = new LibraryReplay(worker.libraries, (message) => t.comment(message));
  const apply = (lsn: number, previousLsn: number, blind: boolean, args: string[]): string => {
    worker.runFunctionCommand = () => {};
    worker.runUnsettled(0, 'function', ...args);
    const effect: WalEffect = {
      ...{ shard: LIBRARY_SHARD, namespace: NO_NAMESPACE, lsn, previousLsn, blind },
      ...{ isLost: false, bytes: new Uint8Array(0), offset: 0, length: 0 },
    };
    return replay.apply(effect, `function|${args[0]}`, worker.context.request);
  };
  return { functions, replay, apply };
}

test('a change whose change before is not there is a hole', async (t) => {
  const { functions, replay, apply } = await replayOn(t, codeOf('a'));
  t.equal(apply(1, 0, false, ['load', codeOf('a')]), 'passed', 'the file has it');
  t.equal(apply(3, 2, false, ['load', codeOf('c')]), 'hole', 'of 2 nothing is known');
  t.equal(apply(4, 1, false, ['load', codeOf('d')]), 'applied');
  t.equal(apply(6, 5, true, ['flush']), 'applied', 'it does not depend on what was there');
  t.equal(apply(7, 6, false, ['load', codeOf('e', 1, 2)]), 'applied');
  replay.publish();
  t.equal(functions.state, 'e:2 | 1 2');
  t.equal(functions.worker.libraries.lsn, 7);
});

test('what is no change of libraries is refused', async (t) => {
  const { apply } = await replayOn(t, codeOf('a'));
  t.throws(() => apply(2, 1, false, ['load', 'nonsense']), /Missing library metadata/);
  t.throws(() => apply(2, 1, false, ['delete', 'other']), /no such library/);
  t.throws(() => apply(2, 1, false, ['restore', 'nonsense']), /payload version or checksum/);
  t.throws(() => apply(2, 1, false, ['list']), /function\|list changes no libraries/);
});
