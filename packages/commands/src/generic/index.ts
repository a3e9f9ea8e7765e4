// The handlers of the generic and expiry families, by command.

import type { expiryFamily, genericFamily, HandlersOf } from '@forgekv/catalog';
import { type Handler, keyed, keyedOrWide, onFront, onWorker } from '../handler.ts';
import { helpOn } from '../server/help.ts';
import { dump, restore } from './dump.ts';
import { del, exists, touch, type } from './exists.ts';
import { expire, expireAt, pExpire, pExpireAt, persist } from './expire.ts';
import { keys, randomKey } from './keys.ts';
import { objectEncoding, objectFreq, objectIdleTime, objectRefCount } from './object.ts';
import { copy, move, rename, renameNx } from './rename.ts';
import { scan } from './scan.ts';
import { sort, sortReadOnly } from './sort.ts';
import { readsUnnamedKeys } from './sort-options.ts';
import { expireTime, pExpireTime, pTtl, ttl } from './ttl.ts';
import { wait } from './wait.ts';
import { waitAof } from './wait-aof.ts';

type PendingGeneric = 'MIGRATE';

export const genericHandlers = {
  COPY: keyed(copy),
  DEL: keyed(del),
  DUMP: keyed(dump),
  EXISTS: keyed(exists),
  KEYS: onWorker(keys),
  MOVE: keyed(move),
  'OBJECT|ENCODING': keyed(objectEncoding),
  'OBJECT|FREQ': keyed(objectFreq),
  'OBJECT|HELP': onFront(helpOn('object')),
  'OBJECT|IDLETIME': keyed(objectIdleTime),
  'OBJECT|REFCOUNT': keyed(objectRefCount),
  RANDOMKEY: onWorker(randomKey),
  RENAME: keyed(rename),
  RENAMENX: keyed(renameNx),
  RESTORE: keyed(restore),
  SCAN: onWorker(scan),
  SORT: keyedOrWide(sort, readsUnnamedKeys),
  SORT_RO: keyedOrWide(sortReadOnly, readsUnnamedKeys),
  TOUCH: keyed(touch),
  TYPE: keyed(type),
  UNLINK: keyed(del),
  WAIT: keyed(wait),
  WAITAOF: onFront(waitAof),
} satisfies HandlersOf<typeof genericFamily, Handler, PendingGeneric>;

export const expiryHandlers = {
  EXPIRE: keyed(expire),
  EXPIREAT: keyed(expireAt),
  EXPIRETIME: keyed(expireTime),
  PERSIST: keyed(persist),
  PEXPIRE: keyed(pExpire),
  PEXPIREAT: keyed(pExpireAt),
  PEXPIRETIME: keyed(pExpireTime),
  PTTL: keyed(pTtl),
  TTL: keyed(ttl),
} satisfies HandlersOf<typeof expiryFamily, Handler>;
