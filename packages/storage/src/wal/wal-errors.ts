// What can go wrong with the log, as types. Errors of the file system itself pass through as
// they are, except where a log is fenced because of them.

/** A log takes no more bytes: its disk is full or broken. Nothing that was taken is lost. */
export class WalFencedError extends Error {
  override name = 'WalFencedError';
  /** Of the operating system: ENOSPC, EIO. */
  readonly code: string;
  readonly log: number;

  constructor(log: number, code: string) {
    super(`log ${log} takes no more bytes: ${code}`);
    this.code = code;
    this.log = log;
  }
}

/** Bytes that were durable are not there any more, or not what was written. */
export class WalDamageError extends Error {
  override name = 'WalDamageError';
  readonly file: string;
  /** Of the first byte in the file that is not what it should be. */
  readonly offset: number;
  /** Bytes of whole frames behind the damage, which recovery would keep. */
  readonly keptBytes: number;

  constructor(file: string, offset: number, keptBytes: number, why: string) {
    super(
      `${file} is damaged at offset ${offset}: ${why}; ` +
        `recovery would go on with ${keptBytes} bytes of the same log that follow`,
    );
    this.file = file;
    this.offset = offset;
    this.keptBytes = keptBytes;
  }
}
