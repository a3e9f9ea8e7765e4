// Geo commands: replies in both protocols, options, what is refused and in which order.

import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { runTable } from '../support/run-table.ts';

const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value';
const SYNTAX = '-ERR syntax error';
const NOT_FLOAT = '-ERR value is not a valid float';
const UNIT = '-ERR unsupported unit provided. please use M, KM, FT, MI';
const ADD = 'geoadd g 13.361389 38.115556 palermo 15.087269 37.502669 catania';
const PALERMO = ['13.36138933897018433', '38.11555639549629859'];

test('positions', async (t) => {
  runTable(t, [
    [ADD, 2],
    ['geoadd g nx 0 0 palermo 1 1 rome', 1],
    ['geoadd g xx ch 12.5 41.9 rome 1 1 none', 1],
    ['zscore g palermo', '3479099956230698'],
    ['geopos g palermo none', [PALERMO, null]],
    ['geopos none a b', [null, null]],
    ['geopos g', []],
    ['geohash g palermo none', ['sqc8b49rny0', null]],
    ['geodist g palermo catania', '166274.1516'],
    ['geodist g palermo catania km', '166.2742'],
    ['geodist g palermo palermo', '0.0000'],
    ['geodist g palermo none', null],
    ['geodist none a b', null],
    ['geodist g palermo catania yd', UNIT],
    ['geodist g palermo catania m m', SYNTAX],
    ['geoadd g 1 2', "-ERR wrong number of arguments for 'geoadd' command"],
    ['geoadd g 1 2 a 3', SYNTAX],
    ['geoadd g nx xx 1 2 a', SYNTAX],
    ['geoadd g x 2 a', NOT_FLOAT],
    ['geoadd g 181 2 a', '-ERR invalid longitude,latitude pair 181.000000,2.000000'],
    ['geoadd g 1 86 a', '-ERR invalid longitude,latitude pair 1.000000,86.000000'],
    ['geoadd new 1 2 a 1 99 b', '-ERR invalid longitude,latitude pair 1.000000,99.000000'],
    ['exists new', 0],
    ['set s x', '+OK'],
    ['geoadd s 1 2 a', WRONG_TYPE],
    ['geopos s a', WRONG_TYPE],
    ['geohash s a', WRONG_TYPE],
    ['geodist s a b', WRONG_TYPE],
    ['type g', '+zset'],
  ]);
});

test('searches', async (t) => {
  const near = 'fromlonlat 15 37 byradius 200 km';
  runTable(t, [
    [ADD, 2],
    [`geosearch g ${near}`, ['palermo', 'catania']],
    [`geosearch g ${near} asc`, ['catania', 'palermo']],
    [`geosearch g ${near} count 1`, ['catania']],
    [`geosearch g ${near} count 1 any`, ['palermo']],
    [`geosearch g ${near} desc count 1 withdist`, [['palermo', '190.4424']]],
    [
      'geosearch g frommember palermo bybox 1 1 m withhash withcoord withdist',
      [['palermo', '0.0000', 3479099956230698, PALERMO]],
    ],
    ['geosearch g fromlonlat 15 37 bybox 400 400 km asc', ['catania', 'palermo']],
    ['georadius g 15 37 100 km withdist', [['catania', '56.4413']]],
    ['georadius_ro g 15 37 100 km', ['catania']],
    ['georadiusbymember g palermo 100 mi', ['palermo']],
    ['georadiusbymember_ro g palermo 200 km', ['palermo', 'catania']],
    ['geosearch none fromlonlat 1 1 byradius 1 m', []],
    ['geosearch none frommember x byradius 1 m', []],
    [`geosearchstore t g ${near}`, 2],
    ['zrange t 0 -1 withscores', ['palermo', '3479099956230698', 'catania', '3479447370796909']],
    ['expire t 100', 1],
    [`geosearchstore t g ${near} count 1 storedist`, 1],
    ['zrange t 0 -1', ['catania']],
    ['ttl t', -1],
    ['georadius g 15 37 200 km store t', 2],
    ['georadiusbymember g palermo 1 km storedist t', 1],
    ['zrange t 0 -1 withscores', ['palermo', '0']],
    ['georadius none 15 37 200 km store t', 0],
    ['exists t', 0],
    ['geosearchstore g g frommember palermo byradius 1 m', 1],
    ['zcard g', 1],
  ]);
});

test('what searches refuse', async (t) => {
  const near = 'fromlonlat 15 37 byradius 200 km';
  const conflict = 'is not compatible with WITHDIST, WITHHASH and WITHCOORD options';
  runTable(t, [
    [ADD, 2],
    ['set s x', '+OK'],
    ['geosearch s fromlonlat 1 1', "-ERR wrong number of arguments for 'geosearch' command"],
    ['geosearch s fromlonlat x 1 byradius 1 m', WRONG_TYPE],
    ['geosearch g fromlonlat x 1 byradius 1 m', NOT_FLOAT],
    ['geosearch g frommember none byradius 1 m', '-ERR could not decode requested zset member'],
    ['geosearch g frommember palermo fromlonlat 1 1 byradius 1 m', SYNTAX],
    [
      'geosearch g byradius 1 m asc withdist',
      '-ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for geosearch',
    ],
    [
      'geosearch g fromlonlat 1 1 asc desc',
      '-ERR exactly one of BYRADIUS and BYBOX can be specified for geosearch',
    ],
    ['geosearch g fromlonlat 1 1 byradius x m', '-ERR need numeric radius'],
    ['geosearch g fromlonlat 1 1 byradius -1 m', '-ERR radius cannot be negative'],
    ['geosearch g fromlonlat 1 1 byradius 1 yd', UNIT],
    ['geosearch g fromlonlat 1 1 bybox x 1 m', '-ERR need numeric width'],
    ['geosearch g fromlonlat 1 1 bybox 1 x m', '-ERR need numeric height'],
    ['geosearch g fromlonlat 1 1 bybox 1 -1 m', '-ERR height or width cannot be negative'],
    [`geosearch g ${near} count 0`, '-ERR COUNT must be > 0'],
    [`geosearch g ${near} count x`, '-ERR value is not an integer or out of range'],
    [`geosearch g ${near} any`, '-ERR the ANY argument requires COUNT argument'],
    [`geosearch g ${near} storedist`, SYNTAX],
    [`geosearch g ${near} store t`, SYNTAX],
    [`geosearchstore t g ${near} withdist`, `-ERR GEOSEARCHSTORE ${conflict}`],
    ['georadius g 1 1 1 km withdist store t', `-ERR STORE option in GEORADIUS ${conflict}`],
    ['georadius_ro g 1 1 1 km store t', SYNTAX],
    ['georadius g 1 1 1 km store', SYNTAX],
    ['georadius g 1 1 1 km store t store u', SYNTAX],
    ['georadiusbymember g none 1 km', '-ERR could not decode requested zset member'],
    ['georadiusbymember none x y z', []],
    ['exists t', 0],
  ]);
});

test('in RESP3 positions are doubles, distances are not', async (t) => {
  const db = createTestDatabase();
  db.resp3 = true;
  db.run(...ADD.split(' '));
  const reply = db.reply('geopos', 'g', 'palermo', 'none');
  t.ok(reply.kind === 'array');
  const [first, missing] = reply.kind === 'array' ? reply.items : [];
  const kinds = first?.kind === 'array' ? first.items.map(({ kind }) => kind) : [];
  t.same(kinds, ['double', 'double']);
  t.equal(missing?.kind, 'null');
  t.same(db.run('geopos', 'g', 'palermo'), [PALERMO]);
  t.equal(db.reply('geodist', 'g', 'palermo', 'catania').kind, 'bulk');
});
