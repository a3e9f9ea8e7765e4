// Groups and consumers as commands name them, and what is logged of what was handed out.

import type { StreamConsumer, StreamGroup, StreamId } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { EVENT_STREAM } from '../key-events.ts';
import { stream } from './stream-value.ts';

/** Entries that one effect names. */
const LOGGED_AT_ONCE = 512;
/** Bytes of an effect for an entry, and besides. */
const LOGGED_ID_BYTES = 50;
const LOGGED_BYTES = 256;

/** True while effects are replayed: no time goes by. */
export function isReplayed(c: CommandContext): boolean {
  return c.nowMs === 0;
}

/** The time to note for what has just happened; of what is replayed it is not known any more. */
export function timeOf(c: CommandContext): number {
  return isReplayed(c) ? Date.now() : c.nowMs;
}

/** Redis: a name that is shown ends at a zero byte. */
export function shownText(c: CommandContext, index: number): string {
  const text = c.request.text(index);
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

export function noGroup(c: CommandContext, key: number, group: number): string {
  return `NOGROUP No such key '${shownText(c, key)}' or consumer group '${shownText(c, group)}'`;
}

/** `NOGROUP ...` of commands that found the key. */
export function noGroupOfKey(c: CommandContext, key: number, group: number): string {
  const name = shownText(c, group);
  return `NOGROUP No such consumer group '${name}' for key name '${shownText(c, key)}'`;
}

/** Makes a consumer whose name is an argument; `key` is that of its stream, the one opened last. */
export function makeConsumer(
  c: CommandContext,
  group: StreamGroup,
  name: Buffer,
  key: number,
): StreamConsumer {
  c.note(EVENT_STREAM, 'xgroup-createconsumer', key);
  return stream.value.addConsumer(group, Buffer.from(name), timeOf(c));
}

/** Why handing out so many entries cannot be logged, as an error reply, or ''. */
export function refusalOfClaims(c: CommandContext, count: number): string {
  if (count === 0 || c.log === null) return '';
  const bytes = count * LOGGED_ID_BYTES;
  return c.log.refusalOf(bytes, Math.ceil((count * LOGGED_BYTES) / LOGGED_ID_BYTES / 4) + 4);
}

/** Logs that a consumer was made and given nothing. */
export function logConsumer(c: CommandContext, group: StreamGroup, name: Buffer): void {
  const log = c.changedAs(stream.entry, 'XGROUP', 2, 'CREATECONSUMER');
  log?.argument(group.name, 0, group.name.length);
  log?.argument(name, 0, name.length);
  log?.endTold(stream.entry);
}

/** Logs up to where a group has read. */
export function logGroupId(c: CommandContext, group: StreamGroup): void {
  const log = c.changedAs(stream.entry, 'XGROUP', 4, 'SETID');
  log?.argument(group.name, 0, group.name.length);
  log?.argumentText(group.lastId.toString());
  log?.argumentWord('ENTRIESREAD');
  log?.argumentText(String(group.entriesRead));
  log?.endTold(stream.entry);
}

/** Logs that entries are no longer pending. */
export function logAcknowledged(
  c: CommandContext,
  group: StreamGroup,
  ids: readonly StreamId[],
): void {
  for (let at = 0; at < ids.length; at += LOGGED_AT_ONCE) {
    const some = ids.slice(at, at + LOGGED_AT_ONCE);
    const log = c.changedAs(stream.entry, 'XACK', 1 + some.length);
    log?.argument(group.name, 0, group.name.length);
    for (const id of some) log?.argumentText(id.toString());
    log?.endTold(stream.entry);
  }
}

/** Entries that were handed out to one consumer at one time, as effects. */
export class Claims {
  readonly #c: CommandContext;
  readonly #group: StreamGroup;
  readonly #consumer: StreamConsumer;
  readonly #atMs: number;
  #ids: string[] = [];
  #deliveries = 0;

  constructor(c: CommandContext, group: StreamGroup, consumer: StreamConsumer, atMs: number) {
    this.#c = c;
    this.#group = group;
    this.#consumer = consumer;
    this.#atMs = atMs;
  }

  add(id: StreamId, deliveries: number): void {
    const isOther = deliveries !== this.#deliveries || this.#ids.length >= LOGGED_AT_ONCE;
    if (isOther) this.flush();
    this.#deliveries = deliveries;
    // Without a log the change is noted all the same.
    this.#ids.push(this.#c.log === null ? '' : id.toString());
  }

  /** Logs what was added. */
  flush(): void {
    const ids = this.#ids;
    if (ids.length === 0) return;
    this.#ids = [];
    const log = this.#c.changedAs(stream.entry, 'XCLAIM', ids.length + 11);
    if (log === null) return;
    const { name } = this.#consumer;
    log.argument(this.#group.name, 0, this.#group.name.length);
    log.argument(name, 0, name.length);
    log.argumentText('0');
    for (const id of ids) log.argumentText(id);
    log.argumentWord('TIME');
    log.argumentText(String(this.#atMs));
    log.argumentWord('RETRYCOUNT');
    log.argumentText(String(this.#deliveries));
    for (const option of ['FORCE', 'JUSTID', 'LASTID']) log.argumentWord(option);
    log.argumentText(this.#group.lastId.toString());
    log.endTold(stream.entry);
  }
}
