// What the connections of this front listen to, and who of them gets a message. How many there are
// on all fronts is in the table that all threads share; see channel-table.ts.

import { globMatchBounded } from '@forgekv/base';
import type { ThreadStats } from '@forgekv/commands';
import {
  CHANNEL,
  type ChannelKind,
  type ChannelTable,
  type Message,
  MONITORED,
  MOST_CHANNEL_BYTES,
  MOST_PATTERN_BYTES,
  PATTERN,
  SHARD_CHANNEL,
} from '@forgekv/rings';
import type { Connection, Listening } from './connection.ts';
import { MessageForm, type MessagePart } from './message-form.ts';

const TABLE_FULL = 'ERR the table of channels is full';
const NAME_TOO_LONG = `ERR the name of a channel is longer than ${MOST_CHANNEL_BYTES} bytes`;
const PATTERN_TOO_LONG = `ERR a pattern is longer than ${MOST_PATTERN_BYTES} bytes`;

/** From which version of the table until which one a connection listens. */
interface Span {
  readonly from: number;
  until: number;
}

/** A channel or pattern that somebody here listens to, or has until just now. */
interface Listened {
  readonly name: Buffer;
  readonly key: string;
  readonly spans: Map<Connection, Span>;
  /** Those that are counted in the table. */
  active: number;
}

type Deliver = (connection: Connection, part: MessagePart) => void;

export class Subscriptions {
  readonly #table: ChannelTable;
  readonly #stats: ThreadStats;
  readonly #deliver: Deliver;
  /** Per kind, by name as latin-1. */
  readonly #books: readonly Map<string, Listened>[] = [new Map(), new Map(), new Map(), new Map()];

  constructor(table: ChannelTable, stats: ThreadStats, deliver: Deliver) {
    this.#table = table;
    this.#stats = stats;
    this.#deliver = deliver;
  }

  /** Lets a connection listen; returns '' or an error text. */
  add(connection: Connection, kind: ChannelKind, name: Buffer): string {
    if (kind === PATTERN ? name.length > MOST_PATTERN_BYTES : name.length > MOST_CHANNEL_BYTES) {
      return kind === PATTERN ? PATTERN_TOO_LONG : NAME_TOO_LONG;
    }
    const own = this.#ownOf(connection).kinds[kind]!;
    const key = name.toString('latin1');
    if (own.has(key)) return '';
    const book = this.#books[kind]!;
    const listened = book.get(key) ?? { name, key, spans: new Map(), active: 0 };
    const from = this.#table.join(kind, name, listened.active === 0);
    if (from < 0) return TABLE_FULL;
    if (kind !== MONITORED && !connection.isListening) this.#stats.listeningClients++;
    listened.active++;
    listened.spans.set(connection, { from, until: Infinity });
    book.set(key, listened);
    own.set(key, listened);
    return '';
  }

  #ownOf(connection: Connection): OwnChannels {
    connection.listening ??= new OwnChannels(() => this.removeAll(connection));
    return connection.listening as OwnChannels;
  }

  /** From now on messages are not for the connection; those that were may still come. */
  leave(connection: Connection, kind: ChannelKind, name: Buffer): boolean {
    const listened = this.#kindOf(connection, kind)?.get(name.toString('latin1'));
    if (listened === undefined) return false;
    this.#leave(connection, kind, listened);
    return true;
  }

  #leave(connection: Connection, kind: ChannelKind, listened: Listened): void {
    const span = listened.spans.get(connection)!;
    if (span.until !== Infinity) return;
    listened.active--;
    span.until = this.#table.leave(kind, listened.name, listened.active === 0);
  }

  /** Takes out what `leave` was called for. */
  remove(connection: Connection, kind: ChannelKind, name: Buffer): void {
    const own = this.#kindOf(connection, kind);
    const listened = own?.get(name.toString('latin1'));
    if (own !== undefined && listened !== undefined) this.#remove(connection, kind, own, listened);
  }

  #remove(
    connection: Connection,
    kind: ChannelKind,
    own: Map<string, Listened>,
    listened: Listened,
  ): void {
    listened.spans.delete(connection);
    own.delete(listened.key);
    if (listened.spans.size === 0) this.#books[kind]!.delete(listened.key);
    if (kind !== MONITORED && !connection.isListening) this.#stats.listeningClients--;
  }

  /** The connection listens to nothing any more, and gets nothing. */
  removeAll(connection: Connection): void {
    for (const kind of [CHANNEL, PATTERN, SHARD_CHANNEL, MONITORED] as const) {
      const own = this.#kindOf(connection, kind);
      if (own === undefined) continue;
      for (const listened of own.values()) {
        this.#leave(connection, kind, listened);
        this.#remove(connection, kind, own, listened);
      }
    }
  }

  /** What a connection listens to, in the order it began to. */
  namesOf(connection: Connection, kind: ChannelKind): Buffer[] {
    return [...(this.#kindOf(connection, kind)?.values() ?? [])].map(({ name }) => name);
  }

  #kindOf(connection: Connection, kind: ChannelKind): Map<string, Listened> | undefined {
    return (connection.listening as OwnChannels | null)?.kinds[kind];
  }

  /** Hands a message to those it was counted for. */
  take(message: Message): void {
    const { channel, kind } = message;
    const book = this.#books[kind]!;
    const listened = book.size === 0 ? undefined : book.get(latin1(channel));
    if (listened !== undefined) this.#send(message, listened, null);
    if (kind !== CHANNEL) return;
    for (const pattern of this.#books[PATTERN]!.values()) {
      if (globMatchBounded(pattern.name, channel)) this.#send(message, pattern, pattern.name);
    }
  }

  #send(message: Message, { spans }: Listened, pattern: Buffer | null): void {
    const form = new MessageForm(message, pattern);
    const { version } = message;
    for (const [connection, { from, until }] of spans) {
      if (from > version || version >= until || connection.ended) continue;
      this.#deliver(connection, form.of(connection.resp));
    }
  }
}

class OwnChannels implements Listening {
  /** Per kind, by name as latin-1, in the order they were subscribed to. */
  readonly kinds: readonly Map<string, Listened>[] = [new Map(), new Map(), new Map(), new Map()];
  readonly end: () => void;

  constructor(end: () => void) {
    this.end = end;
  }

  count(kind: number): number {
    return this.kinds[kind]!.size;
  }

  get size(): number {
    return this.count(CHANNEL) + this.count(PATTERN) + this.count(SHARD_CHANNEL);
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
