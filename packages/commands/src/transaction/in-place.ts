// Which transactions a front may run itself, with the shards of all their keys locked. A command
// that cannot run here says so before it changes anything, but the commands before it have: so all
// of them are looked at first, and what may not fit, or might have to become large, or needs room
// that there may not be, goes to a worker as a whole. Better once too often.

import { packedCount } from '@forgekv/datatypes';
import { RoomPlan, TYPE_STRING, TYPE_TOMBSTONE } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import type { CommandRegistry } from '../registry.ts';

/** Not in place. */
const ELSEWHERE = 0;
/** Changes nothing that could need room. */
const READS = 1;
/** Leaves a string longer by no more than its request is. */
const WRITES_STRING = 2;
/** Adds no more to a collection than its request says. */
const WRITES_COLLECTION = 3;
/** Works on the connection, and answers at once. */
const AT_ONCE = 4;

const READING =
  'GET MGET STRLEN GETRANGE GETBIT BITCOUNT EXISTS TYPE TTL PTTL EXPIRETIME PEXPIRETIME ' +
  'HGET HMGET HGETALL HEXISTS HLEN HKEYS HVALS HSTRLEN LLEN LRANGE LINDEX ' +
  'SISMEMBER SMISMEMBER SCARD SMEMBERS ZSCORE ZMSCORE ZCARD ZRANK ZREVRANK ' +
  'ZRANGE ZREVRANGE ZRANGEBYSCORE ZREVRANGEBYSCORE ZCOUNT ' +
  'BF.EXISTS BF.MEXISTS CF.EXISTS CF.MEXISTS CF.COUNT CMS.QUERY TOPK.QUERY TOPK.COUNT';
const SHRINKING =
  'DEL UNLINK GETDEL PERSIST EXPIRE PEXPIRE EXPIREAT PEXPIREAT TOUCH HDEL LPOP RPOP LTRIM LREM ' +
  'SREM ZREM ZPOPMIN ZPOPMAX ZREMRANGEBYRANK ZREMRANGEBYSCORE';
const OF_STRINGS = 'SET SETNX SETEX PSETEX GETSET GETEX INCR DECR INCRBY DECRBY APPEND';
const OF_COLLECTIONS =
  'HSET HMSET HSETNX HINCRBY LPUSH RPUSH LPUSHX RPUSHX LSET LINSERT SADD ZADD ZINCRBY';
const ANSWERING = 'PING ECHO SELECT TIME';

/** Transactions of more bytes or commands go to a worker: they hold locks meanwhile. */
const MOST_BYTES = 8 * 1024;
export const MOST_IN_PLACE = 256;
/** What a value may grow by besides the bytes of the request: numbers, heads of records. */
const SLACK_BYTES = 64;
/** At most: a set of integers gets wider ones, or becomes one of texts. */
const COLLECTION_FACTOR = 4;
const STRING_FACTOR = 2;
/** list-max-listpack-size -1: the smallest class of bytes. */
const LEAST_LIST_BYTES = 4096;

/** One per front. */
export class InPlaceRules {
  readonly #kinds: Uint8Array;
  readonly #c: CommandContext;
  readonly #plan: RoomPlan;
  // The transaction that is looked at.
  #bytes = 0;
  #args = 0;
  #longestArg = 0;

  constructor(registry: CommandRegistry, c: CommandContext) {
    this.#c = c;
    this.#plan = new RoomPlan(c.table);
    const kinds = new Map<string, number>();
    for (const name of `${READING} ${SHRINKING}`.split(' ')) kinds.set(name.toLowerCase(), READS);
    for (const name of OF_STRINGS.split(' ')) kinds.set(name.toLowerCase(), WRITES_STRING);
    for (const name of OF_COLLECTIONS.split(' ')) kinds.set(name.toLowerCase(), WRITES_COLLECTION);
    for (const name of ANSWERING.split(' ')) kinds.set(name.toLowerCase(), AT_ONCE);
    this.#kinds = Uint8Array.from(registry.table.names, (name) => kinds.get(name) ?? ELSEWHERE);
  }

  /** True for commands that a transaction in place may have. */
  admits(id: number): boolean {
    return this.#kinds[id] !== ELSEWHERE;
  }

  /**
   * Begins to look at a transaction.
   * @param args arguments of all commands together
   * @param longestArg bytes of the longest of them
   * @returns false: it is too large
   */
  begin(bytes: number, commands: number, args: number, longestArg: number): boolean {
    this.#bytes = bytes;
    this.#args = args;
    this.#longestArg = longestArg;
    this.#plan.begin();
    return bytes <= MOST_BYTES && commands <= MOST_IN_PLACE;
  }

  /**
   * Looks at a key of the command in the context's request; its shard is locked.
   * @param key argument index
   */
  fits(id: number, key: number): boolean {
    const kind = this.#kinds[id]!;
    const c = this.#c;
    const { table, request } = c;
    c.select(key, c.db);
    if (c.isGated(table.shard)) return false;
    const entry = table.find();
    if (entry === 0 && !table.isComplete) return false;
    const isValue = entry !== 0 && table.typeOf(entry) !== TYPE_TOMBSTONE;
    if (isValue && (table.isLarge(entry) || table.isCold(entry))) return false;
    if (kind !== WRITES_STRING && kind !== WRITES_COLLECTION) return true;
    // Those who wait are served on the key's worker.
    if (kind === WRITES_COLLECTION && table.awaited.isAwaited(table.shard, table.hash))
      return false;
    const before = isValue ? entry : 0;
    const length = isValue ? table.valueLength(entry) : 0;
    if (kind === WRITES_COLLECTION && !this.#staysPacked(before, length)) return false;
    const factor = kind === WRITES_COLLECTION ? COLLECTION_FACTOR : STRING_FACTOR;
    const grown = factor * (length + this.#bytes) + SLACK_BYTES;
    if (grown > c.hotValueMaxBytes) return false;
    this.#plan.add(before, request.length(key), grown);
    return true;
  }

  /** True when nothing the transaction adds can make a collection large. */
  #staysPacked(entry: number, length: number): boolean {
    const { table, limits } = this.#c;
    const { hash, set, sortedSet, listSize, maxIntsetEntries } = limits;
    if (this.#longestArg > Math.min(hash.maxValueBytes, set.maxValueBytes, sortedSet.maxValueBytes))
      return false;
    if (listSize < 0 && 2 * (length + this.#bytes) > LEAST_LIST_BYTES) return false;
    const isCollection = entry !== 0 && table.typeOf(entry) !== TYPE_STRING;
    const count = isCollection ? packedCount(table.bytes, table.valueWord(entry) * 4) : 0;
    const most = Math.min(hash.maxEntries, set.maxEntries, sortedSet.maxEntries, maxIntsetEntries);
    return count + this.#args <= (listSize > 0 ? Math.min(most, listSize) : most);
  }

  /** Claims the room for all that was looked at; false: there may be less. Ends with `end`. */
  claim(): boolean {
    return this.#plan.claim();
  }

  end(): void {
    this.#plan.end();
  }
}
