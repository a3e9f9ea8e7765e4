// Syntax to the arguments of COMMAND DOCS, for the shapes that clients show hints from.
import { test } from 'tap';
import { parseArguments } from '../src/argument-syntax.ts';
import { parseKeySpec } from '../src/key-spec.ts';

const oneKey = [parseKeySpec('1 RW access')];

test('values know their type', (t) => {
  t.strictSame(parseArguments('key a:int b:float c:time d:pattern ip:port', oneKey), [
    { name: 'key', type: 'key', keySpecIndex: 0 },
    { name: 'a', type: 'integer' },
    { name: 'b', type: 'double' },
    { name: 'c', type: 'unix-time' },
    { name: 'd', type: 'pattern' },
    { name: 'ip:port', type: 'string' },
  ]);
  t.strictSame(parseArguments('key', []), [{ name: 'key', type: 'string' }]);
  t.end();
});

test('a token owns the required values behind it', (t) => {
  t.strictSame(parseArguments('[GET] [EX seconds:int]', []), [
    { name: 'get', type: 'pure-token', token: 'GET', optional: true },
    { name: 'seconds', type: 'integer', token: 'EX', optional: true },
  ]);
  t.strictSame(parseArguments('LIMIT offset:int count:int [*]', []), [
    {
      name: 'offset_count',
      type: 'block',
      arguments: [
        { name: 'offset', type: 'integer' },
        { name: 'count', type: 'integer' },
      ],
      token: 'LIMIT',
    },
    { name: 'auto-id', type: 'pure-token', token: '*', optional: true },
  ]);
  t.strictSame(parseArguments('TYPE <A|B>', []), [
    {
      name: 'a_b',
      type: 'oneof',
      arguments: [
        { name: 'a', type: 'pure-token', token: 'A' },
        { name: 'b', type: 'pure-token', token: 'B' },
      ],
      token: 'TYPE',
    },
  ]);
  t.end();
});

test('repetitions', (t) => {
  t.strictSame(parseArguments('key [member [member ...]]', oneKey), [
    { name: 'key', type: 'key', keySpecIndex: 0 },
    { name: 'member', type: 'string', multiple: true, optional: true },
  ]);
  t.strictSame(parseArguments('[GET p [GET p ...]]', []), [
    {
      name: 'p',
      type: 'string',
      token: 'GET',
      multiple: true,
      multipleToken: true,
      optional: true,
    },
  ]);
  t.strictSame(parseArguments('[ID id [id ...]]', []), [
    { name: 'id', type: 'string', multiple: true, token: 'ID', optional: true },
  ]);
  t.match(parseArguments('score:float member [score:float member ...]', []), [
    { name: 'score_member', type: 'block', multiple: true },
  ]);
  t.end();
});

test('keys are numbered in the order of the key specs, the last one for all that remain', (t) => {
  const indexesOf = (syntax: string, keys: readonly string[]) =>
    parseArguments(
      syntax,
      keys.map((key) => parseKeySpec(key)),
    ).map(({ keySpecIndex }) => keySpecIndex);
  t.strictSame(indexesOf('destination key [key ...]', ['1 OW', '2..-1 RO']), [0, 1]);
  t.strictSame(indexesOf('key1 key2', ['1..2 RO']), [0, 0]);
  const sort = ['1 RO', '? RO', '? OW'];
  t.strictSame(indexesOf('key [BY pattern:pattern] [STORE destination]', sort), [0, 1, 2]);
  t.end();
});

test('a group of many members gets a short name', (t) => {
  t.match(parseArguments('<A|B|C|D|E>', []), [{ name: 'options', type: 'oneof' }]);
  t.end();
});
