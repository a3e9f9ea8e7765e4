/**
 * Clients that note when each operation was called and answered, all by one clock. What they send
 * is decided in `history-workload.ts`.
 */
import { encodeCommands } from '../encode-command.ts';
import { ConnectionError, type RespClient } from '../resp-client.ts';
import { inModelOrder } from './keyspace-model.ts';
import {
  type Operation,
  type Plain,
  type PlainCommand,
  type SeenValue,
  toPlain,
  toWire,
} from './operation.ts';

/** What a client does next: a command, or a block of them between MULTI and EXEC. */
export interface Step {
  readonly commands: readonly PlainCommand[];
  readonly isBlock: boolean;
  /** What it has read since WATCH. */
  readonly seen: readonly SeenValue[];
}

type OpenOperation = { -readonly [Name in keyof Operation]: Operation[Name] };

/** A history that grows. */
export class HistoryRecorder {
  #clock = 0;
  #clients = 0;
  readonly #operations: OpenOperation[] = [];

  /** The operations so far; those that wait for their answers may get them yet. */
  get operations(): readonly Operation[] {
    return this.#operations;
  }

  client(connection: RespClient): RecordedClient {
    return new RecordedClient(this, connection, this.#clients++);
  }

  call(client: number, step: Step): OpenOperation {
    const calledAt = ++this.#clock;
    const open: OpenOperation = {
      client,
      ...step,
      calledAt,
      returnedAt: Infinity,
      reply: undefined,
    };
    this.#operations.push(open);
    return open;
  }

  /** @param reply null for a block: EXEC has refused it, so it is no operation */
  answer(operation: OpenOperation, reply: Plain): void {
    operation.returnedAt = ++this.#clock;
    operation.reply = reply;
    if (operation.isBlock && reply === null) operation.commands = [];
  }

  /** The server has died: what has no answer cannot happen any more. */
  serverDied(): void {
    const diedAt = ++this.#clock;
    for (const operation of this.#operations) {
      if (operation.returnedAt === Infinity) operation.returnedAt = diedAt;
    }
  }

  /** The history without blocks that were refused. */
  history(): Operation[] {
    return this.#operations.filter(({ commands }) => commands.length > 0);
  }
}

export class RecordedClient {
  readonly id: number;
  readonly #recorder: HistoryRecorder;
  readonly #connection: RespClient;

  constructor(recorder: HistoryRecorder, connection: RespClient, id: number) {
    this.#recorder = recorder;
    this.#connection = connection;
    this.id = id;
  }

  /**
   * Sends steps in one write and waits for the answers to all of them.
   * @param watched keys to WATCH first
   * @returns one reply per step, or undefined when the connection has ended
   */
  async run(
    steps: readonly Step[],
    watched: readonly string[] = [],
  ): Promise<readonly Plain[] | undefined> {
    const prelude = watched.length === 0 ? [] : [['WATCH', ...watched]];
    const commands = [...prelude, ...steps.flatMap(commandsOf)];
    const bytes = encodeCommands(commands.map((command) => command.map(toWire)));
    const open = steps.map((step) => this.#recorder.call(this.id, step));
    let raw: readonly { readonly reply: Parameters<typeof toPlain>[0] }[];
    let isCut = false;
    try {
      raw = await this.#connection.exchange(bytes, commands.length);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      raw = error.received;
      isCut = true;
    }
    let at = prelude.length;
    const replies: Plain[] = [];
    for (const [i, step] of steps.entries()) {
      at += commandsOf(step).length;
      const last = raw[at - 1];
      if (last === undefined) break;
      const reply = inOrder(step, toPlain(last.reply));
      replies.push(reply);
      this.#recorder.answer(open[i]!, reply);
    }
    return isCut ? undefined : replies;
  }

  close(): void {
    this.#connection.destroy();
  }
}

function commandsOf({ commands, isBlock }: Step): readonly PlainCommand[] {
  return isBlock ? [['MULTI'], ...commands, ['EXEC']] : commands;
}

function inOrder({ commands, isBlock }: Step, reply: Plain): Plain {
  if (!isBlock) return inModelOrder(commands[0]!, reply);
  if (!Array.isArray(reply)) return reply;
  return reply.map((item, i) => inModelOrder(commands[i]!, item));
}
