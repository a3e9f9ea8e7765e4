// What can go wrong with stores, as types: the world's errors with a code and a cause, and damage
// with the name of what is damaged. Not bugs: those are assertions.

/**
 * - CORRUPT: the engine or our own checks found damaged files;
 * - IO: the operating system refused an operation;
 * - NO_SPACE: the disk or a quota is full;
 * - CLOSED: the store is not open, or is being opened again after an error;
 * - LOCKED: another process, or another handle of this one, has it open.
 */
export type StoreErrorCode = 'CORRUPT' | 'IO' | 'NO_SPACE' | 'CLOSED' | 'LOCKED';

/** An error of a store's world. `cause` is what the engine or the operating system said. */
export class StoreError extends Error {
  override name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** A record whose checksum or layout is wrong. Its bytes are never given out. */
export class CorruptRecordError extends Error {
  override name = 'CorruptRecordError';
  /** Bytes of the user's key, or of the whole store key when that cannot be taken apart. */
  readonly key: Uint8Array;

  /** @param what which check failed @param key is copied */
  constructor(what: string, key: Uint8Array) {
    super(`damaged record (${what}) of key ${printable(key)}`);
    this.key = Uint8Array.from(key);
  }
}

/** The data directory has a layout this program does not know. */
export class DirectoryVersionError extends Error {
  override name = 'DirectoryVersionError';
}

const MAX_PRINTED_BYTES = 128;

/** Returns bytes for a log line: printable ASCII as it is, the rest as \xHH, at most 128 bytes. */
export function printable(bytes: Uint8Array): string {
  let text = '"';
  for (const byte of bytes.subarray(0, MAX_PRINTED_BYTES)) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    text += plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return bytes.length > MAX_PRINTED_BYTES ? `${text}"...` : `${text}"`;
}

/** Turns whatever was thrown into a StoreError; one that is a StoreError already stays. */
export function toStoreError(thrown: unknown, doing: string): StoreError {
  if (thrown instanceof StoreError) return thrown;
  const text = messagesOf(thrown);
  return new StoreError(codeOf(text), `${doing}: ${text}`, thrown);
}

/** The engine reports through texts; codes exist for few of its errors. */
function codeOf(text: string): StoreErrorCode {
  if (/LEVEL_LOCKED|lock .*(already held|temporarily unavailable)/i.test(text)) return 'LOCKED';
  if (/ENOSPC|EDQUOT|no space left|disk quota/i.test(text)) return 'NO_SPACE';
  if (/CORRUPT|missing files|not an sstable|checksum/i.test(text)) return 'CORRUPT';
  if (/LEVEL_DATABASE_NOT_OPEN|LEVEL_BATCH_NOT_OPEN|LEVEL_ITERATOR_NOT_OPEN/.test(text)) {
    return 'CLOSED';
  }
  return 'IO';
}

/** Codes and messages of an error and of its causes, four deep. */
function messagesOf(thrown: unknown): string {
  const parts: string[] = [];
  for (let depth = 0; thrown instanceof Error && depth < 4; depth++) {
    const { code } = thrown as NodeJS.ErrnoException;
    parts.push(code === undefined ? thrown.message : `${code} ${thrown.message}`);
    thrown = thrown.cause;
  }
  return parts.length > 0 ? parts.join('; ') : String(thrown);
}
