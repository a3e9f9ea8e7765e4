// A connection of which every frame counts, asked for or not: for subscribers, whose messages come
// between replies or instead of them.

import { createConnection, type Socket } from 'node:net';
import {
  type CommandArg,
  describeReply,
  encodeCommand,
  type RawReply,
  type Reply,
  RespDecoder,
} from '@forgekv/testkit';
import type { Test } from 'tap';

const TIMEOUT_MS = 20_000;

export class FrameClient {
  readonly #socket: Socket;
  readonly #decoder = new RespDecoder(2);
  /** Frames that nobody has taken yet. */
  #frames: RawReply[] = [];
  /** Frames received in all. */
  received = 0;
  hasEnded = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#decoder.push(chunk);
      for (let next = this.#decoder.next(); next; next = this.#decoder.next()) {
        this.#frames.push(next);
        this.received++;
      }
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.hasEnded = true;
      this.#wake();
    });
  }

  /** A connection that is gone when the test ends. @param resp 3 says HELLO 3 first */
  static async connect(t: Test, port: number, resp: 2 | 3 = 2): Promise<FrameClient> {
    const socket = createConnection({ port, host: '127.0.0.1' });
    t.teardown(() => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.setNoDelay(true);
    const client = new FrameClient(socket);
    if (resp === 3) await client.hello3();
    return client;
  }

  /** Takes frames of RESP3 whatever was said so far. */
  takeAll(): void {
    this.#decoder.version = 3;
  }

  async hello3(): Promise<void> {
    this.takeAll();
    await this.call('HELLO', 3);
  }

  send(...args: CommandArg[]): void {
    this.sendBytes(encodeCommand(args));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Sends one command and returns the next frame. */
  async call(...args: CommandArg[]): Promise<Reply> {
    this.send(...args);
    return this.next();
  }

  /** The next frame. @throws Error when none comes in time or the connection ends */
  async next(): Promise<Reply> {
    const [frame] = await this.frames(1);
    return frame!.reply;
  }

  /** The next frame in its short form, such as `["message", "a", "1"]`. */
  async shown(): Promise<string> {
    return describeReply(await this.next());
  }

  /** The next `count` frames. */
  async frames(count: number): Promise<RawReply[]> {
    const timer = setTimeout(() => this.#wake(), TIMEOUT_MS + 10);
    const deadlineMs = performance.now() + TIMEOUT_MS;
    while (this.#frames.length < count && !this.hasEnded && performance.now() < deadlineMs) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    clearTimeout(timer);
    if (this.#frames.length < count) {
      throw new Error(`${this.#frames.length} of ${count} frames came, ended: ${this.hasEnded}`);
    }
    return this.#frames.splice(0, count);
  }

  /** All frames that are there. */
  take(): RawReply[] {
    return this.#frames.splice(0);
  }

  /** Stops reading: the kernel's buffers fill up, then the server's. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
