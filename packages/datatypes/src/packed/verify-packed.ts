// Whether bytes from elsewhere (RESTORE, a store, a log) are a packed value: afterwards the forms
// may read them without a check. Not for hot paths: it allocates in proportion to the value.

import { Int64 } from './int64.ts';
import {
  FLAG_TIMED,
  FLOAT_BYTES,
  FORM_HASH,
  FORM_INTSET,
  FORM_LIST,
  FORM_SET,
  FORM_SORTED_SET,
  HEAD_BYTES,
  LIST_HEAD_BYTES,
  lengthAt,
  lengthBefore,
  lengthBytes,
  listListpackBytes,
  listSlack,
  MAX_PACKED_BYTES,
  packedCount,
  packedFlags,
  packedForm,
  recordBytes,
} from './layout.ts';
import { EMPTY_LISTPACK_BYTES, listpackEntryBytes } from './listpack-size.ts';
import { readWidth } from './packed-intset.ts';

/**
 * Checks an untrusted value. Never throws, never reads outside of it.
 * @returns null when it is sound, else what is wrong
 */
export function verifyPacked(bytes: Buffer, offset: number, length: number): string | null {
  const isInside = offset >= 0 && length >= 0 && offset + length <= bytes.length;
  if (!Number.isInteger(offset) || !Number.isInteger(length) || !isInside) return 'outside';
  if (length < HEAD_BYTES) return 'too short';
  if (length > MAX_PACKED_BYTES) return 'too long';
  if (packedCount(bytes, offset) === 0) return 'empty';
  switch (packedForm(bytes, offset)) {
    case FORM_INTSET:
      return intsetProblem(bytes, offset, length);
    case FORM_LIST:
      return listProblem(bytes, offset, length);
    case FORM_HASH:
    case FORM_SET:
    case FORM_SORTED_SET:
      return new RecordCheck(bytes, offset, length).problem(offset + HEAD_BYTES);
    default:
      return 'unknown form';
  }
}

function intsetProblem(bytes: Buffer, offset: number, length: number): string | null {
  const width = packedFlags(bytes, offset);
  if (width !== 2 && width !== 4 && width !== 8) return 'unknown width';
  const count = packedCount(bytes, offset);
  if (HEAD_BYTES + count * width !== length) return 'wrong length';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const before = new Int64();
  const value = new Int64();
  for (let i = 0; i < count; i++) {
    readWidth(view, offset + HEAD_BYTES + i * width, width, value);
    const isAbove =
      value.high > before.high || (value.high === before.high && value.low > before.low);
    if (i > 0 && !isAbove) return 'not ascending';
    before.high = value.high;
    before.low = value.low;
  }
  return null;
}

function listProblem(bytes: Buffer, offset: number, length: number): string | null {
  if (length < LIST_HEAD_BYTES) return 'too short';
  const slack = listSlack(bytes, offset);
  if (LIST_HEAD_BYTES + slack > length) return 'slack is too long';
  const check = new RecordCheck(bytes, offset, length);
  const problem = check.problem(offset + LIST_HEAD_BYTES + slack);
  if (problem !== null) return problem;
  return check.listpackBytes === listListpackBytes(bytes, offset) ? null : 'wrong listpack size';
}

/** Walks the records of one value. */
class RecordCheck {
  listpackBytes = EMPTY_LISTPACK_BYTES;
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #end: number;
  readonly #form: number;
  readonly #flags: number;
  readonly #count: number;
  readonly #seen = new Set<string>();
  #score = -Infinity;
  #memberAt = 0;
  #memberEnd = 0;

  constructor(bytes: Buffer, offset: number, length: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#end = offset + length;
    this.#form = packedForm(bytes, offset);
    this.#flags = packedFlags(bytes, offset);
    this.#count = packedCount(bytes, offset);
  }

  problem(start: number): string | null {
    if ((this.#flags & ~(this.#form === FORM_HASH ? FLAG_TIMED : 0)) !== 0) return 'unknown flag';
    let at = start;
    for (let i = 0; i < this.#count; i++) {
      const length = this.#lengthAt(at, this.#end);
      if (length < 0) return 'broken length';
      const end = at + recordBytes(length);
      if (end > this.#end) return 'a record ends outside';
      const payload = at + lengthBytes(length);
      // The byte before the last belongs to this record: it has at least two.
      if (lengthBefore(this.#bytes, end) !== length) return 'lengths differ';
      if (length >= 128 !== this.#bytes[end - 1]! >= 128) return 'lengths differ';
      const problem = this.#payloadProblem(payload, length);
      if (problem !== null) return problem;
      at = end;
    }
    return at === this.#end ? null : 'wrong count';
  }

  #payloadProblem(at: number, length: number): string | null {
    if (this.#form === FORM_LIST) {
      this.listpackBytes += listpackEntryBytes(this.#bytes, at, length);
      return null;
    }
    if (this.#form === FORM_SET) return this.#repeated(at, at + length);
    if (this.#form === FORM_HASH) return this.#pairProblem(at, at + length);
    return this.#scoreProblem(at, at + length);
  }

  #pairProblem(at: number, end: number): string | null {
    if ((this.#flags & FLAG_TIMED) !== 0) {
      if (end - at < FLOAT_BYTES) return 'no expiry';
      const expireAtMs = this.#view.getFloat64(at, true);
      if (!Number.isSafeInteger(expireAtMs) || expireAtMs < 0) return 'bad expiry';
      at += FLOAT_BYTES;
    }
    const length = this.#lengthAt(at, end);
    if (length < 0) return 'broken length';
    const field = at + lengthBytes(length);
    return field + length > end ? 'a field ends outside' : this.#repeated(field, field + length);
  }

  #scoreProblem(at: number, end: number): string | null {
    if (end - at < FLOAT_BYTES) return 'no score';
    const score = this.#view.getFloat64(at, true);
    const member = at + FLOAT_BYTES;
    if (Number.isNaN(score)) return 'bad score';
    if (score < this.#score) return 'not ascending';
    if (score === this.#score && this.#memberEnd > 0) {
      // Positive when the range named last is the greater one.
      const order = this.#bytes.compare(this.#bytes, this.#memberAt, this.#memberEnd, member, end);
      if (order <= 0) return 'not ascending';
    }
    this.#score = score;
    this.#memberAt = member;
    this.#memberEnd = end;
    return this.#repeated(member, end);
  }

  #repeated(at: number, end: number): string | null {
    const text = this.#bytes.toString('latin1', at, end);
    if (this.#seen.has(text)) return 'repeated';
    this.#seen.add(text);
    return null;
  }

  /** A canonical length that lies before `end`, or -1. */
  #lengthAt(at: number, end: number): number {
    if (at >= end) return -1;
    if (this.#bytes[at]! < 128) return this.#bytes[at]!;
    if (at + 1 >= end) return -1;
    const length = lengthAt(this.#bytes, at);
    return length < 128 ? -1 : length;
  }
}
