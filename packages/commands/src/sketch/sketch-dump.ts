// Sketches in DUMP payloads, in a form of our own: what modules write there means nothing without
// them, and nothing that others wrote is read.
//
//   type 200 | type of the entry, u8 | form 1, u8 | length of the value
//   its pages, each a string

import {
  DUMP_VERSION,
  isBloom,
  isCountMin,
  isCuckoo,
  isDigest,
  isTopK,
  LargeSketch,
  MOST_SKETCH_BYTES,
  pagesOf,
  type RdbReader,
  type RdbWriter,
  readRdbString,
  SKETCH_PAGE_BYTES,
  type SketchMemory,
  writeRdbString,
} from '@forgekv/datatypes';
import {
  TYPE_BLOOM,
  TYPE_COUNT_MIN,
  TYPE_CUCKOO,
  TYPE_T_DIGEST,
  TYPE_TOP_K,
} from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import type { NewValue } from '../new-value.ts';
import { ElementsRestoring, type Restoring } from '../restoring.ts';
import type { PayloadPages } from '../sliced-payload.ts';
import { SLICE_PAGE } from '../sliced-work.ts';

/** Beyond what Redis numbers its types with, and before its marks. */
export const RDB_SKETCH = 200;
const FORM = 1;
const PAGES_AT_ONCE = SLICE_PAGE / 16;

/** Whether bytes are a sketch of a type. */
const CHECKS: ReadonlyMap<number, (memory: SketchMemory) => boolean> = new Map([
  [TYPE_BLOOM, isBloom],
  [TYPE_CUCKOO, isCuckoo],
  [TYPE_COUNT_MIN, isCountMin],
  [TYPE_TOP_K, isTopK],
  [TYPE_T_DIGEST, isDigest],
]);

/** The types of entries that are sketches. */
export const SKETCH_TYPES: readonly number[] = [...CHECKS.keys()];

function writeHead(writer: RdbWriter, type: number, length: number): void {
  writer.byte(RDB_SKETCH);
  writer.byte(type);
  writer.byte(FORM);
  writer.length(length);
}

/** Writes the packed value opened last. */
export function dumpSketch(c: CommandContext, entry: number, writer: RdbWriter): void {
  const { valueBytes, valueOffset, valueLength } = c;
  const compress = c.config.boolean('rdbcompression');
  writeHead(writer, c.table.typeOf(entry), valueLength);
  for (let at = 0; at < valueLength; at += SKETCH_PAGE_BYTES) {
    const length = Math.min(SKETCH_PAGE_BYTES, valueLength - at);
    writeRdbString(writer, valueBytes, valueOffset + at, length, compress);
  }
}

/** The same for a large one. */
export function pagesOfSketch(c: CommandContext, sketch: LargeSketch): PayloadPages {
  const compress = c.config.boolean('rdbcompression');
  return {
    version: DUMP_VERSION,
    bytes: sketch.memory.length,
    begin: (writer) => writeHead(writer, sketch.type, sketch.memory.length),
    page: (writer, cursor) => {
      const end = Math.min(sketch.count, cursor + PAGES_AT_ONCE);
      for (let page = cursor; page < end; page++) {
        const bytes = sketch.page(page)!;
        writeRdbString(writer, bytes, 0, bytes.length, compress);
      }
      return end < sketch.count ? end : 0;
    },
  };
}

class SketchRestoring extends ElementsRestoring {
  readonly #sketch: LargeSketch;
  readonly #length: number;
  readonly #mostPackedBytes: number;
  #pages = 0;

  constructor(reader: RdbReader, type: number, length: number, mostPackedBytes: number) {
    super(reader, pagesOf(length));
    this.#sketch = new LargeSketch(type);
    this.#length = length;
    this.#mostPackedBytes = mostPackedBytes;
  }

  protected override read(): boolean {
    const text = readRdbString(this.reader, SKETCH_PAGE_BYTES);
    if (text === null) return false;
    const { bytes, offset, length } = text;
    return this.#sketch.appendPage(this.#pages++, bytes.subarray(offset, offset + length));
  }

  protected override value(): NewValue | null {
    const { type, memory } = this.#sketch;
    const { length } = memory;
    if (this.reader.remaining > 0 || length !== this.#length) return null;
    if (CHECKS.get(type)?.(memory) !== true) return null;
    this.#sketch.trim();
    if (length > this.#mostPackedBytes) return { type, collection: this.#sketch };
    return { type, encoding: 0, bytes: memory.bytes, offset: 0, length };
  }
}

/** Begins to read one behind its type byte; null when it is damaged, or not ours. */
export function beginSketch(c: CommandContext, reader: RdbReader): Restoring | null {
  const type = reader.byte();
  const form = reader.byte();
  const length = reader.length();
  if (reader.failed || reader.special >= 0 || form !== FORM || !CHECKS.has(type)) return null;
  if (length < 1 || length > MOST_SKETCH_BYTES) return null;
  return new SketchRestoring(reader, type, length, c.mostPackedBytes);
}
