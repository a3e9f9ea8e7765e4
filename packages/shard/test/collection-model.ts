// Large collections beside plain ones that had the same done to them, and digests of both.

import { createHash } from 'node:crypto';
import type { Random } from '@forgekv/base';
import type { LargeCollection } from '@forgekv/commands';
import {
  type ByteRange,
  JsonObject,
  LargeHash,
  LargeJson,
  LargeList,
  LargeSet,
  LargeSketch,
  LargeSortedSet,
  LargeStream,
} from '@forgekv/datatypes';
import {
  TYPE_BLOOM,
  TYPE_HASH,
  TYPE_JSON,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STREAM,
  TYPE_ZSET,
} from '@forgekv/keyspace';
import { changeJson, textsOfJson } from './json-model.ts';
import { changeSketch, emptySketch, textsOfSketch } from './sketch-model.ts';
import { changeStream, textsOfStream } from './stream-model.ts';
import type { TestWorker } from './test-worker.ts';

/**
 * A hash: `time value` by field. A set: ''. A sorted set: the score. A list: its elements. A
 * stream, a sketch: see stream-model.ts and sketch-model.ts.
 * A document: the text of each member.
 */
export type Plain = Map<string, string> | string[];

/** What a collection should be. */
export interface Twin {
  readonly type: number;
  readonly plain: Plain;
}

export const COLLECTION_TYPES: readonly number[] = [
  ...[TYPE_HASH, TYPE_LIST, TYPE_SET, TYPE_ZSET, TYPE_STREAM, TYPE_JSON, TYPE_BLOOM],
];

/** Members are drawn from so many. */
const VARIETY = 4000;

export function emptyCollection(worker: TestWorker, type: number): LargeCollection {
  const { largeOptions } = worker.context;
  if (type === TYPE_HASH) return new LargeHash(largeOptions);
  if (type === TYPE_SET) return new LargeSet(largeOptions);
  if (type === TYPE_STREAM) return new LargeStream();
  if (type === TYPE_BLOOM) return emptySketch(type);
  if (type === TYPE_JSON) return new LargeJson(new JsonObject(), true);
  return type === TYPE_ZSET ? new LargeSortedSet(largeOptions) : new LargeList();
}

export function emptyPlain(type: number): Plain {
  return type === TYPE_LIST ? [] : new Map();
}

/**
 * Makes random changes to both.
 * @param longBytes how long values and elements are at times
 */
export function change(
  random: Random,
  value: LargeCollection,
  plain: Plain,
  changes: number,
  longBytes: number,
): void {
  const long = random.below(8) === 0 ? longBytes : random.below(20);
  for (let i = 0; i < changes; i++) {
    if (value instanceof LargeList) {
      changeList(random, value, plain as string[], `${random.uint32()}`.padEnd(long, 'x'));
      continue;
    }
    const members = plain as Map<string, string>;
    if (value instanceof LargeStream) {
      changeStream(random, value, members, `${random.uint32()}`.padEnd(long, 'z'));
      continue;
    }
    if (value instanceof LargeSketch) {
      changeSketch(random, value, members);
      continue;
    }
    if (value instanceof LargeJson) {
      changeJson(random, value, members, `${random.uint32()}`.padEnd(long, 'j'));
      continue;
    }
    const member = `member ${random.below(VARIETY)}`;
    if (random.below(3) === 0) {
      value.delete(Buffer.from(member));
      members.delete(member);
    } else {
      members.set(member, setMember(random, value, Buffer.from(member), long));
    }
  }
}

/** Returns what the plain one has of it. */
function setMember(
  random: Random,
  value: LargeHash | LargeSet | LargeSortedSet,
  member: Buffer,
  long: number,
): string {
  if (value instanceof LargeSet) {
    value.insert(member);
    return '';
  }
  if (value instanceof LargeSortedSet) {
    const score = random.below(1000) / 7 - 50;
    value.set(score, member);
    return `${score}`;
  }
  const content = `${random.uint32()}`.padEnd(long, 'y');
  const time = random.below(4) === 0 ? 1 + random.below(1e9) : 0;
  const bytes = Buffer.from(content);
  value.set(member, 0, member.length, bytes, 0, bytes.length, time);
  return `${time} ${content}`;
}

function changeList(random: Random, list: LargeList, plain: string[], element: string): void {
  const bytes = Buffer.from(element);
  const draw = random.below(10);
  const at = random.below(plain.length + 1);
  if (draw < 3) {
    list.pushLast(bytes);
    plain.push(element);
  } else if (draw < 6) {
    list.pushFirst(bytes);
    plain.unshift(element);
  } else if (draw < 7) {
    if (list.set(at, bytes)) plain[at] = element;
  } else if (draw < 8) {
    list.insert(at, bytes);
    plain.splice(at, 0, element);
  } else {
    plain.splice(at, list.removeRange(at, 1 + random.below(2)));
  }
}

/** A digest of what a twin is. */
export function digestOfTwin({ type, plain }: Twin): string {
  return digest(type, Array.isArray(plain) ? plain : [...plain].map(([a, b]) => `${a}=${b}`));
}

/** The same of a large collection. */
export function digestOf(value: LargeCollection): string {
  const found: string[] = [];
  if (value instanceof LargeHash) {
    value.scan(0, 1e9, (field, content, time) => {
      found.push(`${text(field)}=${time} ${text(content)}`);
    });
    return digest(TYPE_HASH, found);
  }
  if (value instanceof LargeSet) {
    value.scan(0, 1e9, (member) => found.push(`${text(member)}=`));
    return digest(TYPE_SET, found);
  }
  if (value instanceof LargeSortedSet) {
    value.walk(0, value.count, false, (member, score) => found.push(`${text(member)}=${score}`));
    return digest(TYPE_ZSET, found);
  }
  if (value instanceof LargeStream) return digest(TYPE_STREAM, textsOfStream(value));
  if (value instanceof LargeSketch) return digest(value.type, textsOfSketch(value));
  if (value instanceof LargeJson) return digest(TYPE_JSON, textsOfJson(value));
  value.walk(0, value.count, false, (element) => found.push(text(element)));
  return digest(TYPE_LIST, found);
}

function text(range: ByteRange): string {
  return range.bytes.toString('latin1', range.offset, range.offset + range.length);
}

function digest(type: number, elements: readonly string[]): string {
  const ordered = type === TYPE_LIST ? elements : elements.toSorted();
  const hash = createHash('sha1');
  for (const element of ordered) hash.update(`${element.length}:${element}`);
  return `${type} ${elements.length} ${hash.digest('hex')}`;
}
