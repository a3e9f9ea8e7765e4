// The owner's end of a log: appends effects to the buffer, ends atomic groups, seals frames.
// One per log, on one thread. Touches no file except through a hand-over when the buffer is full.
//
// A frame is built where it will be handed over from: its header is left empty, records follow,
// and sealing fills the header in. It never wraps: it ends at the end of the buffer at the latest,
// and where less than MIN_ROOM would remain there, sealing stretches it to the end. A record that
// is larger than what is left of a frame is cut; the frame is sealed with its group unfinished,
// and the next one goes on. A group counts for a reader when its last frame is whole.

import { crc32 } from 'node:zlib';
import { invariant } from '@forgekv/base';
import { copyBytes, copyByWords, copyPadded } from './payload-copy.ts';
import { WalFencedError } from './wal-errors.ts';
import { WAL_OPEN } from './wal-fence.ts';
import {
  FRAME_CONTINUES,
  FRAME_COVERED,
  FRAME_CRC,
  FRAME_ENDS,
  FRAME_FLAGS,
  FRAME_GENERATION,
  FRAME_HEAD,
  FRAME_HEADER_BYTES,
  FRAME_LOG,
  FRAME_MORE,
  FRAME_POSITION,
  FRAME_RECORDS,
  FRAME_REFERS,
  FRAME_SALT,
  FRAME_SYNCED,
  FRAME_TAIL,
  HANDED_F,
  HANDED_LOW,
  LAST_LSN_F,
  MAX_EFFECT_BYTES,
  MIN_ROOM,
  maxFrameBytes,
  RECORD_CONTINUATION,
  RECORD_FLAGS,
  RECORD_HEADER_BYTES,
  RECORD_LSN,
  RECORD_NAMESPACE,
  RECORD_PART,
  RECORD_PREVIOUS,
  RECORD_REFERENCE,
  RECORD_SHARD,
  SEALED_F,
  SEALED_LOW,
  SHARDS,
} from './wal-layout.ts';
import type { WalLogs } from './wal-logs.ts';
import type { LogBlock } from './wal-memory.ts';

/** A record is cut rather than begun anew when at least this much of a frame is left. */
const MIN_PART = 256;
/** More than what frames waste of a buffer, beside a share of their bytes. */
const SURE_BYTES = 8 * MIN_ROOM;

// What every effect needs, again: the optimizer knows the constants of this file; those that are
// imported are loaded and checked at each use.
const HEADER_BYTES = RECORD_HEADER_BYTES;
const SHARD_WORD = RECORD_SHARD >> 2;
const FLAGS_SHIFT = (RECORD_FLAGS - RECORD_SHARD) * 8;
const NAMESPACE_WORD = RECORD_NAMESPACE >> 2;
const LSN_BYTE = RECORD_LSN;
const PREVIOUS_BYTE = RECORD_PREVIOUS;

export class WalWriter {
  readonly #logs: WalLogs;
  readonly #log: number;
  readonly #block: LogBlock;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #view: DataView;
  readonly #lastLsn: Float64Array;
  readonly #bufferBytes: number;
  readonly #maxFrame: number;
  /** Position of the open frame, or of the next one; the same as an index of the buffer. */
  #frame: number;
  #frameIndex: number;
  #isOpen = false;
  /** Where the next byte goes, and where the open frame must end; 0, 0 between frames. */
  #index = 0;
  #limit = 0;
  #handed: number;
  #records = 0;
  /** Of the records, those before the first group that begins here, and before the last one. */
  #head = 0;
  #tailStart = 0;
  #ends = false;
  #refers = false;
  /** The group began in an earlier frame; the open frame did so within a group. */
  #isMidGroup = false;
  #continues = false;
  /** The record being composed: index of its header, or -1. */
  #record = -1;
  #effectBytes = 0;
  /** Index of the last record when it is a whole effect of the open frame, or -1. */
  #lastRecord = -1;

  constructor(logs: WalLogs, log: number) {
    this.#logs = logs;
    this.#log = log;
    this.#block = logs.block(log);
    this.#bytes = this.#block.bytes;
    this.#words = this.#block.bufferWords;
    this.#view = new DataView(this.#bytes.buffer);
    this.#lastLsn = this.#block.floats.subarray(LAST_LSN_F, LAST_LSN_F + SHARDS);
    const { bufferBytes, segmentBytes } = logs.transfer;
    this.#bufferBytes = bufferBytes;
    this.#maxFrame = maxFrameBytes(bufferBytes, segmentBytes);
    this.#frame = logs.sealed(log);
    this.#frameIndex = this.#frame & (bufferBytes - 1);
    this.#handed = logs.handed(log);
  }

  /**
   * Position behind the last effect appended: once `handed` (`synced`) has reached it, the
   * kernel (the disk) has the effect.
   */
  get position(): number {
    return this.#isOpen ? this.#frame + (this.#index - this.#frameIndex) : this.#frame;
  }

  /**
   * Asks for room before a group is executed. True promises that its effects can be appended:
   * into the buffer even if the log is fenced meanwhile, or, when the group is larger than the
   * buffer, into a segment made large enough now. May hand over, and then may wait for the disk.
   * @param payloadBytes of all effects of the group together
   * @param effects how many
   */
  accepts(payloadBytes: number, effects = 1): boolean {
    const records = payloadBytes + effects * (RECORD_HEADER_BYTES + 4);
    // Each frame has a header, cuts at most one record, and may leave MIN_PART unused.
    const perFrame = FRAME_HEADER_BYTES + RECORD_HEADER_BYTES + 12 + MIN_PART;
    const frames = Math.ceil(records / (this.#maxFrame - perFrame)) + 2;
    const needed = records + frames * perFrame + 4 * MIN_ROOM;
    if (needed <= this.#room()) return true;
    this.#handed = this.#block.position(HANDED_LOW, HANDED_F);
    if (needed <= this.#room()) return true;
    if (this.#logs.state(this.#log) !== WAL_OPEN) return false;
    this.seal();
    const isHanded = this.#logs.handOver(this.#log);
    this.#handed = this.#block.position(HANDED_LOW, HANDED_F);
    if (needed <= this.#room()) return true;
    // Nothing is sealed now, so nobody begins the next segment before this group needs it.
    return isHanded && this.#logs.prepare(this.#log, needed + this.#maxFrame) === '';
  }

  /**
   * True when `accepts` is sure to be, whatever the records are: the cheap question before it.
   * @param payloadBytes of all effects together, with some hundred for each of them
   */
  hasRoom(payloadBytes: number): boolean {
    return 2 * payloadBytes + SURE_BYTES <= this.#room();
  }

  /** Bytes of the buffer that can be filled without a hand-over. */
  #room(): number {
    return this.#handed + this.#bufferBytes - this.position;
  }

  /**
   * Appends a whole effect to the group: one copy, of `length` bytes from `offset`.
   * @param shard 0..63
   * @param lsn of the write, not less than the last one of this shard in this log
   * @param previousLsn the key's lsn before, 0 when it had none
   * @param namespace unsigned 32 bits
   * @param flags EFFECT_BLIND or 0
   * @param view of the same memory as `bytes`
   * @throws WalFencedError when the buffer is full and the log fenced: the group is given up
   *   and never replayed. Cannot happen after `accepts`, except when a disk fails while a group
   *   larger than the buffer is written.
   */
  append(
    shard: number,
    lsn: number,
    previousLsn: number,
    namespace: number,
    flags: number,
    bytes: Uint8Array,
    view: DataView,
    offset: number,
    length: number,
  ): void {
    const recordBytes = HEADER_BYTES + length;
    if (this.#index + recordBytes > this.#limit) {
      this.#nextFrameFor(length);
      if (this.#index + recordBytes > this.#limit) {
        this.beginEffect(shard, lsn, previousLsn, namespace, flags);
        this.write(bytes, offset, length);
        this.endEffect();
        return;
      }
    }
    const index = this.#index;
    this.#writeHead(index, recordBytes, shard, flags, namespace, lsn, previousLsn);
    const to = index + HEADER_BYTES;
    copyPadded(this.#bytes, this.#words, to, bytes, view, offset, length);
    this.#index = (index + recordBytes + 3) & ~3;
    this.#records++;
    this.#lastRecord = index;
  }

  /**
   * Takes the last effect back, if it is of the group that is open and was not sealed, as another
   * one of `payloadBytes`, which is appended next, stands for it.
   * @returns false: it stays, also where the other one would be shorter
   */
  takeBack(payloadBytes: number): boolean {
    const index = this.#lastRecord;
    if (index < 0 || this.#records === this.#tailStart) return false;
    const recordBytes = HEADER_BYTES + payloadBytes;
    if (recordBytes < this.#words[index >> 2]! || index + recordBytes > this.#limit) return false;
    this.#index = index;
    this.#records--;
    this.#lastRecord = -1;
    return true;
  }

  /** Gives it another LSN, and other bytes in the part of its payload before its last `behind`. */
  amend(
    shard: number,
    lsn: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    behind: number,
  ): boolean {
    const index = this.#lastRecord;
    if (index < 0 || this.#records === this.#tailStart) return false;
    const to = index + this.#words[index >> 2]! - behind - length;
    copyBytes(this.#bytes, to, bytes, offset, length);
    this.#lastLsn[shard] = lsn;
    this.#view.setFloat64(index + LSN_BYTE, lsn, true);
    return true;
  }

  /**
   * Begins an effect whose payload is written in pieces (RespComposer helps); arguments and
   * errors as for `append`.
   */
  beginEffect(
    shard: number,
    lsn: number,
    previousLsn: number,
    namespace: number,
    flags: number,
  ): void {
    if (this.#index + HEADER_BYTES + MIN_PART > this.#limit) this.#nextFrameFor(MIN_PART);
    this.#beginRecord(shard, lsn, previousLsn, namespace, flags);
  }

  /** Writes a piece of the payload. Throws as `append`. */
  write(bytes: Uint8Array, offset: number, length: number): void {
    while (length > this.#limit - this.#index) {
      const part = this.#limit - this.#index;
      this.#copy(bytes, offset, part);
      offset += part;
      length -= part;
      this.#cutRecord();
    }
    this.#copy(bytes, offset, length);
  }

  /** The same for a piece that is usually longer. @param view of the same memory as `bytes` */
  writeRange(bytes: Uint8Array, view: DataView, offset: number, length: number): void {
    if (length > this.#limit - this.#index) {
      this.write(bytes, offset, length);
      return;
    }
    copyByWords(this.#bytes, this.#view, this.#index, bytes, view, offset, length);
    this.#index += length;
  }

  /** Writes one byte. */
  writeByte(byte: number): void {
    if (this.#index === this.#limit) this.#cutRecord();
    this.#bytes[this.#index++] = byte;
  }

  /** Ends the effect begun last. */
  endEffect(): void {
    this.#endRecord(0);
  }

  /**
   * Appends a note, a record that is no effect and is never cut: `head`, and as many of `length`
   * bytes as the frame takes.
   * @param shard of the effect it is about, or -1
   * @param lsn of that effect
   * @returns how many bytes; some, if there are any
   * @throws WalFencedError as `append`
   */
  appendNote(
    flags: number,
    shard: number,
    lsn: number,
    head: Uint8Array,
    bytes: Uint8Array,
    offset: number,
    length: number,
  ): number {
    this.#nextFrameFor(head.length + length);
    const index = this.#index;
    const to = index + HEADER_BYTES + head.length;
    const taken = Math.min(length, this.#limit - to);
    const about = Math.max(shard, 0);
    const recordBytes = HEADER_BYTES + head.length + taken;
    this.#writeHead(index, recordBytes, about, flags, 0, shard < 0 ? this.#lastLsn[0]! : lsn, 0);
    this.#bytes.set(head, index + HEADER_BYTES);
    copyBytes(this.#bytes, to, bytes, offset, taken);
    this.#lastRecord = -1;
    this.#index = to + taken;
    while ((this.#index & 3) !== 0) this.#bytes[this.#index++] = 0;
    this.#records++;
    if (flags === RECORD_REFERENCE) this.#refers = true;
    return taken;
  }

  /** Ends the atomic group: its effects are replayed all or none. A group may be empty. */
  endGroup(): void {
    if (this.#isMidGroup) {
      if (!this.#isOpen) this.#openFrame();
      this.#ends = true;
      this.#isMidGroup = false;
      this.#head = this.#records;
    }
    this.#tailStart = this.#records;
  }

  /** True when the last frame that was sealed ends within a group. */
  get isMidGroup(): boolean {
    return this.#isMidGroup;
  }

  /**
   * Closes the open frame, so that it can be handed over.
   * @returns the position up to which everything is sealed
   */
  seal(): number {
    if (!this.#isOpen || (this.#records === 0 && !this.#ends)) return this.#frame;
    invariant(this.#record < 0, 'a frame is sealed within an effect');
    const index = this.#frameIndex;
    let end = (this.#index + 7) & ~7;
    if (this.#bufferBytes - end < MIN_ROOM) end = this.#bufferBytes;
    for (let word = this.#index >> 2; word < end >> 2; word++) this.#words[word] = 0;
    const head = this.#isMidGroup ? this.#records : this.#head;
    const tail = this.#isMidGroup ? 0 : this.#records - this.#tailStart;
    const goesOn = this.#isMidGroup || tail > 0;
    const view = this.#view;
    view.setUint32(index, end - index, true);
    view.setUint32(index + FRAME_GENERATION, this.#logs.transfer.generation, true);
    view.setUint16(index + FRAME_LOG, this.#log, true);
    const flags =
      (goesOn ? FRAME_MORE : 0) |
      (this.#continues ? FRAME_CONTINUES : 0) |
      (this.#ends ? FRAME_ENDS : 0) |
      (this.#refers ? FRAME_REFERS : 0);
    view.setUint16(index + FRAME_FLAGS, flags, true);
    view.setUint32(index + FRAME_RECORDS, this.#records, true);
    view.setUint32(index + FRAME_HEAD, head, true);
    view.setUint32(index + FRAME_TAIL, tail, true);
    view.setUint32(index + FRAME_SALT, this.#logs.transfer.salt, true);
    view.setFloat64(index + FRAME_POSITION, this.#frame, true);
    view.setFloat64(index + FRAME_SYNCED, this.#logs.synced(this.#log), true);
    // The one allocation per frame: zlib takes a view, no offset.
    const crc = crc32(this.#bytes.subarray(index + FRAME_COVERED, end));
    view.setUint32(index + FRAME_CRC, crc, true);
    this.#frame += end - index;
    this.#frameIndex = end === this.#bufferBytes ? 0 : end;
    this.#closeFrame();
    this.#isMidGroup = goesOn;
    this.#block.publish(SEALED_LOW, SEALED_F, this.#frame);
    return this.#frame;
  }

  #closeFrame(): void {
    this.#isOpen = false;
    this.#lastRecord = -1;
    this.#index = 0;
    this.#limit = 0;
    this.#records = 0;
    this.#head = 0;
    this.#tailStart = 0;
    this.#ends = false;
    this.#refers = false;
  }

  /** Makes sure that a record can begin, with `length` bytes or at least a part of them. */
  #nextFrameFor(length: number): void {
    if (this.#isOpen) {
      const left = this.#limit - this.#index - RECORD_HEADER_BYTES;
      if (left >= Math.min(length, MIN_PART)) return;
      this.seal();
    }
    this.#openFrame();
  }

  #openFrame(): void {
    const index = this.#frameIndex;
    const wanted = Math.min(this.#maxFrame, this.#bufferBytes - index);
    // The last MIN_ROOM of the room is for stretching.
    let room = this.#handed + this.#bufferBytes - MIN_ROOM - this.#frame;
    if (room < wanted) {
      this.#handed = this.#block.position(HANDED_LOW, HANDED_F);
      room = this.#handed + this.#bufferBytes - MIN_ROOM - this.#frame;
      if (room < MIN_ROOM) room = this.#makeRoom();
    }
    this.#isOpen = true;
    this.#continues = this.#isMidGroup;
    this.#index = index + FRAME_HEADER_BYTES;
    this.#limit = index + (Math.min(wanted, room) & ~7);
  }

  #makeRoom(): number {
    this.#logs.handOver(this.#log);
    this.#handed = this.#block.position(HANDED_LOW, HANDED_F);
    const room = this.#handed + this.#bufferBytes - MIN_ROOM - this.#frame;
    if (room >= MIN_ROOM) return room;
    // What the group has in earlier frames has no end there: nobody will ever replay it.
    this.#isMidGroup = false;
    this.#record = -1;
    throw new WalFencedError(this.#log, this.#logs.fenceCode(this.#log) || 'EBUSY');
  }

  #beginRecord(
    shard: number,
    lsn: number,
    previousLsn: number,
    namespace: number,
    flags: number,
  ): void {
    const index = this.#index;
    // Its length is written again when it is known.
    this.#writeHead(index, 0, shard, flags, namespace, lsn, previousLsn);
    this.#record = index;
    this.#effectBytes = 0;
    this.#index = index + HEADER_BYTES;
  }

  /** Writes a record's header, seven words. Records begin at whole words. */
  #writeHead(
    index: number,
    recordBytes: number,
    shard: number,
    flags: number,
    namespace: number,
    lsn: number,
    previousLsn: number,
  ): void {
    invariant(this.#record < 0, 'an effect begins within another');
    invariant(lsn >= this.#lastLsn[shard]!, 'the lsns of a shard grow within a log');
    this.#lastLsn[shard] = lsn;
    const words = this.#words;
    const at = index >> 2;
    words[at] = recordBytes;
    words[at + SHARD_WORD] = shard | (flags << FLAGS_SHIFT);
    words[at + NAMESPACE_WORD] = namespace;
    const view = this.#view;
    view.setFloat64(index + LSN_BYTE, lsn, true);
    view.setFloat64(index + PREVIOUS_BYTE, previousLsn, true);
  }

  #endRecord(flags: number): void {
    const index = this.#record;
    const length = this.#index - index;
    this.#effectBytes += length;
    invariant(index >= 0, 'an effect ends that never began');
    invariant(this.#effectBytes <= MAX_EFFECT_BYTES, 'an effect is larger than any command');
    this.#words[index >> 2] = length;
    this.#bytes[index + RECORD_FLAGS] = this.#bytes[index + RECORD_FLAGS]! | flags;
    while ((this.#index & 3) !== 0) this.#bytes[this.#index++] = 0;
    this.#record = -1;
    this.#records++;
    this.#lastRecord = flags === 0 && this.#effectBytes === length ? index : -1;
  }

  /** The frame is full in the middle of an effect: goes on in the next one. */
  #cutRecord(): void {
    const view = this.#view;
    const index = this.#record;
    const shard = this.#bytes[index + RECORD_SHARD]!;
    const flags = this.#bytes[index + RECORD_FLAGS]! | RECORD_CONTINUATION;
    const namespace = view.getUint32(index + RECORD_NAMESPACE, true);
    const lsn = view.getFloat64(index + RECORD_LSN, true);
    const previousLsn = view.getFloat64(index + RECORD_PREVIOUS, true);
    this.#endRecord(RECORD_PART);
    const written = this.#effectBytes;
    this.seal();
    this.#openFrame();
    this.#beginRecord(shard, lsn, previousLsn, namespace, flags);
    this.#effectBytes = written;
  }

  #copy(bytes: Uint8Array, offset: number, length: number): void {
    copyBytes(this.#bytes, this.#index, bytes, offset, length);
    this.#index += length;
  }
}
