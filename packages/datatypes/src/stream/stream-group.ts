// Consumer groups of a stream: what each was handed out, to whom, and up to where. It knows no
// entries; the stream notes what has changed.

import { PendingList } from './pending-list.ts';
import { StreamId } from './stream-id.ts';

/** In place of a count of entries that is not known. */
export const UNKNOWN_COUNT = -1;
/** In place of a time: never. */
export const NEVER_MS = -1;

/** An entry that was handed out; it is in the list of its group and in that of its consumer. */
export class PendingEntry extends StreamId {
  consumer: StreamConsumer;
  deliveredAtMs: number;
  deliveries: number;

  constructor(id: StreamId, consumer: StreamConsumer, deliveredAtMs: number, deliveries: number) {
    super();
    this.copy(id);
    this.consumer = consumer;
    this.deliveredAtMs = deliveredAtMs;
    this.deliveries = deliveries;
  }
}

export class StreamConsumer {
  readonly name: Buffer;
  /** When it last asked for something, in Unix milliseconds. */
  seenAtMs: number;
  /** When it last was given something; NEVER_MS. */
  activeAtMs: number = NEVER_MS;
  readonly pending = new PendingList<PendingEntry>();

  constructor(name: Buffer, seenAtMs: number) {
    this.name = name;
    this.seenAtMs = seenAtMs;
  }
}

export class StreamGroup {
  readonly name: Buffer;
  /** What was handed out last. */
  readonly lastId = new StreamId();
  /** Entries ever added up to `lastId`, or UNKNOWN_COUNT. */
  entriesRead: number = UNKNOWN_COUNT;
  readonly pending = new PendingList<PendingEntry>();
  readonly #consumers = new Map<string, StreamConsumer>();
  #ordered: StreamConsumer[] | null = null;

  constructor(name: Buffer) {
    this.name = name;
  }

  get consumerCount(): number {
    return this.#consumers.size;
  }

  consumer(name: Buffer): StreamConsumer | null {
    return this.#consumers.get(name.toString('latin1')) ?? null;
  }

  /** In the order of their names. */
  get consumers(): readonly StreamConsumer[] {
    this.#ordered ??= byName(this.#consumers);
    return this.#ordered;
  }

  /** Adds one whose name, which is kept, is not there. */
  add(consumer: StreamConsumer): void {
    this.#consumers.set(consumer.name.toString('latin1'), consumer);
    this.#ordered = null;
  }

  remove(consumer: StreamConsumer): void {
    this.#consumers.delete(consumer.name.toString('latin1'));
    this.#ordered = null;
  }
}

/** The values of a map in the order of its keys, latin-1 text of bytes. */
export function byName<T>(named: ReadonlyMap<string, T>): T[] {
  return [...named.keys()].sort(compareText).map((name) => named.get(name)!);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
