// A key that is changed several times in a row within a block, as by a script that counts, is told
// of once: the last effect of the log is replaced by one that says what the key holds by now, SET
// key value [PXAT ms], which is as good as both. Nobody has seen the first one: it is in a frame
// that is open, in a group that is open, and the entry is behind a lock or a gate of this thread.
//
// An effect is only replaced by one that is at least as long: the position behind it, which others
// may have noted by walking, must not go back, or they would wait for what never comes.

import { integerTextLength } from '@forgekv/datatypes';
import {
  FLAG_ENCODING_MASK,
  FLAG_ENCODING_SHIFT,
  type HotTable,
  TYPE_STRING,
} from '@forgekv/keyspace';
import type { WalWriter } from '@forgekv/storage';

/** Longer values are changed by their commands. */
const MOST_BYTES = 64;
const ENCODING_BITS = FLAG_ENCODING_MASK << FLAG_ENCODING_SHIFT;
const CRLF_BYTES = 2;
/** `*3` and `SET`, each with what is around it, and with an expiry `PXAT` and its time. */
const SET_BYTES = '*3\r\n$3\r\nSET\r\n'.length;
const PXAT_BYTES = '$4\r\nPXAT\r\n'.length;

/** Appends the effect that tells the value of an entry as a whole: EffectLog.stored. */
export type TellsValue = (
  entry: number,
  shard: number,
  previousLsn: number,
  bytes: Buffer,
  offset: number,
  length: number,
) => void;

export class RetoldEffects {
  readonly #table: HotTable;
  readonly #writer: WalWriter;
  readonly #tell: TellsValue;
  /** The entry that the last effect is about, 0: there is none; and where it ends. */
  #entry = 0;
  #end = 0;
  /** It is SET key value with a value of so many bytes and no expiry; 0: it is something else. */
  #setBytes = 0;

  constructor(table: HotTable, writer: WalWriter, tell: TellsValue) {
    this.#table = table;
    this.#writer = writer;
    this.#tell = tell;
  }

  /** Another block begins. */
  begin(): void {
    this.#entry = 0;
  }

  /** An effect of the block about an entry has ended. */
  ended(entry: number): void {
    this.#entry = entry;
    this.#end = this.#writer.position;
    this.#setBytes = 0;
  }

  /**
   * An entry has changed again, in whatever way.
   * @returns true: the last effect was about it, and says now what it holds
   */
  again(entry: number, shard: number, previousLsn: number): boolean {
    const writer = this.#writer;
    if (entry !== this.#entry || writer.position !== this.#end) return false;
    const table = this.#table;
    if (table.typeOf(entry) !== TYPE_STRING || table.isElsewhere(entry)) return false;
    const length = table.valueLength(entry);
    if (length > MOST_BYTES || (table.flagsOf(entry) & ENCODING_BITS) !== 0) return false;
    const at = table.valueWord(entry) * 4;
    const expireAtMs = table.expireAtMs(entry);
    if (length === this.#setBytes && expireAtMs === 0) {
      return writer.amend(shard, table.lsnOf(entry), table.bytes, at, length, CRLF_BYTES);
    }
    if (!Number.isSafeInteger(expireAtMs)) return false;
    const expiry = expireAtMs === 0 ? 0 : PXAT_BYTES + bulkBytes(integerTextLength(expireAtMs));
    const payload = SET_BYTES + bulkBytes(table.keyLength(entry)) + bulkBytes(length) + expiry;
    if (!writer.takeBack(payload)) return false;
    this.#tell(entry, shard, previousLsn, table.bytes, at, length);
    this.ended(entry);
    if (expireAtMs === 0) this.#setBytes = length;
    return true;
  }
}

/** Bytes of one argument as RESP. */
function bulkBytes(length: number): number {
  return 1 + integerTextLength(length) + length + 2 * CRLF_BYTES;
}
