// A front without sockets: requests go in as bytes, through the real parser and the real
// registry, and what would be sent comes out. The server behind it is made up and remembers what
// it was asked for.

import { FLAG_NO_AUTH } from '@forgekv/catalog';
import { Config } from '@forgekv/config';
import { createArena, HotTable } from '@forgekv/keyspace';
import {
  COMMAND_ARGC,
  COMMAND_FIRST_ARG,
  COMMAND_WORDS,
  ReplyWriter,
  RequestParser,
} from '@forgekv/protocol';
import {
  beginReply,
  CommandContext,
  type CommandRegistry,
  createRegistry,
  DONE,
  endReply,
  NO_AUTH,
  NO_LARGE_VALUES,
  type Outcome,
  type Session,
  StatsReader,
  statsBytes,
  ThreadStats,
  unknownCommand,
  unknownSubcommand,
  WAITING,
  wrongArity,
} from '../../src/index.ts';
import { FakeServices, FRONTS, MIB, NOW_MS, newSession, WORKERS } from './fake-services.ts';

export interface HarnessOptions {
  /** Password of the default user; none: everybody is let in. */
  password?: string;
  /** Lines of redis.conf. */
  conf?: string;
}

export class FrontHarness {
  readonly registry: CommandRegistry = createRegistry();
  readonly context: CommandContext;
  readonly services: FakeServices;
  /** One for each thread, as the server has them. */
  readonly stats: readonly ThreadStats[];
  readonly session: Session;
  readonly #parser = new RequestParser();

  constructor({ password, conf = '' }: HarnessOptions = {}) {
    const { table } = this.registry;
    const blocks = Array.from(
      { length: FRONTS + WORKERS },
      () => new SharedArrayBuffer(statsBytes(table.size)),
    );
    this.stats = blocks.map((block) => new ThreadStats(block));
    const arena = createArena({ poolBytes: 8 * MIB, databases: 16, hashSecret: [1, 2] });
    const { config } = Config.load({ text: conf });
    this.context = new CommandContext({
      table: new HotTable(arena, 1),
      reply: new ReplyWriter(),
      large: NO_LARGE_VALUES,
      stats: this.stats[0]!,
      config,
    });
    this.context.nowMs = NOW_MS;
    this.services = new FakeServices(table, new StatsReader(blocks), password);
    this.session = newSession(7, password === undefined);
  }

  /** Sends one command; returns the reply, each byte a character. */
  send(...args: (string | Uint8Array)[]): Promise<string> {
    return this.sendRaw(encode(args));
  }

  /** Sends bytes, which may hold several commands; returns all replies together. */
  async sendRaw(request: Buffer): Promise<string> {
    const { authenticated } = this.session;
    const limits = { maxBulkBytes: 512 * MIB, authenticated };
    let sent = '';
    let start = 0;
    while (start < request.length) {
      start = this.#parser.parse(request, start, request.length, limits);
      const { commandCount, commands, args } = this.#parser;
      if (commandCount === 0) throw new Error(this.#parser.error || 'unfinished request');
      this.context.request.source(request, new DataView(request.buffer), args);
      for (let i = 0; i < commandCount; i++) {
        const at = i * COMMAND_WORDS;
        this.context.request.first = commands[at + COMMAND_FIRST_ARG]!;
        this.context.request.argc = commands[at + COMMAND_ARGC]!;
        sent += await this.#one();
      }
    }
    return sent;
  }

  async #one(): Promise<string> {
    const { context, session, services } = this;
    const { reply } = context;
    reply.reset();
    context.db = session.db;
    reply.resp3 = session.resp === 3;
    if (session.replyMode !== 'on') beginReply(session);
    services.pending = null;
    const outcome = this.#dispatch();
    if (outcome === WAITING) (await services.pending!)(reply);
    else if (outcome !== DONE) throw new Error(`a front command ended with ${outcome}`);
    return endReply(session) ? reply.buffer.toString('latin1', 0, reply.position) : '';
  }

  /** The checks before a command, as far as they concern these tests. */
  #dispatch(): Outcome {
    const { context, registry, session, services } = this;
    const { request } = context;
    const { table } = registry;
    let id = table.lookup(request.bytes, request.offset(0), request.length(0));
    if (id < 0) {
      return context.fail(unknownCommand(request));
    }
    if (table.isContainer[id] === 1 && request.argc > 1) {
      const container = table.names[id]!;
      id = table.lookupSub(id, request.bytes, request.offset(1), request.length(1));
      if (id < 0) return context.fail(unknownSubcommand(container, request));
    }
    const arity = table.arity[id]!;
    if (arity < 0 ? request.argc < -arity : request.argc !== arity) {
      return context.fail(wrongArity(table.names[id]!));
    }
    if (!session.authenticated && (table.flagBits[id]! & FLAG_NO_AUTH) === 0) {
      return context.fail(NO_AUTH);
    }
    const run = registry.frontRuns[id];
    if (run === undefined) throw new Error(`${table.names[id]} does not run on a front`);
    return run(context, session, services);
  }
}

/** Encodes one command; strings are latin-1. */
export function encode(args: readonly (string | Uint8Array)[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = typeof arg === 'string' ? Buffer.from(arg, 'latin1') : arg;
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.from(new Uint8Array(Buffer.concat(parts)).buffer);
}

/** A bulk string as it is sent; `text` is latin-1. */
export function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}
