/**
 * A small raw client over TCP or a unix socket: it sends any bytes and hands back every reply with
 * its wire type and its bytes. It does not reconnect, retry, or interpret commands.
 */
import type { Socket } from 'node:net';
import { type CommandArg, encodeCommands } from './encode-command.ts';
import { type Endpoint, openSocket } from './open-socket.ts';
import { describeReply, isErrorReply, type RawReply, type Reply } from './reply.ts';
import { RespDecoder } from './resp-decoder.ts';

export interface RespClientOptions extends Endpoint {
  /** 3 sends HELLO 3 first and checks that it answers a map. Default 2, which sends nothing. */
  readonly resp?: 2 | 3;
  /** Deadline of connecting and of every exchange, in milliseconds. Default 10 000. */
  readonly timeoutMs?: number;
}

/** The connection ended, or a deadline passed, before all expected replies were there. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  /** The replies of the exchange that did arrive. */
  readonly received: readonly RawReply[];

  constructor(message: string, received: readonly RawReply[], cause?: unknown) {
    super(message, { cause });
    this.received = received;
  }
}

interface PendingExchange {
  readonly replyCount: number;
  readonly received: RawReply[];
  readonly timer: NodeJS.Timeout;
  readonly resolve: (replies: RawReply[]) => void;
  readonly reject: (error: Error) => void;
}

/** One connection. Replies are matched to exchanges in order; pushes are kept apart. */
export class RespClient {
  /** Resolves, never rejects, when the connection is gone; with the error if there was one. */
  readonly closed: Promise<Error | undefined>;
  readonly #socket: Socket;
  readonly #decoder = new RespDecoder(2);
  readonly #timeoutMs: number;
  readonly #pending: PendingExchange[] = [];
  readonly #pushes: Reply[] = [];
  #pushWaiters: (() => void)[] = [];
  #error: Error | undefined;
  #isClosed = false;

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#isClosed = true;
        this.#failPending('connection closed');
        for (const wake of this.#pushWaiters.splice(0)) wake();
        resolve(this.#error);
      });
    });
  }

  /**
   * Connects and, for RESP3, greets.
   * @throws Error when the server cannot be reached before the deadline or refuses HELLO.
   */
  static async connect(options: RespClientOptions): Promise<RespClient> {
    const timeoutMs = options.timeoutMs ?? 10_000;
    const socket = await openSocket(options, timeoutMs).catch((error: Error) => {
      throw new ConnectionError(`cannot connect: ${error.message}`, [], error);
    });
    const client = new RespClient(socket, timeoutMs);
    if (options.resp === 3) await client.hello3();
    return client;
  }

  /** Switches to RESP3 with HELLO 3 and returns its map. */
  async hello3(): Promise<Reply> {
    this.#decoder.version = 3;
    const reply = await this.command('HELLO', 3);
    if (reply.kind === 'map') return reply;
    this.destroy();
    throw new Error(`HELLO 3 answered ${describeReply(reply)}`);
  }

  /** Sends one command and waits for its reply; error replies are replies, they do not throw. */
  async command(...args: CommandArg[]): Promise<Reply> {
    const [reply] = await this.pipeline([args]);
    return reply as Reply;
  }

  /** Like `command`, for setting up a test: an error reply throws. */
  async must(...args: CommandArg[]): Promise<Reply> {
    const reply = await this.command(...args);
    if (isErrorReply(reply)) throw new Error(`${String(args[0])}: ${describeReply(reply)}`);
    return reply;
  }

  /** Sends all commands in one write and waits for as many replies. */
  async pipeline(commands: readonly (readonly CommandArg[])[]): Promise<Reply[]> {
    if (commands.length === 0) return [];
    const replies = await this.exchange(encodeCommands(commands), commands.length);
    return replies.map(({ reply }) => reply);
  }

  /**
   * Sends arbitrary bytes and waits for `replyCount` replies.
   * @throws ConnectionError (with what did arrive) on close, deadline, or a malformed reply.
   */
  exchange(bytes: Uint8Array, replyCount: number): Promise<RawReply[]> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(new ConnectionError('connection closed', [], this.#error));
        return;
      }
      if (replyCount > 0) {
        const timer = setTimeout(() => {
          this.#failPending(`no complete reply in ${this.#timeoutMs} ms`);
          this.destroy();
        }, this.#timeoutMs);
        this.#pending.push({ replyCount, received: [], timer, resolve, reject });
      } else {
        resolve([]);
      }
      this.send(bytes);
    });
  }

  /** Sends arbitrary bytes and expects nothing. */
  send(bytes: Uint8Array): void {
    if (!this.#isClosed) this.#socket.write(bytes);
  }

  /** The next RESP3 push; undefined when none came within `timeoutMs` or the connection ended. */
  async nextPush(timeoutMs = this.#timeoutMs): Promise<Reply | undefined> {
    if (this.#pushes.length === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#pushWaiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return this.#pushes.shift();
  }

  /** Ends the connection politely and waits until it is gone (at most a second, then by force). */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.#socket.destroy(), 1000);
    this.#socket.end();
    await this.closed;
    clearTimeout(timer);
  }

  /** Drops the connection at once. Safe to call twice; made for `t.teardown`. */
  destroy(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#decoder.push(chunk);
    try {
      for (let next = this.#decoder.next(); next; next = this.#decoder.next()) this.#deliver(next);
    } catch (error) {
      this.#error ??= error as Error;
      this.#failPending((error as Error).message);
      this.destroy();
    }
  }

  #deliver(next: RawReply): void {
    if (next.reply.kind === 'push') {
      this.#pushes.push(next.reply);
      this.#pushWaiters.shift()?.();
      return;
    }
    const exchange = this.#pending[0];
    if (exchange === undefined) {
      throw new Error(`reply that nobody asked for: ${describeReply(next.reply)}`);
    }
    exchange.received.push(next);
    if (exchange.received.length < exchange.replyCount) return;
    this.#pending.shift();
    clearTimeout(exchange.timer);
    exchange.resolve(exchange.received);
  }

  #failPending(reason: string): void {
    for (const { timer, received, replyCount, reject } of this.#pending.splice(0)) {
      clearTimeout(timer);
      const message = `${reason} after ${received.length} of ${replyCount} replies`;
      reject(new ConnectionError(message, received, this.#error));
    }
  }
}
