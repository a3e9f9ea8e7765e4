// A redis-server for differential tests: started on a free loopback port without persistence,
// spoken to in RESP3, ended by its own process handle.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ReplyTree } from '../src/reply-tree.ts';

const START_ATTEMPTS = 100;
const ATTEMPT_DELAY_MS = 50;

/** The version of the installed redis-server, or null when there is none. */
export function installedRedisVersion(): string | null {
  const { stdout, error } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  return error === undefined ? (/v=(\S+)/.exec(stdout)?.[1] ?? null) : null;
}

/** One server with one connection; commands are answered one at a time. */
export class LiveRedis {
  readonly #server: ChildProcess;
  readonly #socket: Socket;
  readonly #dir: string;
  #received = Buffer.alloc(0);

  private constructor(server: ChildProcess, socket: Socket, dir: string) {
    this.#server = server;
    this.#socket = socket;
    this.#dir = dir;
  }

  static async start(): Promise<LiveRedis> {
    const port = await freePort();
    const dir = mkdtempSync(join(tmpdir(), 'catalog-live-'));
    const server = spawn(
      'redis-server',
      [
        '--port',
        `${port}`,
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--appendonly',
        'no',
        '--dir',
        dir,
      ],
      { stdio: 'ignore' },
    );
    try {
      const live = new LiveRedis(server, await connectTo(port), dir);
      await live.ask(['HELLO', '3']);
      return live;
    } catch (error) {
      server.kill();
      throw error;
    }
  }

  /** Sends a command and gives its reply in the neutral form. */
  async ask(args: readonly string[]): Promise<ReplyTree> {
    const parts = args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`);
    this.#socket.write(`*${args.length}\r\n${parts.join('')}`);
    for (;;) {
      const parsed = parseReply(this.#received, 0);
      if (parsed !== null) {
        this.#received = this.#received.subarray(parsed.end);
        return parsed.tree;
      }
      const chunk = this.#socket.read() as Buffer | null;
      if (chunk === null) {
        await new Promise((resolve) => this.#socket.once('readable', resolve));
      } else {
        this.#received = Buffer.concat([this.#received, chunk]);
      }
    }
  }

  async stop(): Promise<void> {
    this.#socket.destroy();
    const exited = new Promise((resolve) => this.#server.once('exit', resolve));
    this.#server.kill();
    await exited;
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

async function connectTo(port: number): Promise<Socket> {
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (isOpen) return socket;
    await delay(ATTEMPT_DELAY_MS);
  }
  throw new Error(`redis-server does not listen on port ${port}`);
}

interface Parsed {
  readonly tree: ReplyTree;
  readonly end: number;
}

/** Parses the reply at `at`, or gives null when it is not complete yet. */
function parseReply(buf: Buffer, at: number): Parsed | null {
  const lineEnd = buf.indexOf('\r\n', at);
  if (lineEnd < 0) return null;
  const text = buf.toString('utf8', at + 1, lineEnd);
  const next = lineEnd + 2;
  const count = Number(text);
  switch (String.fromCharCode(buf[at]!)) {
    case '+':
      return { tree: { str: text }, end: next };
    case '-':
      return { tree: { error: text }, end: next };
    case ':':
      return { tree: count, end: next };
    case '_':
      return { tree: null, end: next };
    case '$': {
      const end = next + count;
      if (buf.length < end + 2) return null;
      return { tree: { bulk: buf.toString('utf8', next, end) }, end: end + 2 };
    }
    case '*': {
      const items = parseItems(buf, next, count);
      return items && { tree: { array: items.trees }, end: items.end };
    }
    case '~': {
      const items = parseItems(buf, next, count);
      return items && { tree: { set: items.trees }, end: items.end };
    }
    case '%': {
      const items = parseItems(buf, next, count * 2);
      return items && { tree: { map: pairs(items.trees) }, end: items.end };
    }
    default:
      throw new Error(`unexpected reply type '${String.fromCharCode(buf[at]!)}'`);
  }
}

function parseItems(
  buf: Buffer,
  at: number,
  count: number,
): { trees: ReplyTree[]; end: number } | null {
  const trees: ReplyTree[] = [];
  for (let i = 0; i < count; i++) {
    const item = parseReply(buf, at);
    if (item === null) return null;
    trees.push(item.tree);
    at = item.end;
  }
  return { trees, end: at };
}

function pairs(trees: readonly ReplyTree[]): [ReplyTree, ReplyTree][] {
  const map: [ReplyTree, ReplyTree][] = [];
  for (let i = 0; i < trees.length; i += 2) map.push([trees[i]!, trees[i + 1]!]);
  return map;
}
