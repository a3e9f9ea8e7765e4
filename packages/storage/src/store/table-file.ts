// Verifies one table file of the engine by its own checksums, which the engine itself does not
// look at when it reads. Knows the file format as far as that needs; reads no records.
//
//   file    data block ... data block | filter block | metaindex block | index block | footer
//   block   bytes | compression u8 (0 none, 1 Snappy) | masked CRC-32C u32 LE of all before it
//   footer  metaindex handle, index handle (varint offset, varint size), padding, magic: 48 bytes
//   index   one entry per data block, its value is the block's handle
//
// Blocks follow each other without gaps, so the filter block is what lies between the last data
// block and the metaindex.

import type { FileHandle } from 'node:fs/promises';
import { maskedCrc32c } from './crc32c.ts';
import { unsnappy } from './snappy.ts';

export const FOOTER_BYTES = 48;
export const TRAILER_BYTES = 5;
const MAGIC = Buffer.from('57fb808b247547db', 'hex');
/** No index is larger; a length that claims more is damage. */
const MAX_INDEX_BYTES = 1 << 28;
/** Data blocks are read so many bytes at a time: they are small, and each read has its price. */
const READ_BYTES = 1 << 20;

/** What is wrong with a file, and where. */
export interface FileDamage {
  readonly file: string;
  /** Byte offset in the file. */
  readonly offset: number;
  readonly what: string;
}

/** 'index': all that decides which data block is read. 'all': the data blocks too. */
export type VerifyDepth = 'index' | 'all';

interface Block {
  readonly offset: number;
  readonly size: number;
}

/** Returns the first damage of an open table file, or null. */
export async function verifyTable(
  handle: FileHandle,
  file: string,
  depth: VerifyDepth,
): Promise<FileDamage | null> {
  const damage = (offset: number, what: string): FileDamage => ({ file, offset, what });
  const { size } = await handle.stat();
  const footerAt = size - FOOTER_BYTES;
  if (footerAt < 0) return damage(0, 'shorter than a footer');
  const footer = await readAt(handle, footerAt, FOOTER_BYTES);
  if (footer === null || !footer.subarray(FOOTER_BYTES - 8).equals(MAGIC)) {
    return damage(footerAt, 'no table magic');
  }
  const handles = readVarints(footer, 0, 4);
  if (handles === null) return damage(footerAt, 'footer');
  const metaindex = { offset: handles[0]!, size: handles[1]! };
  const index = { offset: handles[2]!, size: handles[3]! };
  if (endOf(metaindex) !== index.offset || endOf(index) !== footerAt) {
    return damage(footerAt, 'footer');
  }
  const reader = new BlockReader(handle, footerAt);
  const metaindexBytes = await reader.read(metaindex);
  if (metaindexBytes === null) return damage(metaindex.offset, 'metaindex block');
  const indexBytes = await reader.read(index);
  const blocks = indexBytes === null ? null : parseIndex(indexBytes);
  if (blocks === null) return damage(index.offset, 'index block');

  let at = 0;
  for (const block of blocks) {
    if (block.offset !== at || endOf(block) > metaindex.offset) return damage(at, 'index entry');
    if (depth === 'all') {
      if (!reader.has(block)) await reader.readAhead(block);
      if (reader.taken(block) === null) return damage(block.offset, 'data block');
    }
    at = endOf(block);
  }
  const filter = { offset: at, size: metaindex.offset - at - TRAILER_BYTES };
  if (filter.size >= 0 && (await reader.read(filter)) === null) {
    return damage(filter.offset, 'filter block');
  }
  return null;
}

function endOf({ offset, size }: Block): number {
  return offset + size + TRAILER_BYTES;
}

/** Reads exactly `length` bytes, or null. The caller has bounded them by the file's size. */
async function readAt(handle: FileHandle, offset: number, length: number): Promise<Buffer | null> {
  const bytes = Buffer.allocUnsafe(length);
  const { bytesRead } = await handle.read(bytes, 0, length, offset);
  return bytesRead === length ? bytes : null;
}

/** Reads blocks of one file, and those behind them with them when asked to. */
class BlockReader {
  readonly #handle: FileHandle;
  readonly #end: number;
  #bytes: Buffer | null = null;
  #offset = 0;

  /** @param end of the last block in the file */
  constructor(handle: FileHandle, end: number) {
    this.#handle = handle;
    this.#end = end;
  }

  /** Returns what `taken` does, of a block that is read now. */
  async read(block: Block): Promise<Buffer | null> {
    await this.#fill(block.offset, block.size + TRAILER_BYTES);
    return this.taken(block);
  }

  /** Reads a block and what follows it, within bounds. */
  async readAhead(block: Block): Promise<void> {
    const wanted = Math.max(block.size + TRAILER_BYTES, READ_BYTES);
    await this.#fill(block.offset, Math.min(wanted, this.#end - block.offset));
  }

  /** True when the block has been read. */
  has(block: Block): boolean {
    if (this.#bytes === null || block.offset < this.#offset) return false;
    return endOf(block) <= this.#offset + this.#bytes.length;
  }

  /** Returns a block's bytes, decompression pending, with its trailer; null when damaged. */
  taken(block: Block): Buffer | null {
    if (this.#bytes === null || !this.has(block)) return null;
    const start = block.offset - this.#offset;
    const bytes = this.#bytes.subarray(start, start + block.size + TRAILER_BYTES);
    const isWhole = maskedCrc32c(bytes, 0, block.size + 1) === bytes.readUInt32LE(block.size + 1);
    return isWhole && bytes[block.size]! <= 1 ? bytes : null;
  }

  async #fill(offset: number, length: number): Promise<void> {
    this.#bytes = await readAt(this.#handle, offset, length);
    this.#offset = offset;
  }
}

/** Returns the data blocks an index block names, or null when it makes no sense. */
function parseIndex(stored: Buffer): Block[] | null {
  const size = stored.length - TRAILER_BYTES;
  const isCompressed = stored[size] === 1;
  const plain = stored.subarray(0, size);
  const bytes = isCompressed ? unsnappy(plain, MAX_INDEX_BYTES) : plain;
  if (bytes === null || bytes.length < 4) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const restarts = view.getUint32(bytes.length - 4, true);
  const end = bytes.length - 4 - restarts * 4;
  const blocks: Block[] = [];
  let at = 0;
  while (at < end) {
    const head = readVarints(bytes, at, 3);
    if (head === null) return null;
    const value = at + head.usedBytes + head[1]!;
    const handle = readVarints(bytes, value, 2);
    if (handle === null || head[2]! < handle.usedBytes) return null;
    blocks.push({ offset: handle[0]!, size: handle[1]! });
    at = value + head[2]!;
  }
  return at === end ? blocks : null;
}

/** Reads `count` varints below 2^53; null when they do not fit into the bytes. */
export function readVarints(
  bytes: Uint8Array,
  from: number,
  count: number,
): (number[] & { usedBytes: number }) | null {
  const values: number[] = [];
  let at = from;
  while (values.length < count) {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || scale > 2 ** 42) return null;
      value += (byte & 127) * scale;
      if (byte < 128) break;
    }
    values.push(value);
  }
  return Object.assign(values, { usedBytes: at - from });
}
