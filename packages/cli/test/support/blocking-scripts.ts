// What clients that wait for keys say, as blocking-transcripts.ts reads it.

export const BLOCKING_SCRIPTS: Readonly<Record<string, string>> = {
  'something is there': `
    a> RPUSH l 1 2 3 4 5 6 7 8
    a> BLPOP l 0
    a> BRPOP none l other 0
    a> BLMOVE l m LEFT RIGHT 0
    a> BRPOPLPUSH l m 0
    a> BLMOVE l l LEFT RIGHT 0
    a> LRANGE l 0 -1
    a> LRANGE m 0 -1
    a> BLMPOP 0 2 none l LEFT COUNT 2
    a> BLMPOP 0 1 m RIGHT
    a> ZADD z 1 a 2 b 3.5 c 4 d
    a> BZPOPMIN z 0
    a> BZPOPMAX none z 0
    a> BZMPOP 0 2 none z MIN COUNT 9
    a> DBSIZE
    a> BLPOP l m 0`,
  'nothing comes in time': `
    a> BLPOP k 0.02
    a> BRPOP k l 0.02
    a> BLMOVE k l LEFT LEFT 0.02
    a> BRPOPLPUSH k l 0.02
    a> BLMPOP 0.02 2 k l LEFT COUNT 3
    a> BZPOPMIN k 0.02
    a> BZPOPMAX k 0.02
    a> BZMPOP 0.02 1 k MAX
    a> BLPOP k 0.00001
    a> PING`,
  'what is refused': `
    a> SET s 1
    a> RPUSH l 1
    a> BLPOP k
    a> BLPOP k x
    a> BLPOP k -1
    a> BLPOP k nan
    a> BLPOP k -inf
    a> BLPOP k 0x
    a> BLPOP k ''
    a> BLPOP s 0
    a> BLPOP k s 1
    a> BZPOPMIN l 1
    a> BLMOVE s l LEFT LEFT 1
    a> BLMOVE l s LEFT LEFT 1
    a> BLMOVE l m LEFT FOO x
    a> BLMOVE l m LEFT RIGHT x
    a> BRPOPLPUSH s l 1
    a> BRPOPLPUSH k s x
    a> LRANGE l 0 -1
    a> BLMPOP x 1 k LEFT
    a> BLMPOP x 0 k LEFT
    a> BLMPOP x 1 k FOO
    a> BLMPOP 1 1 k LEFT COUNT 0
    a> BLMPOP 1 1 k LEFT COUNT 1 COUNT 2
    a> BLMPOP 1 2 k LEFT
    a> BLMPOP 1 1 s LEFT
    a> BZMPOP x 1 k MIN
    a> BZMPOP x 0 k MIN
    a> BZMPOP x 1 k FOO
    a> BZMPOP 1 1 s MIN
    a> CLIENT UNBLOCK
    a> CLIENT UNBLOCK x
    a> CLIENT UNBLOCK x foo
    a> CLIENT UNBLOCK 1 foo
    a> CLIENT UNBLOCK 1 TIMEOUT x
    a> CLIENT UNBLOCK 99999 ERROR
    a> CLIENT UNBLOCK @a`,
  'it never waits in a transaction': `
    a> MULTI
    a> BLPOP k 0
    a> BLMOVE k l LEFT LEFT 0
    a> BRPOPLPUSH k l 0
    a> BLMPOP 0 1 k LEFT
    a> BZPOPMIN k 0
    a> BZMPOP 0 1 k MIN
    a> RPUSH k 1 2
    a> BLPOP k 0
    a> BLMOVE k l LEFT LEFT 0
    a> EXEC
    a> LRANGE l 0 -1`,
  'one is served': `
    a! BLPOP k 0
    b> LPUSH k x
    b> LLEN k
    a=
    a! BRPOP k 0
    b> RPUSH k x y
    b> LRANGE k 0 -1
    a=
    a> DEL k
    a! BLMOVE k l LEFT RIGHT 0
    b> RPUSH k x
    b> EXISTS k
    b> LRANGE l 0 -1
    a=
    a! BRPOPLPUSH k k 0
    b> RPUSH k x y
    b> LRANGE k 0 -1
    a=
    a> DEL k l
    a! BLMPOP 0 2 k l RIGHT COUNT 2
    b> RPUSH l 1 2 3
    b> LRANGE l 0 -1
    a=
    a! BZPOPMIN z y 0
    b> ZADD y 1.5 a 2 b
    b> ZRANGE y 0 -1
    a=
    a! BZPOPMAX z 0
    b> ZADD z 1.5 a 2 b
    b> ZCARD z
    a=
    a> DEL z
    a! BZMPOP 0 1 z MAX COUNT 10
    b> ZINCRBY z 1 m
    b> EXISTS z
    a=`,
  'those that came first are served first': `
    a! BLPOP k 0
    b! BRPOP k 0
    c! BLPOP j k 0
    d! BLPOP k 0
    p> RPUSH k 1
    a=
    b-
    p> RPUSH k 2 3
    b=
    c=
    d-
    p> RPUSH j 4
    d-
    p> RPUSH k 5
    d=
    p> DBSIZE`,
  'types that do not fit': `
    a! BLPOP k 0
    b! BZPOPMIN k 0
    p> SET k v
    a-
    p> DEL k
    p> ZADD k 1 m
    b=
    a-
    p> SADD k m
    p> DEL k
    p> HSET k f v
    p> DEL k
    a-
    b! BZPOPMAX k 0
    p> RPUSH k x
    a=
    b-
    p> ZADD k 1 n
    b=
    p> SET d v
    a! BLMOVE k d LEFT LEFT 0
    b! BLPOP k 0
    p> RPUSH k 1
    a=
    b=
    p> GET d
    p> EXISTS k`,
  'chains of moves': `
    a! BLMOVE k l LEFT LEFT 0
    b! BLMOVE l m LEFT LEFT 0
    c! BLPOP m 0
    p> RPUSH k x
    p> DBSIZE
    a=
    b=
    c=
    a! BRPOPLPUSH k l 0
    b! BRPOPLPUSH l k 0
    p> RPUSH k x
    a=
    b=
    p> LRANGE k 0 -1
    p> LRANGE l 0 -1
    p> DEL k l
    a! BLMOVE k k LEFT RIGHT 0
    b! BLMOVE k k LEFT RIGHT 0
    c! BLPOP k 0
    p> RPUSH k 1 2 3
    a=
    b=
    c=
    p> LRANGE k 0 -1`,
  'whatever makes the key': `
    p> RPUSH src 1 2 3
    p> ZADD zsrc 1 a 2 b
    a! BLPOP k 0
    p> RENAME src k
    a=
    p> LRANGE k 0 -1
    p> RENAME k src
    a! BLPOP k 0
    p> COPY src k
    a=
    p> DEL k
    a! BLPOP k 0
    p> SORT src STORE k
    a=
    p> DEL k
    a! BLPOP k 0
    p> LMOVE src k LEFT LEFT
    a=
    a! BLPOP k 0
    p> RPOPLPUSH src k
    a=
    a! BZPOPMIN z 0
    p> ZUNIONSTORE z 1 zsrc
    a=
    p> DEL z
    a! BZPOPMIN z 0
    p> ZRANGESTORE z zsrc 0 -1
    a=
    p> DEL z
    a! BZPOPMIN z 0
    p> GEOADD z 13.3 38.1 here
    a=
    a! BLPOP k 0
    p> RESTORE k 0 \\x01\\x01
    a-
    p> RPUSH k x
    a=
    a! BLPOP k 0
    p> SET k v
    p> RPUSH l 1 2
    p> RENAME l k
    a=
    p> DEL k
    a! BLPOP k 0
    p> LPUSHX k x
    p> EXPIRE k 10
    a-
    p> LPUSH k y
    a=`,
  'other databases': `
    a! BLPOP k 0
    p> SELECT 1
    p> RPUSH k x y
    a-
    p> MOVE k 0
    a=
    p> SELECT 0
    p> DEL k
    a! BLPOP k 0
    b! BZPOPMIN z 0
    p> SELECT 2
    p> RPUSH k 1 2
    p> ZADD z 1 m
    p> SWAPDB 0 2
    a=
    b=
    p> SELECT 0
    p> LRANGE k 0 -1
    p> FLUSHALL
    a! BLPOP k 0
    p> SELECT 3
    p> RPUSH k 1
    p> COPY k k DB 0
    a=
    p> FLUSHALL
    p> SELECT 0
    a! BLPOP k 0
    p> SELECT 5
    p> RPUSH k 7
    p> SELECT 0
    p> MULTI
    p> SWAPDB 0 5
    p> LLEN k
    p> EXEC
    a=
    p> LLEN k`,
  'behind a whole transaction': `
    a! BLPOP k 0
    p> MULTI
    p> RPUSH k 1
    p> LLEN k
    p> RPUSH k 2
    p> LRANGE k 0 -1
    p> EXEC
    a=
    p> LRANGE k 0 -1
    p> DEL k
    a! BLPOP k 0
    p> MULTI
    p> RPUSH k 1
    p> DEL k
    p> EXEC
    a-
    p> MULTI
    p> RPUSH k 1
    p> DEL k
    p> RPUSH k 2
    p> EXEC
    a=
    a! BLPOP j k 0
    p> MULTI
    p> RPUSH k 1
    p> RPUSH j 2
    p> EXEC
    a=
    p> LRANGE k 0 -1
    p> LRANGE j 0 -1
    p> DEL j k
    a! BLMOVE k l LEFT LEFT 0
    b! BLPOP l 0
    p> MULTI
    p> RPUSH k 1
    p> LLEN l
    p> EXEC
    a=
    b=
    p> WATCH l
    a! BLMOVE k l LEFT LEFT 0
    b> RPUSH k 1
    a=
    p> MULTI
    p> PING
    p> EXEC`,
  'CLIENT UNBLOCK, LIST and KILL': `
    a! BLPOP k 0
    b> CLIENT UNBLOCK @a
    a=
    b> CLIENT UNBLOCK @a
    a! BLMOVE k l LEFT LEFT 0
    b> CLIENT UNBLOCK @a TIMEOUT
    a=
    a! BZPOPMIN k 0
    b> CLIENT UNBLOCK @a ERROR
    a=
    a> PING
    a! BLPOP k 0
    b> CLIENT KILL ID @a
    a=
    b> RPUSH k x
    b> LLEN k`,
  'the same key more than once': `
    a! BLPOP k k k 0
    b> RPUSH k 1 2
    a=
    b> LRANGE k 0 -1
    b> DEL k
    a! BLMPOP 0 3 2 0 2 LEFT
    b> RPUSH 2 x
    a=
    a! BLPOP '' 0
    b> RPUSH '' x
    a=`,
  'many values at once': `
    a! BLMPOP 0 1 k LEFT COUNT 1000
    b> RPUSH k ${Array.from({ length: 300 }, (_, i) => `element-number-${i}`).join(' ')}
    a=
    a! BLPOP k 0
    b> RPUSH k ${'x'.repeat(20_000)} ${'y'.repeat(20_000)}
    a=
    b> LLEN k
    a! BLMOVE q k LEFT LEFT 0
    b> RPUSH q ${'z'.repeat(20_000)}
    a=
    b> LLEN k`,
  'streams, read by anybody': `
    a> XADD s 1-1 f v
    a> XREAD BLOCK 0 STREAMS s 0
    a! XREAD BLOCK 0 STREAMS s $
    b! XREAD BLOCK 0 COUNT 1 STREAMS none s 0 1-1
    c! XREAD BLOCK 0 STREAMS s 9-9
    d> XADD s 2-1 f w
    a=
    b=
    c-
    d> XADD s 9-9 f w
    c-
    d> XADD s 10-1 f x
    c=
    a! XREAD BLOCK 0 STREAMS other $
    d> SET other 1
    a-
    d> DEL other
    d> XADD other 1-1 f v
    a=
    a! XREAD BLOCK 0 STREAMS new 0
    d> XGROUP CREATE new g $ MKSTREAM
    a-
    d> RENAME s new
    a=
    a> XREAD BLOCK 20 STREAMS s new $ $
    a> XREAD BLOCK -1 STREAMS s $
    a> XREAD BLOCK x STREAMS s $`,
  'streams, read in a group, one after the other': `
    d> XGROUP CREATE s g $ MKSTREAM
    a! XREADGROUP GROUP g a BLOCK 0 STREAMS s >
    sleep 30
    b! XREADGROUP GROUP g b BLOCK 0 STREAMS s >
    sleep 30
    c! XREADGROUP GROUP g c BLOCK 0 NOACK STREAMS s >
    d> XADD s 1-1 f v
    a=
    b-
    c-
    d> XADD s 2-1 f v
    b=
    c-
    a! XREADGROUP GROUP g a BLOCK 0 COUNT 1 STREAMS s >
    d> MULTI
    d> XADD s 3-1 f v
    d> XADD s 4-1 f v
    d> EXEC
    c=
    a-
    d> XADD s 5-1 f v
    a=
    d> XPENDING s g - + 0
    d> XPENDING s g
    a> XREADGROUP GROUP g a BLOCK 0 STREAMS s 0
    a> XREADGROUP GROUP g a BLOCK 20 STREAMS s >
    a> XREADGROUP GROUP none a BLOCK 0 STREAMS s >`,
};
