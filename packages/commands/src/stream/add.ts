// XADD.

import {
  LargeStream,
  MOST_ENTRY_BYTES,
  MOST_ID_TEXT,
  type StreamFields,
  StreamId,
} from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { wrongArity } from '../errors.ts';
import { EVENT_STREAM } from '../key-events.ts';
import { DONE, NOT_HERE, type Outcome } from '../outcome.ts';
import type { Request } from '../request.ts';
import { stream } from './stream-value.ts';
import { trimOptions } from './trim-options.ts';

const ERR_ZERO = 'ERR The ID specified in XADD must be greater than 0-0';
const ERR_EXHAUSTED = 'ERR The stream has exhausted the last possible ID, unable to add more items';
const ERR_SMALLER =
  'ERR The ID specified in XADD is equal or smaller than the target stream top item';
const ERR_TOO_LARGE = 'ERR Elements are too large to be stored';

/** The arguments of a request from one on. */
class RequestFields implements StreamFields {
  count = 0;
  #request: Request | null = null;
  #first = 0;

  open(request: Request, first: number): this {
    this.#request = request;
    this.#first = first;
    this.count = (request.argc - first) / 2;
    return this;
  }

  get bytes(): Buffer {
    return this.#request!.bytes;
  }

  offset(part: number): number {
    return this.#request!.offset(this.#first + part);
  }

  length(part: number): number {
    return this.#request!.length(this.#first + part);
  }
}

const fields = new RequestFields();
const id = new StreamId();
const idText = Buffer.alloc(MOST_ID_TEXT);
let idTextLength = 0;

/**
 * XADD key [NOMKSTREAM] [MAXLEN | MINID [= | ~] threshold [LIMIT count]] * | id field value
 * [field value ...].
 */
export function xAdd(c: CommandContext): Outcome {
  const { request, reply } = c;
  const problem = trimOptions.read(c, true);
  if (problem !== '') return c.fail(problem);
  const { idAt, isIdGenerated, hasSequence } = trimOptions;
  const first = idAt + 1;
  const parts = request.argc - first;
  if (idAt === 0 || parts < 2 || parts % 2 === 1) return c.fail(wrongArity('xadd'));
  if (!isIdGenerated && hasSequence && trimOptions.id.isZero) return c.fail(ERR_ZERO);

  const entry = stream.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0 && trimOptions.makesNone) {
    reply.null();
    return DONE;
  }
  if (entry === 0 && !c.mayBeLarge) return NOT_HERE;
  if (entry > 0 && !stream.mayGrow(c)) return NOT_HERE;
  const value = entry === 0 ? new LargeStream() : stream.value;
  if (value.lastId.isMost) return c.fail(ERR_EXHAUSTED);
  if (!chooseId(c, value.lastId)) return c.fail(ERR_SMALLER);
  let bytes = 0;
  for (let i = first; i < request.argc; i++) bytes += request.length(i);
  if (bytes > MOST_ENTRY_BYTES) return c.fail(ERR_TOO_LARGE);
  value.add(id, fields.open(request, first), bytes, c.limits.streamNode);
  const { rule } = trimOptions;
  const trimmed = rule === null ? 0 : value.trim(rule);
  if (entry === 0) {
    const stored = stream.store(c, value);
    if (stored < 0) return c.refuse(stored);
  } else {
    stream.touch(c);
  }
  idTextLength = id.writeText(idText, 0);
  logAdded(c, value, first, trimmed);
  c.note(EVENT_STREAM, 'xadd');
  if (trimmed > 0) c.note(EVENT_STREAM, 'xtrim');
  reply.bulk(idText, 0, idTextLength);
  return DONE;
}

/** Makes `id` what the entry will have; false: it is not behind the last one. */
function chooseId(c: CommandContext, lastId: StreamId): boolean {
  if (trimOptions.isIdGenerated) {
    id.setMs(c.nowMs);
    return id.compare(lastId) > 0 || id.copy(lastId).increment();
  }
  id.copy(trimOptions.id);
  if (!trimOptions.hasSequence && id.msHigh === lastId.msHigh && id.msLow === lastId.msLow) {
    if (lastId.isSeqMost) return false;
    return id.copy(lastId).increment();
  }
  return id.compare(lastId) > 0;
}

/** What is replayed says which id it was, and how many entries were left if any had to go. */
function logAdded(c: CommandContext, value: LargeStream, first: number, trimmed: number): void {
  const { request } = c;
  const { isIdGenerated, hasSequence, keep, isRough } = trimOptions;
  if (!isIdGenerated && hasSequence && (keep === null || !isRough)) {
    c.changedAsAsked(stream.entry);
    return;
  }
  const parts = request.argc - first;
  const log = c.changedAs(stream.entry, 'XADD', (trimmed === 0 ? 1 : 4) + parts);
  if (log === null) return;
  if (trimmed > 0) {
    log.argumentWord('MAXLEN');
    log.argumentWord('=');
    log.argumentText(String(value.length));
  }
  log.argument(idText, 0, idTextLength);
  log.argumentsFrom(request, first);
  log.endTold(stream.entry);
}
