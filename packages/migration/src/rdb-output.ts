// An RDB file as it is written: values come as DUMP has them. It has the version of the newest
// value in it, 10 at least, which is what Redis 7.0 loads. The file appears under its name when it
// is whole.

import {
  closeSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { crc64, RdbWriter, writeRdbString } from '@forgekv/datatypes';

const HEADER_BYTES = 9;
const DUMP_END_BYTES = 10;
const FLUSH_BYTES = 1024 * 1024;
const FIRST_VERSION = 10;
const CHECKSUM_BYTES = 8;

const FUNCTION = 0xf5;
const AUX = 0xfa;
const EXPIRE_MS = 0xfc;
const SELECT = 0xfe;
const END = 0xff;

export class RdbOutput {
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: number;
  readonly #writer = new RdbWriter();
  #checksum = 0n;
  #version = FIRST_VERSION;
  #db = -1;

  /** @throws Error of `fs` when the file cannot be made */
  constructor(path: string, facts: Readonly<Record<string, string>>) {
    this.#path = path;
    this.#temporary = `${path}.${process.pid}.tmp`;
    this.#file = openSync(this.#temporary, 'wx+');
    this.#writer.bytes(headerOf(FIRST_VERSION), 0, HEADER_BYTES);
    for (const [name, value] of Object.entries(facts)) {
      this.#writer.byte(AUX);
      this.#string(Buffer.from(name));
      this.#string(Buffer.from(value));
    }
  }

  /** Writes a library of functions, by its code. */
  library(code: Buffer): void {
    this.#writer.byte(FUNCTION);
    this.#string(code);
  }

  /**
   * Writes a key.
   * @param expireAtMs Unix milliseconds, 0: never
   * @param payload as DUMP replied
   */
  key(db: number, key: Buffer, expireAtMs: bigint, payload: Buffer): void {
    const writer = this.#writer;
    if (db !== this.#db) {
      writer.byte(SELECT);
      writer.length(db);
      this.#db = db;
    }
    if (expireAtMs > 0n) {
      writer.byte(EXPIRE_MS);
      writer.uint64(expireAtMs);
    }
    const end = payload.length - DUMP_END_BYTES;
    this.#version = Math.max(this.#version, payload.readUInt16LE(end));
    writer.byte(payload[0]!);
    this.#string(key);
    writer.bytes(payload, 1, end - 1);
    if (writer.position >= FLUSH_BYTES) this.#flush();
  }

  /** Ends the file: it is on disk, under its name. */
  end(): void {
    this.#writer.byte(END);
    this.#flush();
    if (this.#version > FIRST_VERSION) this.#raiseVersion();
    const end = Buffer.alloc(CHECKSUM_BYTES);
    end.writeBigUInt64LE(this.#checksum);
    writeAll(this.#file, end, null);
    fsyncSync(this.#file);
    closeSync(this.#file);
    renameSync(this.#temporary, this.#path);
  }

  /** Takes away what was written. */
  abandon(): void {
    closeSync(this.#file);
    unlinkSync(this.#temporary);
  }

  #string(bytes: Buffer): void {
    writeRdbString(this.#writer, bytes, 0, bytes.length, true);
  }

  #flush(): void {
    const { buffer, position } = this.#writer;
    this.#checksum = crc64(buffer, 0, position, this.#checksum);
    writeAll(this.#file, buffer.subarray(0, position), null);
    this.#writer.reset();
  }

  /** The header is part of what the checksum is of. */
  #raiseVersion(): void {
    writeAll(this.#file, headerOf(this.#version), 0);
    const chunk = Buffer.allocUnsafe(FLUSH_BYTES);
    this.#checksum = 0n;
    for (let at = 0; ; ) {
      const count = readSync(this.#file, chunk, 0, chunk.length, at);
      if (count === 0) return;
      this.#checksum = crc64(chunk, 0, count, this.#checksum);
      at += count;
    }
  }
}

function headerOf(version: number): Buffer {
  return Buffer.from(`REDIS${`${version}`.padStart(4, '0')}`);
}

/** @param position in the file, null: where it is */
function writeAll(file: number, bytes: Buffer, position: number | null): void {
  for (let done = 0; done < bytes.length; ) {
    const at = position === null ? null : position + done;
    done += writeSync(file, bytes, done, bytes.length - done, at);
  }
}
