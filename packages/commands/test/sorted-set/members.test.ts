// ZADD and its options, what is known of members, removals and pops: replies in both protocols,
// errors and their order, over values of every kind of storage.

import { test } from 'tap';
import { runTable } from '../support/run-table.ts';

const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value';
const SYNTAX = '-ERR syntax error';
const NOT_FLOAT = '-ERR value is not a valid float';
const GT_LT = '-ERR GT, LT, and/or NX options at the same time are not compatible';
const NOT_POSITIVE = '-ERR value is out of range, must be positive';
const INTEGER = '-ERR value is not an integer or out of range';

test('ZADD and ZINCRBY', async (t) => {
  runTable(t, [
    ['zadd z 1 a 2 b', 2],
    ['zadd z 3 a 2 b 4 c', 1],
    ['zadd z ch 5 a 2 b 6 d', 2],
    ['zadd z nx 9 a 9 e', 1],
    ['zadd z xx 7 a 7 f', 0],
    ['zadd z xx ch 8 a 7 f', 1],
    ['zadd z gt ch 7 a 9 b', 1],
    ['zadd z lt ch 7 a 10 b', 1],
    ['zadd z gt 1 new', 1],
    ['zrange z 0 -1 withscores', ['new', '1', 'c', '4', 'd', '6', 'a', '7', 'b', '9', 'e', '9']],
    ['zadd z incr 1.5 a', '8.5'],
    ['zadd z xx incr 1 none', null],
    ['zadd z nx incr 1 a', null],
    ['zadd z gt incr -1 a', null],
    ['zadd z lt incr -1 a', '7.5'],
    ['zincrby z 2 a', '9.5'],
    ['zincrby z -0.5 x', '-0.5'],
    ['zincrby new inf a', 'inf'],
    ['zincrby new -inf a', '-ERR resulting score is not a number (NaN)'],
    ['zincrby new -inf b', '-inf'],
    ['zadd none xx 1 a', 0],
    ['zadd none xx incr 1 a', null],
    ['exists none', 0],
    ['zadd same 1 a 2 a 3 a', 1],
    ['zscore same a', '3'],
    ['expire z 100', 1],
    ['zadd z 1 q', 1],
    ['ttl z', 100],
    ['type z', '+zset'],
  ]);
});

test('what ZADD refuses, in this order', async (t) => {
  runTable(t, [
    ['set s x', '+OK'],
    ['zadd s 1', "-ERR wrong number of arguments for 'zadd' command"],
    ['zadd s 1 a 2', SYNTAX],
    ['zadd s nx xx', SYNTAX],
    ['zadd s nx xx ch', SYNTAX],
    ['zadd s nx xx 1 a', '-ERR XX and NX options at the same time are not compatible'],
    ['zadd s nx gt 1 a', GT_LT],
    ['zadd s gt lt 1 a', GT_LT],
    ['zadd s nx lt x a', GT_LT],
    ['zadd s incr 1 a 2 b', '-ERR INCR option supports a single increment-element pair'],
    ['zadd s 1 a x b', NOT_FLOAT],
    ['zadd s nan a', NOT_FLOAT],
    ['zadd s 1e400 a', NOT_FLOAT],
    ['zadd s 1 a', WRONG_TYPE],
    ['zincrby s x a', NOT_FLOAT],
    ['zincrby s nx a', SYNTAX],
    ['zincrby s 1 a', WRONG_TYPE],
    ['zadd z 1 a nan b', NOT_FLOAT],
    ['exists z', 0],
    ['get s', 'x'],
  ]);
});

test('scores as text', async (t) => {
  runTable(t, [
    ['zadd z 0.1 a 1e20 b 1e-7 c 0x10 d +5 e -inf f 3.0 g 12345678901234567890 h', 8],
    ['zscore z a', '0.1'],
    ['zscore z b', '1e+20'],
    ['zscore z c', '1e-7'],
    ['zscore z d', '16'],
    ['zscore z e', '5'],
    ['zscore z f', '-inf'],
    ['zscore z g', '3'],
    ['zmscore z a none f', ['0.1', null, '-inf']],
    ['zincrby z 0.2 a', '0.30000000000000004'],
  ]);
});

test('members', async (t) => {
  runTable(t, [
    ['set s x', '+OK'],
    ['zadd z 1 a 2 b 2 c', 3],
    ['zcard z', 3],
    ['zcard none', 0],
    ['zscore z b', '2'],
    ['zscore z none', null],
    ['zscore none b', null],
    ['zmscore none a b', [null, null]],
    ['zrank z c', 2],
    ['zrevrank z c', 0],
    ['zrank z none', null],
    ['zrank none a', null],
    ['zrank z b withscore', [1, '2']],
    ['zrevrank z a WITHSCORE', [2, '1']],
    ['zrank z none withscore', null],
    ['zrank z b withscores', SYNTAX],
    ['zrank z b withscore x', "-ERR wrong number of arguments for 'zrank' command"],
    ['zrevrank z b withscore x', "-ERR wrong number of arguments for 'zrevrank' command"],
    ['zcard s', WRONG_TYPE],
    ['zscore s a', WRONG_TYPE],
    ['zmscore s a', WRONG_TYPE],
    ['zrank s a', WRONG_TYPE],
    ['get z', WRONG_TYPE],
  ]);
});

test('removals', async (t) => {
  runTable(t, [
    ['zadd z 1 a 2 b 3 c 4 d 5 e 6 f', 6],
    ['zrem z a none f a', 2],
    ['zrem none a', 0],
    ['zremrangebyrank z -1 -1', 1],
    ['zremrangebyscore z (2 3', 1],
    ['zremrangebyscore z 5 +inf', 0],
    ['zremrangebyrank z x 1', INTEGER],
    ['zremrangebyscore z x 1', '-ERR min or max is not a float'],
    ['zremrangebylex z x [y', '-ERR min or max not valid string range item'],
    ['zrange z 0 -1', ['b', 'd']],
    ['zremrangebyrank z 0 -1', 2],
    ['exists z', 0],
    ['zadd l 0 a 0 b 0 c', 3],
    ['zremrangebylex l (a +', 2],
    ['zrem l a', 1],
    ['exists l', 0],
    ['set s x', '+OK'],
    ['zrem s a', WRONG_TYPE],
    ['zremrangebyrank s 0 0', WRONG_TYPE],
    ['zremrangebyscore s x 0', '-ERR min or max is not a float'],
  ]);
});

test('pops', async (t) => {
  const add = 'zadd z 1 a 2 b 3 c 4 d 5 e';
  runTable(t, [
    [add, 5],
    ['zpopmin z', ['a', '1']],
    ['zpopmax z 2', ['e', '5', 'd', '4']],
    ['zpopmin z 0', []],
    ['zpopmin none', []],
    ['zpopmin none 3', []],
    ['zpopmin z -1', NOT_POSITIVE],
    ['zpopmin z x', NOT_POSITIVE],
    ['zpopmin z 1 1', SYNTAX],
    ['zpopmax z 9', ['c', '3', 'b', '2']],
    ['exists z', 0],
    [add, 5],
    ['zmpop 2 none z min', ['z', [['a', '1']]]],
    [
      'zmpop 1 z max count 2',
      [
        'z',
        [
          ['e', '5'],
          ['d', '4'],
        ],
      ],
    ],
    ['zmpop 1 none min', null],
    ['zmpop 0 z min', '-ERR numkeys should be greater than 0'],
    ['zmpop x z min', '-ERR numkeys should be greater than 0'],
    ['zmpop 2 z min', SYNTAX],
    ['zmpop 1 z mid', SYNTAX],
    ['zmpop 1 z min count 0', '-ERR count should be greater than 0'],
    ['zmpop 1 z min count 1 count 1', SYNTAX],
    ['zmpop 1 z min count', SYNTAX],
    ['set s x', '+OK'],
    ['zpopmin s', WRONG_TYPE],
    ['zmpop 2 s z min', WRONG_TYPE],
    [
      'zmpop 2 none z min count 99',
      [
        'z',
        [
          ['b', '2'],
          ['c', '3'],
        ],
      ],
    ],
    ['exists z', 0],
  ]);
});

test('in RESP3', async (t) => {
  runTable(
    t,
    [
      ['zadd z 1 a 2 b 3.5 c', 3],
      ['zscore z c', '3.5'],
      ['zrange z 0 0 withscores', [['a', '1']]],
      ['zrange z 0 0', ['a']],
      ['zrank z c withscore', [2, '3.5']],
      [
        'zrandmember z 5 withscores',
        [
          ['a', '1'],
          ['b', '2'],
          ['c', '3.5'],
        ],
      ],
      [
        'zunion 1 z withscores',
        [
          ['a', '1'],
          ['b', '2'],
          ['c', '3.5'],
        ],
      ],
      ['zscan z 0 match c', ['0', ['c', '3.5']]],
      ['zpopmin z', ['a', '1']],
      ['zpopmin z 1', [['b', '2']]],
      ['zincrby z 1 c', '4.5'],
      ['zmpop 1 z max', ['z', [['c', '4.5']]]],
      ['zmpop 1 z max', null],
      ['zadd none xx incr 1 a', null],
    ],
    true,
  );
});
