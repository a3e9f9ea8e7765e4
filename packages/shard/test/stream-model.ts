// Streams beside plain maps that had the same done to them: an entry, a group, a consumer and what
// is pending is a text under a name.

import type { Random } from '@forgekv/base';
import {
  EntryCursor,
  type LargeStream,
  type PendingEntry,
  type StreamFields,
  type StreamGroup,
  StreamId,
} from '@forgekv/datatypes';

const LIMITS = { bytes: 1000, entries: 20 };
const GROUPS = ['g', 'h'];
const CONSUMERS = ['a', 'b', 'c'];
const LEAST = new StreamId();

class Fields implements StreamFields {
  readonly count = 1;
  readonly bytes: Buffer;

  constructor(value: string) {
    this.bytes = Buffer.from(`f${value}`);
  }

  offset(part: number): number {
    return part;
  }

  length(part: number): number {
    return part === 0 ? 1 : this.bytes.length - 1;
  }
}

/** Makes a random change to both. */
export function changeStream(
  random: Random,
  stream: LargeStream,
  plain: Map<string, string>,
  value: string,
): void {
  const draw = random.below(20);
  if (draw < 8) add(stream, plain, value);
  else if (draw < 11) remove(random, stream, plain);
  else if (draw < 12) trim(random, stream, plain);
  else if (draw < 13) changeGroup(random, stream, plain);
  else if (draw < 17) deliver(random, stream, plain);
  else acknowledge(random, stream, plain);
  plain.set('last', `${stream.lastId}`);
}

function add(stream: LargeStream, plain: Map<string, string>, value: string): void {
  const id = stream.lastId.clone();
  id.increment();
  const fields = new Fields(value);
  stream.add(id, fields, fields.bytes.length, LIMITS);
  plain.set(`entry ${id}`, value);
}

/** An id that may be an entry's. */
function someId(random: Random, { lastId }: LargeStream): StreamId {
  return new StreamId().set(0, 0, 0, random.below((lastId.seqLow >>> 0) + 1));
}

function remove(random: Random, stream: LargeStream, plain: Map<string, string>): void {
  const id = someId(random, stream);
  if (stream.delete(id)) plain.delete(`entry ${id}`);
}

function trim(random: Random, stream: LargeStream, plain: Map<string, string>): void {
  const keep = Math.max(1, stream.length - random.below(10));
  stream.trim({ keep, isRough: false, limit: 0 });
  const { firstId } = stream;
  const id = new StreamId();
  for (const name of [...plain.keys()]) {
    if (!name.startsWith('entry ')) continue;
    id.parse(name.slice(6), 0);
    if (id.compare(firstId) < 0) plain.delete(name);
  }
}

function changeGroup(random: Random, stream: LargeStream, plain: Map<string, string>): void {
  const name = GROUPS[random.below(GROUPS.length)]!;
  const group = stream.group(Buffer.from(name));
  if (group === null) {
    stream.addGroup(Buffer.from(name), LEAST, 5);
    plain.set(`group ${name}`, '0-0 5');
  } else if (random.below(3) === 0) {
    stream.removeGroup(group);
    for (const key of [...plain.keys()]) if (key.split(' ')[1] === name) plain.delete(key);
  } else {
    const consumer = group.consumer(Buffer.from(CONSUMERS[random.below(CONSUMERS.length)]!));
    if (consumer === null) return;
    stream.removeConsumer(group, consumer);
    const by = `${consumer.name}`;
    for (const [key, text] of [...plain]) {
      const isOf = key.startsWith(`pending ${name} `) && text.startsWith(`${by} `);
      if (isOf || key === `consumer ${name} ${by}`) plain.delete(key);
    }
  }
}

function someGroup(random: Random, stream: LargeStream): StreamGroup | null {
  return stream.group(Buffer.from(GROUPS[random.below(GROUPS.length)]!));
}

function deliver(random: Random, stream: LargeStream, plain: Map<string, string>): void {
  const group = someGroup(random, stream);
  if (group === null) return;
  const name = CONSUMERS[random.below(CONSUMERS.length)]!;
  const known = group.consumer(Buffer.from(name));
  const consumer = known ?? stream.addConsumer(group, Buffer.from(name), 7);
  const id = someId(random, stream);
  stream.deliver(group, consumer, id, random.below(1000), random.below(5));
  plain.set(`consumer ${group.name} ${name}`, '7');
  const pending = group.pending.find(id)!;
  plain.set(`pending ${group.name} ${id}`, about(pending));
}

function about({ consumer, deliveredAtMs, deliveries }: PendingEntry): string {
  return `${consumer.name} ${deliveredAtMs} ${deliveries}`;
}

function acknowledge(random: Random, stream: LargeStream, plain: Map<string, string>): void {
  const group = someGroup(random, stream);
  if (group === null) return;
  const id = group.pending.from(someId(random, stream))?.clone() ?? someId(random, stream);
  stream.acknowledge(group, id);
  plain.delete(`pending ${group.name} ${id}`);
}

/** All that a stream has, as the plain one has it. */
export function textsOfStream(stream: LargeStream): string[] {
  const texts = [`last=${stream.lastId}`];
  const cursor = new EntryCursor().openAll(stream, false);
  while (cursor.next()) {
    const parts: string[] = [];
    cursor.visit((bytes, offset, length) =>
      parts.push(Buffer.from(bytes.subarray(offset, offset + length)).toString('latin1')),
    );
    texts.push(`entry ${cursor.id}=${parts[1]}`);
  }
  for (const group of stream.groups) {
    texts.push(`group ${group.name}=${group.lastId} ${group.entriesRead}`);
    let pending = 0;
    for (const consumer of group.consumers) {
      texts.push(`consumer ${group.name} ${consumer.name}=${consumer.seenAtMs}`);
      pending += consumer.pending.size;
    }
    if (pending !== group.pending.size) texts.push('what is pending is not what consumers have');
    let entry = group.pending.from(LEAST);
    for (; entry !== null; entry = group.pending.next()) {
      texts.push(`pending ${group.name} ${entry}=${about(entry)}`);
    }
  }
  return texts;
}
