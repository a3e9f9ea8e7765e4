// Tells whether bytes are a frame, and finds frames where none is expected: behind a damaged
// one, or in a file whose header was lost.

import { crc32 } from 'node:zlib';
import { type FileSystem, readFully } from '../file-system.ts';
import {
  FRAME_COVERED,
  FRAME_CRC,
  FRAME_GENERATION,
  FRAME_HEADER_BYTES,
  FRAME_LOG,
  FRAME_POSITION,
  FRAME_SALT,
  MAX_FRAME_BYTES,
  SEGMENT_HEADER_BYTES,
} from './wal-layout.ts';

const WINDOW_BYTES = 1 << 20;

/** Whose frames are looked for. */
export interface FrameOwner {
  readonly generation: number;
  readonly log: number;
  /** -1 when no header of the life tells. */
  readonly salt: number;
}

/** A part of a file in memory. Grows with the frames found in it, never with what one claims. */
export class FileWindow {
  readonly #files: FileSystem;
  readonly #fd: number;
  readonly #sizeBytes: number;
  bytes: Uint8Array;
  view: DataView;
  /** Offset in the file of the first byte, and how many there are. */
  #start = 0;
  #length = 0;

  constructor(files: FileSystem, fd: number, sizeBytes: number) {
    this.#files = files;
    this.#fd = fd;
    this.#sizeBytes = sizeBytes;
    const { buffer } = Buffer.alloc(Math.min(WINDOW_BYTES, Math.max(sizeBytes, 8)));
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
  }

  /**
   * Brings `length` bytes of the file at `offset` into the window.
   * @returns their index in `bytes`, or -1 when the file ends before
   */
  load(offset: number, length: number): number {
    const index = offset - this.#start;
    if (index >= 0 && index + length <= this.#length) return index;
    if (offset + length > this.#sizeBytes) return -1;
    if (length > this.bytes.length) {
      this.bytes = new Uint8Array(length);
      this.view = new DataView(this.bytes.buffer);
    }
    this.#start = offset;
    this.#length = readFully(this.#files, this.#fd, this.bytes, 0, this.bytes.length, offset);
    return this.#length >= length ? 0 : -1;
  }

  /**
   * Returns the length of the frame at `offset` of the file, or 0 when there is no whole one of
   * this owner. Its index in `bytes` is then `frameIndex`.
   * @param position it must have, or -1 for any
   */
  frameAt(offset: number, owner: FrameOwner, position: number): number {
    let index = this.load(offset, FRAME_HEADER_BYTES);
    if (index < 0 || !this.#looksRight(index, owner, position)) return 0;
    const length = this.view.getUint32(index, true);
    if (length < FRAME_HEADER_BYTES || length > MAX_FRAME_BYTES || length % 8 !== 0) return 0;
    index = this.load(offset, length);
    if (index < 0) return 0;
    const covered = this.bytes.subarray(index + FRAME_COVERED, index + length);
    if (crc32(covered) !== this.view.getUint32(index + FRAME_CRC, true)) return 0;
    this.frameIndex = index;
    return length;
  }
  frameIndex = 0;

  /** True when `offset` holds the head of the frame expected there, whole or not. */
  isFrameBegun(offset: number, owner: FrameOwner, position: number): boolean {
    const index = this.load(offset, FRAME_HEADER_BYTES);
    return index >= 0 && this.#looksRight(index, owner, position);
  }

  #looksRight(index: number, owner: FrameOwner, position: number): boolean {
    const { view } = this;
    return (
      view.getUint32(index + FRAME_GENERATION, true) === owner.generation &&
      view.getUint16(index + FRAME_LOG, true) === owner.log &&
      (owner.salt < 0 || view.getUint32(index + FRAME_SALT, true) === owner.salt) &&
      (position < 0 || view.getFloat64(index + FRAME_POSITION, true) === position)
    );
  }
}

/**
 * Looks for frames in a segment whose header says nothing.
 * @returns the position of its first frame, or undefined when it holds none behind `after`
 */
export function findSegmentStart(
  files: FileSystem,
  fd: number,
  sizeBytes: number,
  owner: FrameOwner,
  after: number,
): number | undefined {
  const window = new FileWindow(files, fd, sizeBytes);
  for (let at = SEGMENT_HEADER_BYTES; at + FRAME_HEADER_BYTES <= sizeBytes; at += 8) {
    if (window.frameAt(at, owner, -1) === 0) continue;
    const position = window.view.getFloat64(window.frameIndex + FRAME_POSITION, true);
    const start = position - (at - SEGMENT_HEADER_BYTES);
    if (start > after && start >= 0) return start;
  }
  return undefined;
}
