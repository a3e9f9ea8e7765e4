/**
 * A client of a soak from its connection to its end, which is mostly a rude one: in the middle of a
 * command, of a pipeline, of a transaction, of a long reply. While it is polite, it counts replies.
 */
import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CommandArg, encodeCommand, encodeCommands } from '../encode-command.ts';
import type { Prng, Weighted } from '../random-commands/prng.ts';
import { describeReply, type Reply } from '../reply.ts';
import { RespDecoder } from '../resp-decoder.ts';
import { longReplies, openTransaction, SOAK_CHANNELS, soakBatch } from './soak-commands.ts';

const PATIENCE_MS = 20_000;
const MOST_BATCHES = 12;
const LEAVE_CHANCE = 0.2;
const PAUSE_CHANCE = 0.15;
const LONGEST_PAUSE_MS = 400;
const LONGEST_REST_MS = 100;
const MOST_SHOWN = 20;

type Ending = 'politely' | 'at once' | 'half a command' | 'in a transaction' | 'unread' | 'idle';

const ENDINGS: Weighted<Ending> = [
  [2, 'politely'],
  [3, 'at once'],
  [2, 'half a command'],
  [3, 'in a transaction'],
  [2, 'unread'],
  [0.3, 'idle'],
];

export interface LifeResult {
  readonly commands: number;
  readonly replies: number;
  /** The server has ended it, for reasons that it alone knows. */
  readonly wasCut: boolean;
  /** Empty: none. */
  readonly problem: string;
}

export class SoakClient {
  /** As the server knows it; 0 until then. */
  id = 0;
  readonly #socket: Socket;
  readonly #prng: Prng;
  readonly #decoder = new RespDecoder(2);
  /** The last commands. */
  #sent: readonly (readonly CommandArg[])[] = [];
  readonly #explain: (id: number) => Promise<string>;
  #commands = 0;
  #replies = 0;
  #expected = 0;
  #last: Reply | undefined;
  #isGone = false;
  #problem = '';
  #wake: () => void = () => {};

  /** @param explain asks the server what it knows of a client */
  constructor(port: number, prng: Prng, explain: (id: number) => Promise<string>) {
    this.#prng = prng;
    this.#explain = explain;
    this.#socket = createConnection({ port, host: '127.0.0.1' });
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.#isGone = true;
      this.#wake();
    });
  }

  /** From its first command to its end. */
  async live(): Promise<LifeResult> {
    const prng = this.#prng;
    if (prng.chance(0.5)) {
      this.#decoder.version = 3;
      this.#send([['HELLO', 3]]);
    }
    this.#send([['CLIENT', 'ID']]);
    await this.#replied();
    if (this.#last?.kind === 'integer') this.id = Number(this.#last.value);
    const listens = this.#decoder.version === 3 && prng.chance(0.3);
    for (let i = prng.below(MOST_BATCHES); i > 0 && this.#isGoing; i--) {
      if (listens) this.#listen();
      this.#send(soakBatch(prng));
      if (prng.chance(LEAVE_CHANCE)) break;
      await this.#replied();
    }
    const wasCut = this.#isGone;
    if (this.#isGoing) await this.#leave(prng.weighted(ENDINGS));
    this.#socket.destroy();
    const problem = this.#problem;
    return { commands: this.#commands, replies: this.#replies, wasCut, problem };
  }

  get #isGoing(): boolean {
    return !this.#isGone && this.#problem === '';
  }

  /** Changes what it listens to; that is confirmed by pushes, which are no replies. */
  #listen(): void {
    const channel = this.#prng.pick(SOAK_CHANNELS);
    const word = this.#prng.pick(['SUBSCRIBE', 'PSUBSCRIBE', 'UNSUBSCRIBE', 'SSUBSCRIBE']);
    this.#write(encodeCommand([word, channel]));
  }

  async #leave(ending: Ending): Promise<void> {
    const prng = this.#prng;
    switch (ending) {
      case 'politely':
        await this.#replied();
        this.#send([['QUIT']]);
        await this.#untilGone();
        return;
      case 'at once':
        return;
      case 'half a command': {
        const batch = soakBatch(prng);
        const bytes = encodeCommands(batch);
        // Replies may come to those that are whole.
        this.#expected += batch.length;
        this.#write(bytes.subarray(0, prng.below(bytes.length)));
        await sleep(prng.below(LONGEST_REST_MS));
        return;
      }
      case 'in a transaction':
        this.#send(openTransaction(prng));
        await sleep(prng.below(LONGEST_REST_MS));
        return;
      case 'unread':
        this.#socket.pause();
        this.#send(longReplies(prng));
        await sleep(prng.below(LONGEST_PAUSE_MS));
        return;
      case 'idle':
        await this.#replied();
        await this.#untilGone();
    }
  }

  #send(commands: readonly (readonly CommandArg[])[]): void {
    this.#commands += commands.length;
    this.#sent = commands;
    this.#expected += commands.length;
    this.#write(encodeCommands(commands));
  }

  #write(bytes: Uint8Array): void {
    if (!this.#isGone) this.#socket.write(bytes);
  }

  /** Until all replies are there, or the connection is gone. Sometimes it reads late. */
  async #replied(): Promise<void> {
    if (this.#prng.chance(PAUSE_CHANCE)) {
      this.#socket.pause();
      await sleep(this.#prng.below(LONGEST_PAUSE_MS));
      this.#socket.resume();
    }
    await this.#until(() => this.#replies >= this.#expected, 'replies');
  }

  /** For the server to end it. */
  async #untilGone(): Promise<void> {
    await this.#until(() => false, 'the end');
  }

  async #until(isThere: () => boolean, what: string): Promise<void> {
    const deadlineMs = performance.now() + PATIENCE_MS;
    const timer = setTimeout(() => this.#wake(), PATIENCE_MS);
    while (!isThere() && this.#isGoing) {
      if (performance.now() >= deadlineMs) {
        const counts = `${this.#replies} of ${this.#expected} replies`;
        const unanswered = this.#sent.slice(this.#sent.length - this.#expected + this.#replies);
        const behind = unanswered.slice(0, MOST_SHOWN).map(shown).join('; ');
        const known = await this.#explain(this.id);
        const wait = `client ${this.id} waits for ${what} in vain`;
        this.#problem = `${wait}, ${counts}: ${behind}\n${known}`;
        break;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    clearTimeout(timer);
  }

  #take(chunk: Buffer): void {
    try {
      this.#decoder.push(chunk);
      for (let next = this.#decoder.next(); next; next = this.#decoder.next()) {
        if (next.reply.kind === 'push') continue;
        this.#last = next.reply;
        this.#replies++;
      }
      if (this.#replies > this.#expected) {
        this.#problem ||= `client ${this.id} was told too much: ${describeReply(this.#last!)}`;
      }
    } catch (error) {
      this.#problem ||= `client ${this.id}: ${(error as Error).message}`;
    }
    this.#wake();
  }
}

/** A command without most of its bytes. */
function shown(command: readonly CommandArg[]): string {
  return command
    .slice(0, MOST_SHOWN)
    .map((arg) => String(arg).slice(0, MOST_SHOWN))
    .join(' ');
}
