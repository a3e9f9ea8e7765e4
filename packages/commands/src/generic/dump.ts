// DUMP and RESTORE: a value as an opaque string, with version and checksum. What the string
// contains for each type is in dump-forms.ts.

import { openDump } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_DATA, ERR_NOT_INTEGER, ERR_PAYLOAD, ERR_SYNTAX } from '../errors.ts';
import { EVENT_GENERIC, EVENT_NEW } from '../key-events.ts';
import type { NewValue } from '../new-value.ts';
import { DONE, NOT_HERE, type Outcome } from '../outcome.ts';
import { isDumpable, restoreValue, serializedValue } from './dump-forms.ts';
import { DumpReply } from './sliced-dump.ts';
import { elementsIn, SlicedRestore } from './sliced-restore.ts';

const BUSY_KEY = 'BUSYKEY Target key name already exists.';
const ERR_TTL = 'ERR Invalid TTL value, must be >= 0';
const ERR_IDLE_TIME = 'ERR Invalid IDLETIME value, must be >= 0';
const ERR_FREQ = 'ERR Invalid FREQ value, must be >= 0 and <= 255';
const MAX_FREQ = 255n;
/** More than a payload has around a plain string. */
const FRAME_BYTES = 32;
/** Use clocks are 32-bit; a longer idle time is taken as this one. */
const MAX_IDLE_SECONDS = 2 ** 31 - 1;

/** DUMP key. */
export function dump(c: CommandContext): Outcome {
  const entry = c.openValue(1);
  if (entry < 0) return c.refuse(entry);
  c.countRead(entry);
  if (entry === 0) {
    c.reply.null();
    return DONE;
  }
  if (!isDumpable(c, entry)) return c.fail(ERR_DATA);
  const { collection } = c;
  if (collection !== null && collection.count > c.sliceElements) {
    return c.perform(new DumpReply(c, collection), collection.count, 1);
  }
  const payload = serializedValue(c, entry);
  c.reply.bulk(payload, 0, payload.length);
  return DONE;
}

/** RESTORE key ttl payload [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]. */
export function restore(c: CommandContext): Outcome {
  const options = parseOptions(c);
  if (typeof options === 'string') return c.fail(options);
  const entry = c.open(1);
  if (entry < 0) return c.refuse(entry);
  if (entry !== 0 && !options.replace) return c.fail(BUSY_KEY);

  const { request } = c;
  // The checksum of a long payload takes long: not on a front, which could not store it anyway.
  const isLong = request.length(3) > c.hotValueMaxBytes + FRAME_BYTES;
  if (isLong && !c.large.reaches(c.table.shard)) return c.refuse(NOT_HERE);
  const ttl = request.int64(2);
  if (ttl === null) return c.fail(ERR_NOT_INTEGER);
  if (ttl < 0n) return c.fail(ERR_TTL);
  const value = readPayload(c);
  if (typeof value === 'string') return c.fail(value);
  if (typeof value === 'number') return value;
  const expireAtMs = expiry(c, ttl, options.absolute);
  return store(c, entry, value, expireAtMs, options);
}

/** Returns the value in the payload, to be stored at once; an error reply, or SLICED. */
function readPayload(c: CommandContext): NewValue | string | Outcome {
  const { request, prepared } = c;
  if (prepared instanceof SlicedRestore) return prepared.finish();
  const elements = elementsIn(request.length(3));
  if (elements > c.sliceElements) return c.perform(new SlicedRestore(request, 3), elements);
  const reader = openDump(request.bytes, request.offset(3), request.length(3));
  return reader === null ? ERR_PAYLOAD : (restoreValue(c, reader) ?? ERR_DATA);
}

/** Milliseconds since 1970, 0 = never. Redis: what is beyond 64 bits has wrapped into the past. */
function expiry(c: CommandContext, ttl: bigint, isAbsolute: boolean): number {
  if (ttl === 0n || isAbsolute) return Number(ttl);
  return Number(BigInt.asIntN(64, ttl + BigInt(c.nowMs)));
}

function store(
  c: CommandContext,
  entry: number,
  value: NewValue,
  expireAtMs: number,
  { idleSeconds, frequency }: RestoreOptions,
): Outcome {
  if (expireAtMs !== 0 && expireAtMs <= c.nowMs) {
    if (entry !== 0) {
      if (!c.canRemove(entry)) return c.refuse(NOT_HERE);
      c.remove(entry);
      c.note(EVENT_GENERIC, 'del');
    }
    c.reply.ok();
    return DONE;
  }
  const stored = c.storeNew(entry, value);
  if (stored < 0) return c.refuse(stored);
  c.table.setExpireAtMs(stored, expireAtMs);
  if (c.table.frequency === null) {
    c.table.use(stored, Math.max(c.useClock() - idleSeconds, -MAX_IDLE_SECONDS));
  } else if (frequency >= 0) {
    c.table.setFrequency(stored, frequency, c.useClock());
  }
  // What made a large one makes it again; to write it down anew would take as long as reading it.
  if (value.collection) c.changedTo(stored, c.request.slice(3));
  else c.changed(stored);
  if (entry !== 0) c.note(EVENT_NEW, 'new');
  c.note(EVENT_GENERIC, 'restore');
  c.reply.ok();
  return DONE;
}

interface RestoreOptions {
  readonly replace: boolean;
  readonly absolute: boolean;
  readonly idleSeconds: number;
  /** -1: not given. */
  readonly frequency: number;
}

/** The options, or the text of an error. */
function parseOptions(c: CommandContext): RestoreOptions | string {
  const { request } = c;
  let replace = false;
  let absolute = false;
  let idleSeconds = -1n;
  let frequency = -1n;
  for (let i = 4; i < request.argc; i++) {
    const hasNext = i + 1 < request.argc;
    if (request.is(i, 'replace')) {
      replace = true;
    } else if (request.is(i, 'absttl')) {
      absolute = true;
    } else if (request.is(i, 'idletime') && hasNext && frequency === -1n) {
      const given = request.int64(++i);
      if (given === null) return ERR_NOT_INTEGER;
      if (given < 0n) return ERR_IDLE_TIME;
      idleSeconds = given;
    } else if (request.is(i, 'freq') && hasNext && idleSeconds === -1n) {
      const given = request.int64(++i);
      if (given === null) return ERR_NOT_INTEGER;
      if (given < 0n || given > MAX_FREQ) return ERR_FREQ;
      frequency = given;
    } else {
      return ERR_SYNTAX;
    }
  }
  return {
    ...{ replace, absolute, frequency: Number(frequency) },
    idleSeconds: Number(idleSeconds === -1n ? 0n : idleSeconds),
  };
}
