// What clients that cache say to a server, and those that change what they cache, step by step: the
// same steps to Redis and to ForgeKV must make the same bytes come to each of them.
//
// A command that reads keys never follows a change of a key that its own client caches: Redis tells
// of that in between, ForgeKV behind the reply of both when both were executed by a worker.

import type { Random } from '@forgekv/base';
import type { Step, Transcript } from './channel-transcripts.ts';

const OFF = 'CLIENT TRACKING OFF';
const ON = 'CLIENT TRACKING ON';
const INFO = 'CLIENT TRACKINGINFO';

export const TRACKING_TRANSCRIPTS: readonly Transcript[] = [
  {
    name: 'what is read is told of once',
    resp3: ['a', 'b'],
    steps: [
      ['a', ON, 'GET k', 'GET j', 'HGETALL h', 'LRANGE l 0 -1', 'EXISTS x y', 'SELECT 1', 'GET d'],
      ['b', ON, 'GET k', 'MGET k j m'],
      ['w', 'SET k 1'],
      ['w', 'SET k 2', 'SET n 1', 'SET j 1'],
      ['w', 'HSET h f v', 'HSET h f v', 'RPUSH l 1', 'MSET x 1 y 2 m 3'],
      ['w', 'SET d 1'],
      ['a', 'SELECT 0', 'GET k', 'SET k 3', 'PING'],
      ['a', 'GET k', 'GET j', 'DEL j', 'PING'],
      ['b', 'STRLEN k', 'TYPE k', 'TTL k', 'OBJECT ENCODING k', 'DUMP none', 'DBSIZE'],
      ['a', 'APPEND k x', 'PING'],
      ['w', 'EXPIRE k 100'],
      ['a', 'GET k', 'GET nope nope', 'NOPE', 'LRANGE k 0 1', 'LRANGE k 0'],
      ['w', 'PERSIST k'],
      ['w', 'PERSIST k'],
      ['a', OFF, 'GET k'],
      ['w', 'SET k 4'],
    ],
  },
  {
    name: 'what changes a key',
    resp3: ['a'],
    steps: [
      ['w', 'MSET s 1 t 2', 'SADD u 1 2', 'SADD v 2', 'RPUSH l c b a', 'ZADD z 1 m'],
      ['a', ON, 'GET s'],
      ['w', 'SETRANGE s 0 9'],
      ['a', 'GET s', 'GET t'],
      ['w', 'RENAME s r'],
      ['a', 'GET r', 'GET t'],
      ['w', 'COPY t r REPLACE'],
      ['a', 'GET r', 'SMEMBERS u', 'SMEMBERS v'],
      ['w', 'SMOVE u v 1'],
      ['a', 'SMEMBERS u', 'SMEMBERS v', 'EXISTS w'],
      ['w', 'SUNIONSTORE w u v'],
      ['w', 'SADD w 1', 'SREM w 7', 'TOUCH w'],
      ['a', 'SMEMBERS w', 'LRANGE l 0 9'],
      ['w', 'SORT l ALPHA STORE w'],
      ['a', 'LRANGE w 0 9', 'ZRANGE z 0 9', 'GETRANGE t 0 0'],
      ['w', 'LPOP w 3'],
      ['w', 'ZINCRBY z 1 m', 'INCR t', 'GETEX t', 'GETEX t EX 100'],
      ['a', 'GET t', 'ZRANGE z 0 9', 'LRANGE l 0 9'],
      ['w', 'GETDEL t', 'ZREM z m', 'UNLINK l l'],
      ['w', 'UNLINK l', 'SET n 1 XX', 'GETSET t 1'],
    ],
  },
  {
    name: 'flushes and swaps',
    resp3: ['a', 'b', 'c'],
    steps: [
      ['a', ON, 'GET k'],
      ['b', 'CLIENT TRACKING ON BCAST'],
      ['w', 'FLUSHALL'],
      ['w', 'FLUSHDB'],
      ['w', 'SET k 1'],
      ['a', 'FLUSHDB', 'PING'],
      ['a', 'GET k'],
      ['w', 'SWAPDB 0 1'],
      ['w', 'SWAPDB 0 1', 'SELECT 3', 'FLUSHDB SYNC'],
      ['a', 'MULTI', 'FLUSHALL', 'SET k 1', 'EXEC', 'PING'],
      ['a', OFF],
      ['c', 'CLIENT TRACKING ON NOLOOP', 'FLUSHALL'],
    ],
  },
  {
    name: 'in transactions',
    resp3: ['a', 'b'],
    steps: [
      ['a', ON, 'MULTI', 'GET k', 'SET j 1', 'GET l', 'EXEC', 'PING'],
      ['w', 'MULTI', 'SET k 1', 'SET j 1', 'SET l 1', 'EXEC'],
      ['a', 'GET k', 'GET j', 'MULTI', 'SET k 2', 'GET l', 'SET j 2', 'EXEC', 'PING'],
      ['a', 'MULTI', 'GET k', 'DISCARD', 'PING'],
      ['w', 'SET k 3'],
      ['b', 'MULTI', ON, 'GET k', 'EXEC'],
      ['w', 'SET k 4'],
      ['b', 'WATCH k', 'GET k'],
      ['w', 'SET k 5'],
      ['b', 'MULTI', 'SET z 1', 'EXEC', 'PING'],
      ['b', 'GET k', 'MULTI', OFF, 'SET k 6', 'EXEC', 'PING'],
    ],
  },
  {
    name: 'OPTIN and OPTOUT',
    resp3: ['a', 'b'],
    steps: [
      ['a', 'CLIENT TRACKING ON OPTIN', 'GET k', 'CLIENT CACHING YES', 'GET j', 'GET l', INFO],
      ['w', 'MSET k 1 j 1 l 1'],
      ['a', 'CLIENT CACHING YES', 'CLIENT GETNAME', INFO, 'GET k', INFO, 'GET j'],
      ['w', 'MSET k 2 j 2'],
      ['a', 'CLIENT CACHING YES', 'PING', 'GET k', 'CLIENT CACHING YES', 'NOPE', 'GET j'],
      ['w', 'MSET k 3 j 3'],
      ['a', 'CLIENT CACHING YES', 'MULTI', 'GET k', 'GET j', 'EXEC', INFO, 'GET l'],
      ['w', 'MSET k 4 j 4 l 4'],
      ['a', 'MULTI', 'CLIENT CACHING YES', 'GET k', 'EXEC', INFO],
      ['w', 'MSET k 5 j 5'],
      ['b', 'CLIENT TRACKING ON OPTOUT', 'GET k', 'CLIENT CACHING NO', INFO, 'GET j', 'GET l'],
      ['w', 'MSET k 6 j 6 l 6'],
      ['b', 'CLIENT CACHING NO', 'MULTI', 'GET k', 'EXEC', 'GET j'],
      ['w', 'MSET k 7 j 7'],
      ['a', 'CLIENT CACHING NO', 'CLIENT CACHING MAYBE', 'CLIENT CACHING', 'CLIENT CACHING YES no'],
      ['b', 'CLIENT CACHING YES', OFF, 'CLIENT CACHING NO', 'CLIENT CACHING YES'],
      ['w', 'CLIENT CACHING YES', ON, 'CLIENT CACHING YES', OFF],
    ],
  },
  {
    name: 'prefixes',
    resp3: ['a', 'b', 'c', 'd'],
    steps: [
      ['a', 'CLIENT TRACKING ON BCAST PREFIX b PREFIX a', INFO],
      ['b', 'CLIENT TRACKING ON BCAST', INFO],
      ['c', 'CLIENT TRACKING ON BCAST PREFIX a NOLOOP', 'GET z'],
      ['d', ON, 'GET a1'],
      ['w', 'SET a1 1'],
      ['w', 'MSET b2 1 a2 1 c2 1 b1 1 a2 1'],
      ['c', 'SET a3 1', 'PING'],
      ['c', 'MULTI', 'SET a3 1', 'SET b3 1', 'GET a1', 'EXEC', 'PING'],
      ['a', 'SET a5 1', 'PING'],
      ['a', 'CLIENT TRACKING ON BCAST PREFIX c NOLOOP', INFO],
      ['a', 'MSET a5 1 c5 1', 'PING'],
      ['a', 'CLIENT TRACKING ON BCAST PREFIX b1', INFO, 'CLIENT TRACKING ON BCAST', INFO],
      ['w', 'SET b1 7'],
      ['a', OFF, INFO],
      ['w', 'SET b1 8', 'GET b1'],
      ['b', 'RESET', 'HELLO 3', INFO],
      ['w', 'SET a1 9'],
      ['w', 'FLUSHALL'],
    ],
  },
  {
    name: 'NOLOOP',
    resp3: ['a', 'b'],
    steps: [
      ['a', 'CLIENT TRACKING ON NOLOOP', INFO, 'GET k', 'GET j', 'SET k 1', 'PING'],
      ['b', ON, 'GET k', 'GET j'],
      ['w', 'SET k 2'],
      ['a', 'GET k', 'MULTI', 'SET k 3', 'SET j 4', 'EXEC', 'PING'],
      ['a', 'GET k'],
      ['b', 'SET k 5', 'PING'],
      ['a', 'FLUSHALL', 'PING'],
    ],
  },
  {
    name: 'redirections',
    resp3: ['a', 'c', 'e'],
    steps: [
      ['b', 'SUBSCRIBE x'],
      ['a', 'CLIENT TRACKING ON REDIRECT @b', INFO, 'CLIENT GETREDIR', 'GET k', 'GET j'],
      ['d', 'CLIENT TRACKING ON REDIRECT @c NOLOOP', INFO, 'CLIENT GETREDIR', 'GET k'],
      ['w', 'SET k 1'],
      ['a', 'SET j 1', 'GET k', 'PING'],
      ['d', 'GET k', 'SET k 2', 'PING'],
      ['w', 'FLUSHALL'],
      ['e', 'CLIENT TRACKING ON REDIRECT @b BCAST PREFIX p PREFIX q', INFO],
      ['w', 'MSET p1 1 q1 1 p2 2'],
      ['b', 'UNSUBSCRIBE x'],
      ['a', 'GET k'],
      ['w', 'SET k 3'],
      ['b', 'SUBSCRIBE __redis__:invalidate'],
      ['a', 'GET k', 'GET j', 'GET l'],
      ['w', 'MSET k 3 j 3'],
      ['b', 'QUIT'],
      ['w', 'SET l 4'],
      ['a', INFO, 'CLIENT GETREDIR', 'GET k'],
      ['w', 'FLUSHALL'],
      ['a', 'CLIENT TRACKING ON REDIRECT @b', INFO],
      ['a', ON, INFO, 'GET k'],
      ['w', 'SET k 5'],
      ['a', 'CLIENT TRACKING ON REDIRECT @a', 'GET k', 'SET k 6', 'PING'],
    ],
  },
  {
    name: 'RESP2, and from one protocol to the other',
    resp3: ['b'],
    steps: [
      ['a', ON, INFO, 'GET k', 'SET k 1', 'PING'],
      ['w', 'SET k 2'],
      ['a', 'GET k', 'HELLO 3'],
      ['w', 'SET k 3'],
      ['b', ON, 'GET k', 'HELLO 2'],
      ['w', 'SET k 4'],
      ['b', 'GET k', 'RESET', 'HELLO 3', INFO],
      ['w', 'SET k 5'],
      ['b', 'GET k', ON],
      ['w', 'SET k 6'],
      ['b', ON, 'GET k', OFF, ON],
      ['w', 'SET k 7'],
    ],
  },
  {
    name: 'CLIENT REPLY does not hold pushes back',
    resp3: ['a'],
    steps: [
      ['a', ON, 'GET k', 'CLIENT REPLY OFF'],
      ['w', 'SET k 1'],
      ['a', 'GET k', 'SET k 2'],
      ['a', 'GET k', 'CLIENT REPLY ON', 'CLIENT REPLY SKIP', 'SET k 3', 'PING'],
    ],
  },
  {
    name: 'expiry',
    resp3: ['a', 'b'],
    steps: [
      ['a', ON, 'CLIENT CACHING YES'],
      ['b', 'CLIENT TRACKING ON BCAST PREFIX e'],
      ['w', 'SET e 1', 'SET f 1 PX 100000'],
      ['a', 'GET e', 'GET f'],
      ['w', 'PEXPIRE e 0', 'PEXPIREAT f 1', 'GET e'],
      ['a', 'GET e', 'GET f'],
      ['w', 'SET e 1 EXAT 1', 'SET f 1', 'SET e 2'],
    ],
  },
  {
    name: 'what cannot be',
    resp3: ['b'],
    steps: [
      ['a', 'CLIENT TRACKING', 'CLIENT TRACKING MAYBE', 'CLIENT TRACKING ON NOPE', INFO],
      ['a', 'CLIENT TRACKING ON REDIRECT', 'CLIENT TRACKING ON REDIRECT x'],
      ['a', 'CLIENT TRACKING ON REDIRECT 12345678', 'CLIENT TRACKING ON REDIRECT 12345678 NOPE'],
      ['a', 'CLIENT TRACKING ON NOPE REDIRECT 12345678', 'CLIENT TRACKING ON REDIRECT 0'],
      ['a', 'CLIENT TRACKING ON REDIRECT -1', 'CLIENT TRACKING ON REDIRECT @b REDIRECT @b'],
      ['a', 'CLIENT TRACKING ON PREFIX', 'CLIENT TRACKING ON PREFIX x', INFO],
      ['a', 'CLIENT TRACKING ON BCAST OPTIN', 'CLIENT TRACKING ON BCAST OPTOUT'],
      ['a', 'CLIENT TRACKING ON OPTIN OPTOUT', 'CLIENT TRACKING ON BCAST OPTIN OPTOUT', INFO],
      ['a', 'CLIENT TRACKING ON OPTIN', 'CLIENT TRACKING ON OPTOUT', 'CLIENT TRACKING ON BCAST'],
      ['a', 'CLIENT TRACKING ON BCAST PREFIX a PREFIX b', 'CLIENT TRACKING ON', INFO],
      ['a', OFF, 'CLIENT TRACKING OFF NOPE', 'CLIENT TRACKING OFF BCAST OPTIN PREFIX x', INFO],
      ['a', 'CLIENT TRACKING ON BCAST PREFIX foo PREFIX fo', INFO],
      ['a', 'CLIENT TRACKING ON BCAST PREFIX foo PREFIX bar', 'CLIENT TRACKING ON OPTIN BCAST'],
      ['a', 'CLIENT TRACKING ON BCAST PREFIX foobar', 'CLIENT TRACKING ON BCAST PREFIX baz'],
      ['a', 'CLIENT TRACKING ON BCAST PREFIX foo', 'CLIENT TRACKING ON', INFO, OFF],
      ['a', 'CLIENT GETREDIR', 'CLIENT GETREDIR x', 'CLIENT TRACKINGINFO x', 'client tracking on'],
      ['b', INFO, 'CLIENT TRACKING ON OPTOUT NOLOOP', INFO, 'CLIENT GETREDIR'],
    ],
  },
];

const KEYS = ['a', 'b', 'c', 'ab'];
/** Without NOLOOP: what a transaction changes itself stays noted here, as it may read it behind. */
const MODES = ['', ' OPTIN', ' OPTOUT', ' BCAST', ' BCAST PREFIX a', ' BCAST NOLOOP'];

/** Random steps; each client says one thing about keys in a step, or a transaction. */
export function randomTracking(random: Random, steps: number): Transcript {
  const clients = ['r', 's', 't', 'u', 'v'];
  const write = (): string => {
    const key = random.pick(KEYS);
    const value = random.uint32();
    return random.pick([`SET ${key} ${value}`, `DEL ${key}`, `APPEND ${key} x`, `INCR ${key}`]);
  };
  const read = (): string => {
    const key = random.pick(KEYS);
    return random.pick([`GET ${key}`, `MGET ${key} ${random.pick(KEYS)}`, `TTL ${key}`]);
  };
  const commands = (): string[] => {
    switch (random.below(12)) {
      case 0:
        return [`${ON}${random.pick(MODES)}`, INFO];
      case 1:
        return [random.chance(0.3) ? 'RESET' : OFF, INFO];
      case 2:
        return [`CLIENT CACHING ${random.pick(['YES', 'NO'])}`, read()];
      case 3:
        return ['MULTI', read(), write(), 'EXEC', 'PING'];
      case 4:
        return [random.pick(['FLUSHALL', 'FLUSHDB', 'SWAPDB 0 0', 'HELLO 3', `${ON} REDIRECT @q`])];
      case 5:
      case 6:
      case 7:
        return [write(), 'PING'];
      default:
        return [read(), 'PING', read()];
    }
  };
  const setUp: Step[] = [
    ['q', 'SUBSCRIBE x'],
    ...clients.map((client): Step => [client, `${ON}${random.pick(MODES)}`]),
  ];
  const rest = Array.from({ length: steps }, (): Step => [random.pick(clients), ...commands()]);
  return { name: 'random', resp3: ['r', 's', 't', 'u'], steps: [...setUp, ...rest] };
}
