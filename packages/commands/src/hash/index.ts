// The handlers of the hash families, by command.

import type { HandlersOf, hashExpiryFamily, hashFamily } from '@forgekv/catalog';
import { type Handler, keyed } from '../handler.ts';
import { hIncrBy, hIncrByFloat } from './counter.ts';
import { hDel } from './delete-fields.ts';
import { hExpire, hExpireAt, hPExpire, hPExpireAt } from './field-expire.ts';
import { hExpireTime, hPExpireTime, hPersist, hPTtl, hTtl } from './field-ttl.ts';
import { hExists, hGet, hLen, hMGet, hStrLen } from './get-fields.ts';
import { hRandField } from './random-field.ts';
import { hScan } from './scan.ts';
import { hMSet, hSet, hSetNx } from './set-fields.ts';
import { hGetAll, hKeys, hVals } from './whole-hash.ts';

export const hashHandlers = {
  HDEL: keyed(hDel),
  HEXISTS: keyed(hExists),
  HGET: keyed(hGet),
  HGETALL: keyed(hGetAll),
  HINCRBY: keyed(hIncrBy),
  HINCRBYFLOAT: keyed(hIncrByFloat),
  HKEYS: keyed(hKeys),
  HLEN: keyed(hLen),
  HMGET: keyed(hMGet),
  HMSET: keyed(hMSet),
  HRANDFIELD: keyed(hRandField),
  HSCAN: keyed(hScan),
  HSET: keyed(hSet),
  HSETNX: keyed(hSetNx),
  HSTRLEN: keyed(hStrLen),
  HVALS: keyed(hVals),
} satisfies HandlersOf<typeof hashFamily, Handler>;

export const hashExpiryHandlers = {
  HEXPIRE: keyed(hExpire),
  HEXPIREAT: keyed(hExpireAt),
  HEXPIRETIME: keyed(hExpireTime),
  HPERSIST: keyed(hPersist),
  HPEXPIRE: keyed(hPExpire),
  HPEXPIREAT: keyed(hPExpireAt),
  HPEXPIRETIME: keyed(hPExpireTime),
  HPTTL: keyed(hPTtl),
  HTTL: keyed(hTtl),
} satisfies HandlersOf<typeof hashExpiryFamily, Handler>;
