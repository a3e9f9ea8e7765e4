// BF.SCANDUMP, BF.LOADCHUNK, CF.SCANDUMP, CF.LOADCHUNK: filters in parts. The first part is the
// head, with iterator 1; the others are bytes of what the head does not say, each with an iterator
// one above where it ends. What the parts contain is our own: only what was dumped here is loaded.

import {
  bloomHead,
  bloomRanges,
  cuckooFacts,
  cuckooHead,
  cuckooRanges,
  loadBloomHead,
  loadCuckooHead,
  type SketchMemory,
} from '@forgekv/datatypes';
import { TYPE_BLOOM, TYPE_CUCKOO } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { EVENT_MODULE } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { integerAt } from './sketch-arguments.ts';
import { openSketch, sketch, TOO_LARGE } from './sketch-value.ts';

/** Bytes of a part; it is a command when it is loaded, and fits one that fronts take at once. */
const PART_BYTES = 512 * 1024;

interface FilterForm {
  readonly type: number;
  readonly magic: Buffer;
  readonly event: string;
  readonly head: (memory: SketchMemory) => Buffer;
  readonly ranges: (memory: SketchMemory) => { at: number; length: number }[];
  readonly load: (memory: SketchMemory, head: Buffer, most: number) => boolean;
  /** Not the number of a part. */
  readonly badIterator: string;
  readonly badHead: string;
  readonly badPart: string;
}

const BLOOM: FilterForm = {
  ...{ type: TYPE_BLOOM, magic: Buffer.from('FKBF1'), event: 'bf.loadchunk' },
  ...{ head: bloomHead, ranges: bloomRanges, load: loadBloomHead },
  badIterator: 'ERR Second argument must be numeric',
  badHead: 'ERR received bad data',
  badPart: 'ERR invalid offset - no link found',
};

const CUCKOO: FilterForm = {
  ...{ type: TYPE_CUCKOO, magic: Buffer.from('FKCF1'), event: 'cf.loadchunk' },
  ...{ head: cuckooHead, ranges: cuckooRanges, load: loadCuckooHead },
  ...{ badIterator: 'Invalid position', badHead: 'Invalid header' },
  badPart: "Couldn't load chunk!",
};
const ERR_NOT_FOUND = 'ERR not found';
const ERR_EXISTS = 'ERR item exists';

/** BF.SCANDUMP key iterator. */
export function bfScanDump(c: CommandContext): Outcome {
  return scanDump(c, BLOOM);
}

/** CF.SCANDUMP key iterator. */
export function cfScanDump(c: CommandContext): Outcome {
  return scanDump(c, CUCKOO);
}

/** BF.LOADCHUNK key iterator data. */
export function bfLoadChunk(c: CommandContext): Outcome {
  return loadChunk(c, BLOOM);
}

/** CF.LOADCHUNK key iterator data. */
export function cfLoadChunk(c: CommandContext): Outcome {
  return loadChunk(c, CUCKOO);
}

function scanDump(c: CommandContext, form: FilterForm): Outcome {
  const { reply } = c;
  const iterator = integerAt(c, 2);
  if (!(iterator >= 0)) return c.fail(form.badIterator);
  const memory = openSketch(c, 1, form.type);
  if (typeof memory === 'number') return c.refuse(memory);
  c.countRead(memory === null ? 0 : 1);
  if (memory === null) return c.fail(ERR_NOT_FOUND);
  reply.array(2);
  if (form === CUCKOO && cuckooFacts(memory).items === 0) {
    reply.integer(0);
    reply.null();
    return DONE;
  }
  if (iterator === 0) {
    const head = Buffer.concat([form.magic, form.head(memory)]);
    reply.integer(1);
    reply.bulk(head, 0, head.length);
    return DONE;
  }
  const part = readPart(memory, form, iterator - 1);
  if (part.length === 0) {
    reply.integer(0);
    if (form === CUCKOO) reply.null();
    else reply.bulk(part, 0, 0);
    return DONE;
  }
  reply.integer(iterator + part.length);
  reply.bulk(part, 0, part.length);
  return DONE;
}

/** The bytes from a position on, counted over all ranges; empty at the end. */
function readPart(memory: SketchMemory, form: FilterForm, from: number): Buffer {
  const parts: Buffer[] = [];
  let skipped = from;
  let left = PART_BYTES;
  for (const { at, length } of form.ranges(memory)) {
    if (skipped < length && left > 0) {
      const count = Math.min(left, length - skipped);
      parts.push(memory.slice(at + skipped, count));
      left -= count;
    }
    skipped = Math.max(0, skipped - length);
  }
  return Buffer.concat(parts);
}

function loadChunk(c: CommandContext, form: FilterForm): Outcome {
  const iterator = integerAt(c, 2);
  if (Number.isNaN(iterator) || (form === CUCKOO && iterator === 0)) {
    return c.fail(form.badIterator);
  }
  const entry = sketch.open(c, 1, form.type);
  if (entry < 0) return c.refuse(entry);
  const data = c.request.slice(3);
  if (entry === 0 && iterator === 1) {
    const { magic } = form;
    if (!data.subarray(0, magic.length).equals(magic)) return c.fail(form.badHead);
    const head = data.subarray(magic.length);
    const made = sketch.create(c, (memory, most) => form.load(memory, head, most));
    if (made < 0) return c.refuse(made);
    if (made === TOO_LARGE) return c.fail(form.badHead);
  } else if (entry === 0) {
    return c.fail(ERR_NOT_FOUND);
  } else if (iterator === 1 && form === CUCKOO) {
    return c.fail(ERR_EXISTS);
  } else if (!writePart(sketch.memory, form, iterator - 1 - data.length, data)) {
    return c.fail(form.badPart);
  }
  const stored = sketch.store(c);
  if (stored < 0) return c.refuse(stored);
  c.changedAsAsked(stored);
  c.note(EVENT_MODULE, form.event);
  c.reply.ok();
  return DONE;
}

/** False, with nothing changed, when there are no such bytes. */
function writePart(memory: SketchMemory, form: FilterForm, from: number, data: Buffer): boolean {
  const ranges = form.ranges(memory);
  let together = 0;
  for (const { length } of ranges) together += length;
  if (data.length === 0 || from < 0 || from + data.length > together) return false;
  let skipped = from;
  let done = 0;
  for (const { at, length } of ranges) {
    if (skipped < length && done < data.length) {
      const count = Math.min(data.length - done, length - skipped);
      memory.write(at + skipped, data.subarray(done, done + count));
      done += count;
    }
    skipped = Math.max(0, skipped - length);
  }
  return true;
}
