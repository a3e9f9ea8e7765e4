// Steps through the frames of one life, from segment to segment, by position. Says where a frame
// is missing and finds the next whole one; what that means is decided by the scan.

import { FileWindow } from './frame-search.ts';
import type { WalDirectory, WalLife } from './wal-directory.ts';
import { FRAME_HEADER_BYTES, FRAME_SYNCED, SEGMENT_HEADER_BYTES } from './wal-layout.ts';

export class LifeReader {
  readonly #directory: WalDirectory;
  readonly life: WalLife;
  #fd = -1;
  #window: FileWindow | undefined;
  #segment = -1;
  /** Position behind the current frame: where the next one is expected. */
  position: number;
  /** The current frame: valid until the next call. */
  frameIndex = 0;
  frameBytes = 0;

  constructor(directory: WalDirectory, life: WalLife) {
    this.#directory = directory;
    this.life = life;
    this.position = life.start;
    this.seek(this.position);
  }

  get bytes(): Uint8Array {
    return this.#window!.bytes;
  }

  get view(): DataView {
    return this.#window!.view;
  }

  /** Position of the current frame. */
  get frameStart(): number {
    return this.position - this.frameBytes;
  }

  /** Position up to which the log was durable when the current frame was sealed. */
  get syncedUpTo(): number {
    return this.view.getFloat64(this.frameIndex + FRAME_SYNCED, true);
  }

  /** Index of the segment that `position` is expected in. */
  get segment(): number {
    return this.#segment;
  }

  get path(): string {
    return this.life.segments[this.#segment]!.path;
  }

  /** Where in the file `position` is expected. */
  get offset(): number {
    const { start } = this.life.segments[this.#segment]!;
    return SEGMENT_HEADER_BYTES + Math.max(0, this.position - start);
  }

  close(): void {
    if (this.#fd >= 0) this.#directory.files.close(this.#fd);
    this.#fd = -1;
  }

  /** Goes to a position, in the last segment that starts at it or before. */
  seek(position: number): void {
    this.position = position;
    const { segments } = this.life;
    let segment = segments.length - 1;
    while (segment > 0 && segments[segment]!.start > position) segment--;
    this.#enter(segment);
  }

  #enter(segment: number): void {
    if (segment === this.#segment && this.#fd >= 0) return;
    this.close();
    const { files } = this.#directory;
    const { path, sizeBytes } = this.life.segments[segment]!;
    this.#fd = files.openRead(path);
    this.#window = new FileWindow(files, this.#fd, sizeBytes);
    this.#segment = segment;
  }

  /** Position where the current segment's frames must end, at the latest. */
  #endOfSegment(): number {
    return this.life.segments[this.#segment + 1]?.start ?? Number.POSITIVE_INFINITY;
  }

  /** Steps to the frame at `position`; false, and nothing changed, when no whole one is there. */
  next(): boolean {
    while (this.#endOfSegment() <= this.position) this.#enter(this.#segment + 1);
    return !this.#isBeforeSegments && this.#take(this.offset, this.position);
  }

  /** True when the beginning of the life is lost. */
  get #isBeforeSegments(): boolean {
    return this.position < this.life.segments[0]!.start;
  }

  #take(offset: number, position: number): boolean {
    const window = this.#window!;
    const length = window.frameAt(offset, this.life, position);
    if (length === 0 || position + length > this.#endOfSegment()) return false;
    this.frameIndex = window.frameIndex;
    this.frameBytes = length;
    this.position = position + length;
    return true;
  }

  /** True when a frame was begun at `position`, but is not whole. */
  get isTorn(): boolean {
    if (this.#isBeforeSegments) return false;
    return this.#window!.isFrameBegun(this.offset, this.life, this.position);
  }

  /**
   * Steps to the first whole frame behind a place where one is missing.
   * @returns its position, or -1 when none follows in this life
   */
  skip(): number {
    let offset = this.#isBeforeSegments ? SEGMENT_HEADER_BYTES : this.offset + 8;
    for (let segment = this.#segment; segment < this.life.segments.length; segment++) {
      this.#enter(segment);
      const { start, sizeBytes } = this.life.segments[segment]!;
      const end = Math.min(sizeBytes, SEGMENT_HEADER_BYTES + this.#endOfSegment() - start);
      for (; offset + FRAME_HEADER_BYTES <= end; offset += 8) {
        const position = start + offset - SEGMENT_HEADER_BYTES;
        if (this.#take(offset, position)) return position;
      }
      offset = SEGMENT_HEADER_BYTES;
    }
    return -1;
  }
}
