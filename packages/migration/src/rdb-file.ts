// An RDB file as it is read: keys with their values as RESTORE takes them, libraries of functions,
// and which database they are in. The checksum is compared at the end. Source: the RDB format of
// Redis, versions 1 to 12.

import { crc64, RdbReader, readRdbString } from '@forgekv/datatypes';
import type { FileWindow } from './file-window.ts';
import { MigrationError } from './migration-error.ts';
import {
  isKnownType,
  RDB_MODULE,
  RDB_MODULE_2,
  skipModuleParts,
  skipRdbString,
  skipRdbValue,
} from './rdb-value.ts';

const MAGIC = 'REDIS';
const HEADER_BYTES = 9;
/** The newest version: that of Redis 7.4 and 8. */
export const NEWEST_RDB_VERSION = 12;
/** Files end with a checksum since this version. */
const FIRST_WITH_CHECKSUM = 5;
const CHECKSUM_BYTES = 8;
const MOST_NAME_BYTES = 512 * 1024 * 1024;

// What a file has beside values.
const SLOT_INFO = 0xf4;
const FUNCTION = 0xf5;
const OLD_FUNCTION = 0xf6;
const MODULE_AUX = 0xf7;
const IDLE = 0xf8;
const FREQUENCY = 0xf9;
const AUX = 0xfa;
const RESIZE = 0xfb;
const EXPIRE_MS = 0xfc;
const EXPIRE_SECONDS = 0xfd;
const SELECT = 0xfe;
const END = 0xff;

/** The letters of a module's name, six bits each, in front of ten bits of its version. */
const MODULE_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const MODULE_NAME_LENGTH = 9;

export interface RdbKey {
  readonly kind: 'key';
  readonly db: number;
  readonly key: Buffer;
  readonly type: number;
  /** Unix milliseconds, 0: never. */
  readonly expireAtMs: bigint;
  /** Seconds since it was used, or -1. */
  readonly idleSeconds: number;
  /** How often it is used, 0 to 255, or -1. */
  readonly frequency: number;
  /** The value as RESTORE takes it; null: it was not asked for. */
  readonly payload: Buffer | null;
  /** The module that it is of, or ''. */
  readonly module: string;
}

export interface RdbFunction {
  readonly kind: 'function';
  readonly code: Buffer;
}

export type RdbItem = RdbKey | RdbFunction;

/** True for the beginning of an RDB file. */
export function isRdb(head: Buffer): boolean {
  return head.toString('latin1', 0, MAGIC.length) === MAGIC;
}

export class RdbFile {
  readonly version: number;
  readonly #window: FileWindow;
  /** False: payloads are not made. */
  readonly #isForItems: boolean;
  #checksum = 0n;
  #db = 0;
  #expireAtMs = 0n;
  #idleSeconds = -1;
  #frequency = -1;

  /**
   * Begins to read at the window's position.
   * @param isForItems false: only to find out whether the file is whole
   * @throws MigrationError when it is none, or newer than what is known
   */
  constructor(window: FileWindow, isForItems = true) {
    this.#window = window;
    this.#isForItems = isForItems;
    const head = this.#part((reader) => {
      const at = reader.take(HEADER_BYTES);
      return reader.bytes.toString('latin1', at, at + HEADER_BYTES);
    });
    this.version = Number(head.slice(MAGIC.length));
    if (!head.startsWith(MAGIC) || !(this.version >= 1)) throw this.#damaged('no RDB file');
    if (this.version <= NEWEST_RDB_VERSION) return;
    throw this.#damaged(`RDB version ${this.version} is newer than ${NEWEST_RDB_VERSION}`);
  }

  /**
   * Returns the next item, null at the end.
   * @throws MigrationError where the file is damaged, cut off, or has what is not known
   */
  next(): RdbItem | null {
    for (;;) {
      const opcode = this.#part((reader) => reader.byte());
      switch (opcode) {
        case END:
          this.#checkSum();
          return null;
        case SELECT:
          this.#db = this.#part((reader) => reader.length());
          break;
        case EXPIRE_MS:
          this.#expireAtMs = this.#part((reader) => int64(reader));
          break;
        case EXPIRE_SECONDS:
          this.#expireAtMs = BigInt(this.#part((reader) => reader.signed(4))) * 1000n;
          break;
        case IDLE:
          this.#idleSeconds = this.#part((reader) => reader.length());
          break;
        case FREQUENCY:
          this.#frequency = this.#part((reader) => reader.byte());
          break;
        case FUNCTION:
          return { kind: 'function', code: this.#part(string) };
        case OLD_FUNCTION:
          throw this.#damaged('functions as a version of Redis saved them that was not released');
        default:
          if (this.#skipFacts(opcode)) break;
          return this.#key(opcode);
      }
    }
  }

  /** Moves behind what says nothing about keys; false: it is something else. */
  #skipFacts(opcode: number): boolean {
    switch (opcode) {
      case AUX:
        this.#part((reader) => {
          skipRdbString(reader);
          skipRdbString(reader);
        });
        return true;
      case RESIZE:
        this.#part((reader) => {
          reader.length();
          reader.length();
        });
        return true;
      case SLOT_INFO:
        this.#part((reader) => {
          for (let i = 0; i < 3; i++) reader.length();
        });
        return true;
      case MODULE_AUX:
        this.#part((reader) => {
          // The module, and when it is to be loaded.
          for (let i = 0; i < 3; i++) reader.length();
          skipModuleParts(reader);
        });
        return true;
      default:
        return false;
    }
  }

  #key(type: number): RdbKey {
    if (type === RDB_MODULE || !isKnownType(type)) throw this.#damaged(`a value of type ${type}`);
    let payload: Buffer | null = null;
    let module = '';
    const key = this.#part((reader) => {
      const name = string(reader);
      const from = reader.position;
      if (type === RDB_MODULE_2) module = moduleName(reader);
      reader.position = from;
      skipRdbValue(reader, type);
      if (this.#isForItems && !reader.failed) {
        payload = this.#payload(type, reader.bytes, from, reader.position);
      }
      return name;
    });
    const facts = { db: this.#db, key, type, payload, module, expireAtMs: this.#expireAtMs };
    const { idleSeconds, frequency } = {
      idleSeconds: this.#idleSeconds,
      frequency: this.#frequency,
    };
    this.#expireAtMs = 0n;
    this.#idleSeconds = -1;
    this.#frequency = -1;
    return { kind: 'key', ...facts, idleSeconds, frequency };
  }

  #payload(type: number, bytes: Buffer, from: number, to: number): Buffer {
    const payload = Buffer.allocUnsafe(1 + to - from + 2 + CHECKSUM_BYTES);
    payload[0] = type;
    bytes.copy(payload, 1, from, to);
    const end = 1 + to - from;
    payload.writeUInt16LE(this.version, end);
    payload.writeBigUInt64LE(crc64(payload, 0, end + 2), end + 2);
    return payload;
  }

  #checkSum(): void {
    if (this.version < FIRST_WITH_CHECKSUM) return;
    const wanted = this.#checksum;
    const found = this.#part((reader) => int64(reader));
    // 0: the file was written with `rdbchecksum no`.
    if (found !== 0n && BigInt.asUintN(64, found) !== wanted) {
      throw this.#damaged('a checksum that is not that of the file');
    }
  }

  /** Reads what has to be there as a whole, and adds it to the checksum. */
  #part<T>(read: (reader: RdbReader) => T): T {
    const window = this.#window;
    for (;;) {
      const reader = new RdbReader(window.bytes, window.start, window.length);
      const part = read(reader);
      if (!reader.failed) {
        const length = reader.position - window.start;
        this.#checksum = crc64(window.bytes, window.start, length, this.#checksum);
        window.consume(length);
        return part;
      }
      if (!window.more()) throw this.#damaged('the end of the file in the middle of something');
    }
  }

  #damaged(what: string): MigrationError {
    const { path, position } = this.#window;
    return new MigrationError(`${path}: at offset ${position}: ${what}`);
  }
}

function int64(reader: RdbReader): bigint {
  const at = reader.take(8);
  return reader.failed ? 0n : reader.bytes.readBigInt64LE(at);
}

/** A copy of a string. */
function string(reader: RdbReader): Buffer {
  const text = readRdbString(reader, MOST_NAME_BYTES);
  if (text === null) return Buffer.alloc(0);
  return Buffer.from(text.bytes.subarray(text.offset, text.offset + text.length));
}

/** The name of the module that a value begins with. */
function moduleName(reader: RdbReader): string {
  const id = { high: 0, low: 0 };
  reader.length64(id);
  let bits = ((BigInt(id.high >>> 0) << 32n) | BigInt(id.low >>> 0)) >> 10n;
  let name = '';
  for (let i = 0; i < MODULE_NAME_LENGTH; i++) {
    name = MODULE_LETTERS[Number(bits & 63n)] + name;
    bits >>= 6n;
  }
  return name;
}
