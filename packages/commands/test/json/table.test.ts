// Every JSON command, by tables: document, command, reply, and what the document is afterwards.
// Each row runs four times: as a packed and as a large document, in RESP2 and, with its own reply
// where that differs, in RESP3. Replies are those of RedisJSON 2.

import { test } from 'tap';
import { createTestDatabase, type Plain } from '../harness.ts';

/** Command with its arguments, `k` being the key; reply; document afterwards, none: unchanged. */
type Row = readonly [command: readonly string[], reply: Plain, after?: string | null];

interface Table {
  readonly name: string;
  readonly document: string | null;
  readonly rows: readonly Row[];
  /** In RESP3. */
  readonly resp3?: readonly Row[];
}

const NO_KEY = "-ERR could not perform this operation on a key that doesn't exist";
const DOC = '{"a":1,"b":[1,2.5,"x"],"c":{"d":true,"e":null},"s":"text","f":1.5}';
const noPath = (path: string, or = ''): string => `-ERR Path '${path}' does not exist${or}`;
const wrong = (expected: string, found: string): string =>
  `-WRONGTYPE wrong type of path value - expected ${expected} but found ${found}`;
const arity = (name: string): string => `-ERR wrong number of arguments for '${name}' command`;

const TABLES: readonly Table[] = [
  {
    name: 'SET without a key',
    document: null,
    rows: [
      [['JSON.SET', 'k', '$', '1'], '+OK', '1'],
      [['JSON.SET', 'k', '.', '"a"'], '+OK', '"a"'],
      [['JSON.SET', 'k', '$', ' [ 1 , { "a" : null } ] '], '+OK', '[1,{"a":null}]'],
      [['JSON.SET', 'k', '$', '{"b":1,"a":2,"b":3}'], '+OK', '{"b":3,"a":2}'],
      [['JSON.SET', 'k', '$', '1', 'NX'], '+OK', '1'],
      [['JSON.SET', 'k', '$', '1', 'XX'], null, null],
      [['JSON.SET', 'k', '$', '1', 'FORMAT', 'JSON'], '+OK', '1'],
      [['JSON.SET', 'k', '$.a', '1'], '-ERR new objects must be created at the root', null],
      [['JSON.SET', 'k', 'a', '1'], '-ERR new objects must be created at the root', null],
      [['JSON.SET', 'k', '$.a', '1', 'XX'], null, null],
      [['JSON.SET', 'k', '$', 'foo'], '-expected ident at line 1 column 2', null],
      [['JSON.SET', 'k', '$', ''], '-EOF while parsing a value at line 1 column 0', null],
      [['JSON.SET', 'k', '$', '{'], '-EOF while parsing an object at line 1 column 1', null],
      [['JSON.SET', 'k', '$', '[1,]'], '-trailing comma at line 1 column 4', null],
      [['JSON.SET', 'k', '$', '1', 'NX', 'XX'], '-ERR syntax error', null],
      [['JSON.SET', 'k', '$', '1', 'YY'], '-ERR syntax error', null],
      [['JSON.SET', 'k', '$'], arity('json.set'), null],
      [['JSON.SET', 'k', '$', '12345678901234567890123'], '+OK', '12345678901234567890123'],
      [['JSON.SET', 'k', '$', '1.0'], '+OK', '1.0'],
      [['JSON.SET', 'k', '$', '1e400'], '-number out of range at line 1 column 5', null],
    ],
  },
  {
    name: 'SET',
    document: DOC,
    rows: [
      [['JSON.SET', 'k', '$', '2'], '+OK', '2'],
      [['JSON.SET', 'k', '.', '[]'], '+OK', '[]'],
      [['JSON.SET', 'k', '$', '2', 'NX'], null],
      [['JSON.SET', 'k', '$', '2', 'XX'], '+OK', '2'],
      [['JSON.SET', 'k', '$.a', '2'], '+OK', DOC.replace('"a":1', '"a":2')],
      [['JSON.SET', 'k', '.a', '2'], '+OK', DOC.replace('"a":1', '"a":2')],
      [['JSON.SET', 'k', 'a', '2'], '+OK', DOC.replace('"a":1', '"a":2')],
      [['JSON.SET', 'k', '["a"]', '2'], '+OK', DOC.replace('"a":1', '"a":2')],
      [['JSON.SET', 'k', '$.a', '2', 'nx'], null],
      [['JSON.SET', 'k', '$.a', '2', 'xx'], '+OK', DOC.replace('"a":1', '"a":2')],
      [['JSON.SET', 'k', '$.new', '{"x":1}'], '+OK', `${DOC.slice(0, -1)},"new":{"x":1}}`],
      [['JSON.SET', 'k', '$.new', '1', 'NX'], '+OK', `${DOC.slice(0, -1)},"new":1}`],
      [['JSON.SET', 'k', '$.new', '1', 'XX'], null],
      [['JSON.SET', 'k', '$.c.new', '1'], '+OK', DOC.replace('null}', 'null,"new":1}')],
      [['JSON.SET', 'k', '$.x.new', '1'], null],
      [['JSON.SET', 'k', '$.a.new', '1'], null],
      [['JSON.SET', 'k', '$.b[0]', '"y"'], '+OK', DOC.replace('[1,', '["y",')],
      [['JSON.SET', 'k', '$.b[-1]', '0'], '+OK', DOC.replace('"x"', '0')],
      [['JSON.SET', 'k', '$.b[3]', '0'], '-ERR array index out of range'],
      [['JSON.SET', 'k', '$.b[0]', '0', 'NX'], null],
      [['JSON.SET', 'k', '$.b[*]', '0'], '+OK', DOC.replace('[1,2.5,"x"]', '[0,0,0]')],
      [['JSON.SET', 'k', '$..d', '[1]'], '+OK', DOC.replace('true', '[1]')],
      [['JSON.SET', 'k', '$..nope', '1'], '-ERR wrong static path'],
      [['JSON.SET', 'k', '$.*', '1', 'NX'], '-ERR wrong static path'],
      [
        ['JSON.SET', 'k', '$.*', '{"z":1}'],
        '+OK',
        '{"a":{"z":1},"b":{"z":1},"c":{"z":1},"s":{"z":1},"f":{"z":1}}',
      ],
      [['JSON.SET', 'k', '$.b[?(@=="x")]', '7'], '+OK', DOC.replace('"x"', '7')],
      [['JSON.SET', 'k', '$.a', 'nope'], '-expected ident at line 1 column 2'],
      [['JSON.SET', 'k', '$.a', '1', 'x'], '-ERR syntax error'],
    ],
  },
  {
    name: 'GET',
    document: DOC,
    rows: [
      [['JSON.GET', 'k'], DOC],
      [['JSON.GET', 'k', '.'], DOC],
      [['JSON.GET', 'k', '$'], `[${DOC}]`],
      [['JSON.GET', 'k', '$.a'], '[1]'],
      [['JSON.GET', 'k', '.a'], '1'],
      [['JSON.GET', 'k', 'a'], '1'],
      [['JSON.GET', 'k', 'b[1]'], '2.5'],
      [['JSON.GET', 'k', '.b[-1]'], '"x"'],
      [['JSON.GET', 'k', '$.b[*]'], '[1,2.5,"x"]'],
      [['JSON.GET', 'k', '$..e'], '[null]'],
      [['JSON.GET', 'k', '$.nope'], '[]'],
      [['JSON.GET', 'k', '.nope'], noPath('$.nope')],
      [['JSON.GET', 'k', 'nope'], noPath('$.nope')],
      [['JSON.GET', 'k', '$.a', '$.s'], '{"$.a":[1],"$.s":["text"]}'],
      [['JSON.GET', 'k', '.a', '.s'], '{".a":1,".s":"text"}'],
      [['JSON.GET', 'k', '.a', '$.s'], '{".a":[1],"$.s":["text"]}'],
      [['JSON.GET', 'k', '.a', '.nope'], noPath('.nope')],
      [['JSON.GET', 'k', '$.a', '$.nope'], '{"$.a":[1],"$.nope":[]}'],
      [['JSON.GET', 'k', 'NOESCAPE', '.a'], '1'],
      [
        ['JSON.GET', 'k', 'INDENT', '\t', 'NEWLINE', '\n', 'SPACE', ' ', '$.c'],
        '[\n\t{\n\t\t"d": true,\n\t\t"e": null\n\t}\n]',
      ],
      [['JSON.GET', 'k', 'INDENT', ' ', '.b'], '[ 1, 2.5, "x"]'],
      [['JSON.GET', 'k', 'SPACE', ' ', '.c'], '{"d": true,"e": null}'],
      [['JSON.GET', 'k', 'INDENT'], '-ERR syntax error'],
      [['JSON.GET', 'k', '$['], '-Error occurred on position 2, "$[ <<<<----", parsing error.'],
      [
        ['JSON.GET', 'k', 'FORMAT', 'STRING', '$.a'],
        '-ERR FORMAT argument is not supported on RESP2',
      ],
      [['JSON.GET', 'none'], null],
      [['JSON.GET', 'none', '$.a'], null],
      [['JSON.GET'], arity('json.get')],
    ],
    resp3: [
      [['JSON.GET', 'k', '$.a'], '[1]'],
      [['JSON.GET', 'k', 'FORMAT', 'STRING', '$.a'], '[1]'],
      [
        ['JSON.GET', 'k', 'FORMAT', 'EXPAND', '$.a', '$.c'],
        [
          [1],
          [
            new Map<Plain, Plain>([
              ['d', true],
              ['e', null],
            ]),
          ],
        ],
      ],
      [
        ['JSON.GET', 'k', 'FORMAT', 'EXPAND1', '$.c', '$.f'],
        [['{"d":true,"e":null}'], ['1.5']],
      ],
      [['JSON.GET', 'k', 'FORMAT', 'NOPE', '$.c'], '-ERR wrong reply format'],
      [['JSON.GET', 'none'], null],
    ],
  },
  {
    name: 'MGET',
    document: DOC,
    rows: [
      [['JSON.MGET', 'k', '$.a'], ['[1]']],
      [
        ['JSON.MGET', 'k', 'none', 'k', '.s'],
        ['"text"', null, '"text"'],
      ],
      [
        ['JSON.MGET', 'k', 'string', '$..d'],
        ['[true]', null],
      ],
      [['JSON.MGET', 'k', '.nope'], [null]],
      [['JSON.MGET', 'k', '$.nope'], ['[]']],
      [['JSON.MGET', 'k', '$['], [null]],
      [['JSON.MGET', 'k'], arity('json.mget')],
    ],
  },
  {
    name: 'MSET',
    document: DOC,
    rows: [
      [['JSON.MSET', 'k', '$', '1', 'o', '$', '2'], '+OK', '1'],
      [
        ['JSON.MSET', 'k', '$.a', '2', 'k', '$.s', '3'],
        '+OK',
        DOC.replace('"a":1', '"a":2').replace('"text"', '3'),
      ],
      [['JSON.MSET', 'k', '$', '{}', 'k', '$.x', '3'], '+OK', '{"x":3}'],
      [['JSON.MSET', 'k', '$.x.y', '1', 'k', '$.a', '3'], null, DOC.replace('"a":1', '"a":3')],
      [
        ['JSON.MSET', 'k', '$.a', '2', 'none', '$.a', '3'],
        '-ERR new objects must be created at the root',
      ],
      [['JSON.MSET', 'k', '$.a', '2', 'string', '$', '3'], '-Existing key has wrong Redis type'],
      [['JSON.MSET', 'k', '$.a', '2', 'o', '$', 'x'], '-expected value at line 1 column 1'],
      [['JSON.MSET', 'k', '$.a'], arity('json.mset')],
      [['JSON.MSET', 'k', '$.a', '1', 'k'], arity('json.mset')],
      [['JSON.MSET', 'k', '$..nope', '1'], '-ERR wrong static path'],
    ],
  },
  {
    name: 'MERGE',
    document: DOC,
    rows: [
      [
        ['JSON.MERGE', 'k', '$', '{"a":null,"n":1}'],
        '+OK',
        `${DOC.replace('"a":1,', '').slice(0, -1)},"n":1}`,
      ],
      [
        ['JSON.MERGE', 'k', '.', '{"c":{"d":null,"g":{"h":null,"i":1}}}'],
        '+OK',
        DOC.replace('{"d":true,"e":null}', '{"e":null,"g":{"i":1}}'),
      ],
      [['JSON.MERGE', 'k', '$.c', '{"e":1}'], '+OK', DOC.replace('"e":null', '"e":1')],
      [['JSON.MERGE', 'k', '$.c', '[1]'], '+OK', DOC.replace('{"d":true,"e":null}', '[1]')],
      [['JSON.MERGE', 'k', '$.a', '{"x":null,"y":1}'], '+OK', DOC.replace('"a":1', '"a":{"y":1}')],
      [['JSON.MERGE', 'k', '$.new', '{"x":1}'], '+OK', `${DOC.slice(0, -1)},"new":{"x":1}}`],
      [['JSON.MERGE', 'k', '$.x.y', '1'], null],
      [['JSON.MERGE', 'k', '$', '7'], '+OK', '7'],
      [['JSON.MERGE', 'k', '$..nope', '1'], '-ERR wrong static path'],
      [['JSON.MERGE', 'k', '$', '{'], '-EOF while parsing an object at line 1 column 1'],
      [['JSON.MERGE', 'k', '$', '{}', 'x'], '-ERR syntax error'],
      [['JSON.MERGE', 'none', '$', '{"a":null}'], '+OK'],
      [['JSON.MERGE', 'none', '$.a', '1'], '-ERR new objects must be created at the root'],
      [['JSON.MERGE', 'string', '$', '1'], '-Existing key has wrong Redis type'],
    ],
  },
  ...(['JSON.DEL', 'JSON.FORGET'] as const).map((name) => ({
    name,
    document: DOC,
    rows: [
      [[name, 'k'], 1, null],
      [[name, 'k', '$'], 1, null],
      [[name, 'k', '.'], 1, null],
      [[name, 'k', '$.a'], 1, DOC.replace('"a":1,', '')],
      [[name, 'k', 'a'], 1, DOC.replace('"a":1,', '')],
      [[name, 'k', '$.f'], 1, DOC.replace(',"f":1.5', '')],
      [[name, 'k', '$.b[0]'], 1, DOC.replace('[1,', '[')],
      [[name, 'k', '$.b[*]'], 3, DOC.replace('[1,2.5,"x"]', '[]')],
      [[name, 'k', '$.b[0,0,2]'], 2, DOC.replace('[1,2.5,"x"]', '[2.5]')],
      [[name, 'k', '$.*'], 5, null],
      [[name, 'k', '$..*'], 5, null],
      [[name, 'k', '$..d'], 1, DOC.replace('"d":true,', '')],
      [[name, 'k', "$['c','a']"], 2, '{"b":[1,2.5,"x"],"s":"text","f":1.5}'],
      [[name, 'k', '$.nope'], 0],
      [[name, 'k', '.nope'], 0],
      [[name, 'none', '$.a'], 0],
      [[name, 'string'], '-Existing key has wrong Redis type'],
      [[name, 'k', '$.a', 'x'], arity('json.del')],
    ] as readonly Row[],
  })),
  {
    name: 'TYPE',
    document: '{"n":null,"b":true,"i":1,"d":1.0,"s":"x","a":[],"o":{}}',
    rows: [
      [['JSON.TYPE', 'k'], 'object'],
      [['JSON.TYPE', 'k', '$'], ['object']],
      [
        ['JSON.TYPE', 'k', '$.*'],
        ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'],
      ],
      [['JSON.TYPE', 'k', '.i'], 'integer'],
      [['JSON.TYPE', 'k', 'd'], 'number'],
      [['JSON.TYPE', 'k', '$.nope'], []],
      [['JSON.TYPE', 'k', '.nope'], null],
      [['JSON.TYPE', 'none'], null],
      [['JSON.TYPE', 'none', '$'], null],
      [['JSON.TYPE', 'string'], '-Existing key has wrong Redis type'],
      [['JSON.TYPE'], arity('json.type')],
    ],
    resp3: [
      [['JSON.TYPE', 'k'], ['object']],
      [['JSON.TYPE', 'k', '$.i'], [['integer']]],
      [['JSON.TYPE', 'none', '$'], [null]],
    ],
  },
  {
    name: 'NUMINCRBY',
    document:
      '{"i":10,"d":1.5,"s":"x","a":[1,{"i":2}],"z":9007199254740993,"m":9223372036854775807}',
    rows: [
      [
        ['JSON.NUMINCRBY', 'k', '$.i', '2'],
        '[12]',
        '{"i":12,"d":1.5,"s":"x","a":[1,{"i":2}],"z":9007199254740993,"m":9223372036854775807}',
      ],
      [
        ['JSON.NUMINCRBY', 'k', '.i', '-2'],
        '8',
        '{"i":8,"d":1.5,"s":"x","a":[1,{"i":2}],"z":9007199254740993,"m":9223372036854775807}',
      ],
      [
        ['JSON.NUMINCRBY', 'k', '.i', '0.5'],
        '10.5',
        '{"i":10.5,"d":1.5,"s":"x","a":[1,{"i":2}],"z":9007199254740993,"m":9223372036854775807}',
      ],
      [
        ['JSON.NUMINCRBY', 'k', '.d', '0.5'],
        '2.0',
        '{"i":10,"d":2.0,"s":"x","a":[1,{"i":2}],"z":9007199254740993,"m":9223372036854775807}',
      ],
      [
        ['JSON.NUMINCRBY', 'k', '$..i', '1'],
        '[11,3]',
        '{"i":11,"d":1.5,"s":"x","a":[1,{"i":3}],"z":9007199254740993,"m":9223372036854775807}',
      ],
      [
        ['JSON.NUMINCRBY', 'k', '$.z', '1'],
        '[9007199254740994]',
        '{"i":10,"d":1.5,"s":"x","a":[1,{"i":2}],"z":9007199254740994,"m":9223372036854775807}',
      ],
      [
        ['JSON.NUMINCRBY', 'k', '$["i","i"]', '1'],
        '[11,12]',
        '{"i":12,"d":1.5,"s":"x","a":[1,{"i":2}],"z":9007199254740993,"m":9223372036854775807}',
      ],
      [['JSON.NUMINCRBY', 'k', '$.m', '1'], '-ERR numeric overflow'],
      [['JSON.NUMINCRBY', 'k', '$["i","m"]', '1'], '-ERR numeric overflow'],
      [['JSON.NUMINCRBY', 'k', '$.s', '1'], '[null]'],
      [['JSON.NUMINCRBY', 'k', '$.a', '1'], '[null]'],
      [['JSON.NUMINCRBY', 'k', '.s', '1'], noPath('$.s', ' or does not contains a number')],
      [['JSON.NUMINCRBY', 'k', '$.nope', '1'], '[]'],
      [['JSON.NUMINCRBY', 'k', '.nope', '1'], noPath('$.nope', ' or does not contains a number')],
      [['JSON.NUMINCRBY', 'k', '$.i', 'x'], '-expected value at line 1 column 1'],
      [['JSON.NUMINCRBY', 'k', '$.i', '"1"'], '-ERR bad input number'],
      [
        ['JSON.NUMINCRBY', 'k', '$.d', '1e308'],
        '[1e308]',
        '{"i":10,"d":1e308,"s":"x","a":[1,{"i":2}],"z":9007199254740993,"m":9223372036854775807}',
      ],
      [['JSON.NUMINCRBY', 'none', '$.i', '1'], NO_KEY],
      [['JSON.NUMINCRBY', 'string', '$.i', '1'], '-Existing key has wrong Redis type'],
      [['JSON.NUMINCRBY', 'k', '$.i'], arity('json.numincrby')],
    ],
    resp3: [
      [
        ['JSON.NUMINCRBY', 'k', '$["i","s","d"]', '0'],
        [10, null, '1.5'],
      ],
      [['JSON.NUMINCRBY', 'k', '.i', '0'], [10]],
      [['JSON.NUMINCRBY', 'k', '.m', '0'], [9223372036854775807n]],
    ],
  },
  {
    name: 'NUMMULTBY and NUMPOWBY',
    document: '{"i":3,"d":1.5,"n":-2}',
    rows: [
      [['JSON.NUMMULTBY', 'k', '$.i', '4'], '[12]', '{"i":12,"d":1.5,"n":-2}'],
      [['JSON.NUMMULTBY', 'k', '.d', '2'], '3.0', '{"i":3,"d":3.0,"n":-2}'],
      [['JSON.NUMMULTBY', 'k', '.i', '0.5'], '1.5', '{"i":1.5,"d":1.5,"n":-2}'],
      [['JSON.NUMMULTBY', 'k', '$.i', '9223372036854775807'], '-ERR numeric overflow'],
      [['JSON.NUMMULTBY', 'k', '$.d', '1e308', 'x'], arity('json.nummultby')],
      [['JSON.NUMMULTBY', 'none', '$.i', '4'], NO_KEY],
      [['JSON.NUMPOWBY', 'k', '$.i', '4'], '[81]', '{"i":81,"d":1.5,"n":-2}'],
      [['JSON.NUMPOWBY', 'k', '.i', '0'], '1', '{"i":1,"d":1.5,"n":-2}'],
      [['JSON.NUMPOWBY', 'k', '.d', '2'], '2.25', '{"i":3,"d":2.25,"n":-2}'],
      [['JSON.NUMPOWBY', 'k', '.n', '3'], '-8', '{"i":3,"d":1.5,"n":-8}'],
      [['JSON.NUMPOWBY', 'k', '.n', '-1'], '-0.5', '{"i":3,"d":1.5,"n":-0.5}'],
      [['JSON.NUMPOWBY', 'k', '.i', '100'], '-ERR numeric overflow'],
      [['JSON.NUMPOWBY', 'k', '.n', '0.5'], '-ERR result is not a number'],
      [['JSON.NUMPOWBY', 'k', '.d', '100000'], '-ERR result is not a number'],
      [['JSON.NUMPOWBY', 'none', '$.i', '4'], NO_KEY],
    ],
  },
  {
    name: 'STRAPPEND and STRLEN',
    document: '{"s":"é","a":{"s":"xy"},"n":1}',
    rows: [
      [['JSON.STRAPPEND', 'k', '$.s', '"b"'], [3], '{"s":"éb","a":{"s":"xy"},"n":1}'],
      [['JSON.STRAPPEND', 'k', '.s', '"b"'], 3, '{"s":"éb","a":{"s":"xy"},"n":1}'],
      [['JSON.STRAPPEND', 'k', '$..s', '"\\n"'], [3, 3], '{"s":"é\\n","a":{"s":"xy\\n"},"n":1}'],
      [['JSON.STRAPPEND', 'k', '$.n', '"b"'], [null]],
      [['JSON.STRAPPEND', 'k', '.n', '"b"'], noPath('$.n', ' or not a string')],
      [['JSON.STRAPPEND', 'k', '.nope', '"b"'], noPath('$.nope', ' or not a string')],
      [['JSON.STRAPPEND', 'k', '$.nope', '"b"'], []],
      [['JSON.STRAPPEND', 'k', '"b"'], noPath('$', ' or not a string')],
      [['JSON.STRAPPEND', 'k', '.s', '1'], wrong('string', '1')],
      [['JSON.STRAPPEND', 'k', '.s', 'b'], '-expected value at line 1 column 1'],
      [['JSON.STRAPPEND', 'none', '.s', '"b"'], NO_KEY],
      [['JSON.STRAPPEND', 'k', '.s', '"b"', 'x'], arity('json.strappend')],
      [['JSON.STRLEN', 'k', '$.s'], [2]],
      [['JSON.STRLEN', 'k', '.s'], 2],
      [
        ['JSON.STRLEN', 'k', '$..s'],
        [2, 2],
      ],
      [
        ['JSON.STRLEN', 'k', '$.*'],
        [2, null, null],
      ],
      [['JSON.STRLEN', 'k', '.n'], wrong('string', 'integer')],
      [['JSON.STRLEN', 'k'], wrong('string', 'object')],
      [['JSON.STRLEN', 'k', '.nope'], noPath('$.nope')],
      [['JSON.STRLEN', 'none'], null],
      [['JSON.STRLEN', 'none', '$.s'], NO_KEY],
      [['JSON.STRLEN', 'string'], '-Existing key has wrong Redis type'],
    ],
  },
  {
    name: 'TOGGLE',
    document: '{"t":true,"f":false,"n":1,"a":[true]}',
    rows: [
      [['JSON.TOGGLE', 'k', '$.t'], [0], '{"t":false,"f":false,"n":1,"a":[true]}'],
      [['JSON.TOGGLE', 'k', '.t'], 'false', '{"t":false,"f":false,"n":1,"a":[true]}'],
      [['JSON.TOGGLE', 'k', '.f'], 'true', '{"t":true,"f":true,"n":1,"a":[true]}'],
      [['JSON.TOGGLE', 'k', '$.*'], [0, 1, null, null], '{"t":false,"f":true,"n":1,"a":[true]}'],
      [['JSON.TOGGLE', 'k', '$.a[*]'], [0], '{"t":true,"f":false,"n":1,"a":[false]}'],
      [['JSON.TOGGLE', 'k', '$.n'], [null]],
      [['JSON.TOGGLE', 'k', '.n'], noPath('$.n', ' or not a bool')],
      [['JSON.TOGGLE', 'k', '$.nope'], []],
      [['JSON.TOGGLE', 'none', '$.t'], NO_KEY],
      [['JSON.TOGGLE', 'k'], arity('json.toggle')],
    ],
  },
  {
    name: 'CLEAR',
    document: '{"a":[1,[2]],"o":{"x":1},"n":5,"d":0.5,"z":0,"s":"x","b":true,"e":[]}',
    rows: [
      [['JSON.CLEAR', 'k'], 1, '{}'],
      [['JSON.CLEAR', 'k', '$'], 1, '{}'],
      [['JSON.CLEAR', 'k', '$.*'], 4, '{"a":[],"o":{},"n":0,"d":0,"z":0,"s":"x","b":true,"e":[]}'],
      [
        ['JSON.CLEAR', 'k', '.n'],
        1,
        '{"a":[1,[2]],"o":{"x":1},"n":0,"d":0.5,"z":0,"s":"x","b":true,"e":[]}',
      ],
      [
        ['JSON.CLEAR', 'k', '$.a[1]'],
        1,
        '{"a":[1,[]],"o":{"x":1},"n":5,"d":0.5,"z":0,"s":"x","b":true,"e":[]}',
      ],
      [['JSON.CLEAR', 'k', '$..*'], 4, '{"a":[],"o":{},"n":0,"d":0,"z":0,"s":"x","b":true,"e":[]}'],
      [['JSON.CLEAR', 'k', '$.s'], 0],
      [['JSON.CLEAR', 'k', '$.e'], 0],
      [['JSON.CLEAR', 'k', '$.nope'], 0],
      [['JSON.CLEAR', 'none'], NO_KEY],
      [['JSON.CLEAR', 'k', '$', 'x'], arity('json.clear')],
    ],
  },
  {
    name: 'ARRAPPEND, ARRINSERT, ARRLEN',
    document: '{"a":[1,2],"b":{"a":[]},"n":1}',
    rows: [
      [['JSON.ARRAPPEND', 'k', '$.a', '3'], [3], '{"a":[1,2,3],"b":{"a":[]},"n":1}'],
      [['JSON.ARRAPPEND', 'k', '.a', '3', '[4]'], 4, '{"a":[1,2,3,[4]],"b":{"a":[]},"n":1}'],
      [
        ['JSON.ARRAPPEND', 'k', '$..a', '{"x":1}'],
        [3, 1],
        '{"a":[1,2,{"x":1}],"b":{"a":[{"x":1}]},"n":1}',
      ],
      [['JSON.ARRAPPEND', 'k', '$.n', '3'], [null]],
      [['JSON.ARRAPPEND', 'k', '.n', '3'], noPath('$.n', ' or not an array')],
      [['JSON.ARRAPPEND', 'k', '$.nope', '3'], []],
      [['JSON.ARRAPPEND', 'k', '.nope', '3'], noPath('$.nope', ' or not an array')],
      [['JSON.ARRAPPEND', 'k', '.a', '3', 'x'], '-expected value at line 1 column 1'],
      [['JSON.ARRAPPEND', 'k', '.a'], arity('json.arrappend')],
      [['JSON.ARRAPPEND', 'none', '.a', '1'], NO_KEY],
      [['JSON.ARRAPPEND', 'string', '.a', '1'], '-Existing key has wrong Redis type'],
      [['JSON.ARRINSERT', 'k', '$.a', '0', '0'], [3], '{"a":[0,1,2],"b":{"a":[]},"n":1}'],
      [
        ['JSON.ARRINSERT', 'k', '.a', '1', '"x"', '"y"'],
        4,
        '{"a":[1,"x","y",2],"b":{"a":[]},"n":1}',
      ],
      [['JSON.ARRINSERT', 'k', '.a', '-1', '0'], 3, '{"a":[1,0,2],"b":{"a":[]},"n":1}'],
      [['JSON.ARRINSERT', 'k', '.a', '2', '0'], 3, '{"a":[1,2,0],"b":{"a":[]},"n":1}'],
      [['JSON.ARRINSERT', 'k', '.a', '3', '0'], '-ERR index out of bounds'],
      [['JSON.ARRINSERT', 'k', '.a', '-3', '0'], '-ERR index out of bounds'],
      [['JSON.ARRINSERT', 'k', '$..a', '1', '0'], '-ERR index out of bounds'],
      [['JSON.ARRINSERT', 'k', '$..a', '0', '0'], [3, 1], '{"a":[0,1,2],"b":{"a":[0]},"n":1}'],
      [['JSON.ARRINSERT', 'k', '$.n', '0', '0'], [null]],
      [['JSON.ARRINSERT', 'k', '.n', '0', '0'], noPath('$.n', ' or not an array')],
      [['JSON.ARRINSERT', 'k', '.a', 'x', '0'], '-ERR value is not an integer or out of range'],
      [['JSON.ARRINSERT', 'k', '.a', '0'], arity('json.arrinsert')],
      [['JSON.ARRINSERT', 'none', '.a', '0', '1'], NO_KEY],
      [['JSON.ARRLEN', 'k', '$.a'], [2]],
      [['JSON.ARRLEN', 'k', '.a'], 2],
      [
        ['JSON.ARRLEN', 'k', '$..a'],
        [2, 0],
      ],
      [
        ['JSON.ARRLEN', 'k', '$.*'],
        [2, null, null],
      ],
      [['JSON.ARRLEN', 'k', '.n'], noPath('$.n', ' or not an array')],
      [['JSON.ARRLEN', 'k', '.nope'], noPath('$.nope')],
      [['JSON.ARRLEN', 'k', '$.nope'], []],
      [['JSON.ARRLEN', 'none'], null],
      [['JSON.ARRLEN', 'none', '$'], NO_KEY],
    ],
  },
  {
    name: 'ARRINDEX',
    document: '{"a":[1,2,"x",2,null,[1],2.0,{"y":1}],"e":[],"n":1}',
    rows: [
      [['JSON.ARRINDEX', 'k', '$.a', '2'], [1]],
      [['JSON.ARRINDEX', 'k', '.a', '2'], 1],
      [['JSON.ARRINDEX', 'k', '.a', '"x"'], 2],
      [['JSON.ARRINDEX', 'k', '.a', 'null'], 4],
      [['JSON.ARRINDEX', 'k', '.a', '2.0'], 6],
      [['JSON.ARRINDEX', 'k', '.a', '[1]'], 5],
      [['JSON.ARRINDEX', 'k', '.a', '{"y":1}'], 7],
      [['JSON.ARRINDEX', 'k', '.a', '9'], -1],
      [['JSON.ARRINDEX', 'k', '.a', '2', '2'], 3],
      [['JSON.ARRINDEX', 'k', '.a', '2', '4'], -1],
      [['JSON.ARRINDEX', 'k', '.a', '2', '0', '1'], -1],
      [['JSON.ARRINDEX', 'k', '.a', '2', '0', '2'], 1],
      [['JSON.ARRINDEX', 'k', '.a', '2', '2', '0'], 3],
      [['JSON.ARRINDEX', 'k', '.a', '2', '-6', '-1'], 3],
      [['JSON.ARRINDEX', 'k', '.a', '2', '-100'], 1],
      [['JSON.ARRINDEX', 'k', '.e', '2'], -1],
      [
        ['JSON.ARRINDEX', 'k', '$.*', '2'],
        [1, -1, null],
      ],
      [['JSON.ARRINDEX', 'k', '.n', '2'], wrong('array', 'integer')],
      [['JSON.ARRINDEX', 'k', '.nope', '2'], noPath('$.nope')],
      [['JSON.ARRINDEX', 'k', '$.nope', '2'], []],
      [['JSON.ARRINDEX', 'k', '.a', 'x'], '-expected value at line 1 column 1'],
      [['JSON.ARRINDEX', 'k', '.a', '2', 'x'], '-ERR value is not an integer or out of range'],
      [['JSON.ARRINDEX', 'none', '.a', '2'], '-ERR Path does not exist'],
      [['JSON.ARRINDEX', 'k', '.a', '2', '0', '0', '0'], arity('json.arrindex')],
    ],
  },
  {
    name: 'ARRPOP and ARRTRIM',
    document: '{"a":[1,"x",{"y":2}],"b":{"a":[]},"n":1}',
    rows: [
      [['JSON.ARRPOP', 'k', '$.a'], ['{"y":2}'], '{"a":[1,"x"],"b":{"a":[]},"n":1}'],
      [['JSON.ARRPOP', 'k', '.a'], '{"y":2}', '{"a":[1,"x"],"b":{"a":[]},"n":1}'],
      [['JSON.ARRPOP', 'k', '.a', '0'], '1', '{"a":["x",{"y":2}],"b":{"a":[]},"n":1}'],
      [['JSON.ARRPOP', 'k', '.a', '-2'], '"x"', '{"a":[1,{"y":2}],"b":{"a":[]},"n":1}'],
      [['JSON.ARRPOP', 'k', '.a', '100'], '{"y":2}', '{"a":[1,"x"],"b":{"a":[]},"n":1}'],
      [['JSON.ARRPOP', 'k', '.a', '-100'], '1', '{"a":["x",{"y":2}],"b":{"a":[]},"n":1}'],
      [['JSON.ARRPOP', 'k', '$..a', '0'], ['1', null], '{"a":["x",{"y":2}],"b":{"a":[]},"n":1}'],
      [['JSON.ARRPOP', 'k', '$.b.a'], [null]],
      [['JSON.ARRPOP', 'k', '.b.a'], null],
      [['JSON.ARRPOP', 'k', '$.n'], [null]],
      [['JSON.ARRPOP', 'k', '.n'], noPath('$.n', ' or not an array')],
      [['JSON.ARRPOP', 'k'], noPath('$', ' or not an array')],
      [['JSON.ARRPOP', 'k', '.nope'], noPath('$.nope', ' or not an array')],
      [['JSON.ARRPOP', 'k', '$.nope'], []],
      [
        ['JSON.ARRPOP', 'k', 'FORMAT', 'EXPAND', '$.a'],
        '-ERR FORMAT argument is not supported on RESP2',
      ],
      [['JSON.ARRPOP', 'none'], NO_KEY],
      [['JSON.ARRPOP', 'string'], '-Existing key has wrong Redis type'],
      [['JSON.ARRTRIM', 'k', '$.a', '1', '1'], [1], '{"a":["x"],"b":{"a":[]},"n":1}'],
      [['JSON.ARRTRIM', 'k', '.a', '0', '-2'], 2, '{"a":[1,"x"],"b":{"a":[]},"n":1}'],
      [['JSON.ARRTRIM', 'k', '.a', '-1', '100'], 1, '{"a":[{"y":2}],"b":{"a":[]},"n":1}'],
      [['JSON.ARRTRIM', 'k', '.a', '2', '1'], 0, '{"a":[],"b":{"a":[]},"n":1}'],
      [['JSON.ARRTRIM', 'k', '.a', '5', '9'], 0, '{"a":[],"b":{"a":[]},"n":1}'],
      [['JSON.ARRTRIM', 'k', '.a', '-100', '0'], 1, '{"a":[1],"b":{"a":[]},"n":1}'],
      [['JSON.ARRTRIM', 'k', '$..a', '0', '0'], [1, 0], '{"a":[1],"b":{"a":[]},"n":1}'],
      [['JSON.ARRTRIM', 'k', '$.n', '0', '0'], [null]],
      [['JSON.ARRTRIM', 'k', '.n', '0', '0'], noPath('$.n', ' or not an array')],
      [['JSON.ARRTRIM', 'k', '.a', 'x', '0'], '-ERR value is not an integer or out of range'],
      [['JSON.ARRTRIM', 'none', '.a', '0', '0'], NO_KEY],
      [['JSON.ARRTRIM', 'k', '.a', '0'], arity('json.arrtrim')],
    ],
    resp3: [
      [
        ['JSON.ARRPOP', 'k', 'FORMAT', 'EXPAND', '$.a'],
        [new Map<Plain, Plain>([['y', 2]])],
        '{"a":[1,"x"],"b":{"a":[]},"n":1}',
      ],
      [
        ['JSON.ARRPOP', 'k', 'FORMAT', 'STRINGS', '.a'],
        '{"y":2}',
        '{"a":[1,"x"],"b":{"a":[]},"n":1}',
      ],
      [
        ['JSON.ARRPOP', 'k', 'FORMAT', 'EXPAND', '.a'],
        '-Legacy paths are supported only with FORMAT STRINGS',
      ],
    ],
  },
  {
    name: 'ARRPOP of arrays within each other',
    document: '[[1,2,3],[4,5,6]]',
    rows: [
      [
        ['JSON.ARRPOP', 'k', '$..*', '-1'],
        ['3', '6', null, null, null, null, null, null],
        '[[1,2],[4,5]]',
      ],
      [['JSON.ARRTRIM', 'k', '$[*]', '0', '0'], [1, 1], '[[1],[4]]'],
      [['JSON.ARRINSERT', 'k', '$[*]', '0', '0'], [4, 4], '[[0,1,2,3],[0,4,5,6]]'],
      [['JSON.DEL', 'k', '$[0,1][1]'], 2, '[[1,3],[4,6]]'],
      [['JSON.DEL', 'k', '$[0,1]'], 2, null],
    ],
  },
  {
    name: 'OBJKEYS and OBJLEN',
    document: '{"a":{"é":1,"y":{"z":1}},"b":[{"q":1}],"n":1,"e":{}}',
    rows: [
      [
        ['JSON.OBJKEYS', 'k'],
        ['a', 'b', 'n', 'e'],
      ],
      [['JSON.OBJKEYS', 'k', '$'], [['a', 'b', 'n', 'e']]],
      [
        ['JSON.OBJKEYS', 'k', '$.*'],
        [['Ã©', 'y'], null, null, []],
      ],
      [
        ['JSON.OBJKEYS', 'k', '.a'],
        ['Ã©', 'y'],
      ],
      [['JSON.OBJKEYS', 'k', '.b[0]'], ['q']],
      [['JSON.OBJKEYS', 'k', '.n'], noPath('$.n', ' or not an object')],
      [['JSON.OBJKEYS', 'k', '.nope'], null],
      [['JSON.OBJKEYS', 'k', '$.nope'], []],
      [['JSON.OBJKEYS', 'none'], null],
      [['JSON.OBJKEYS', 'none', '$'], NO_KEY],
      [['JSON.OBJLEN', 'k'], 4],
      [['JSON.OBJLEN', 'k', '$'], [4]],
      [
        ['JSON.OBJLEN', 'k', '$.*'],
        [2, null, null, 0],
      ],
      [['JSON.OBJLEN', 'k', '.a'], 2],
      [['JSON.OBJLEN', 'k', '.n'], wrong('object', 'integer')],
      [['JSON.OBJLEN', 'k', '.nope'], null],
      [['JSON.OBJLEN', 'k', '$.nope'], []],
      [['JSON.OBJLEN', 'none'], null],
      [['JSON.OBJLEN', 'none', '$'], noPath('$', ' or not an object')],
      [['JSON.OBJLEN', 'string'], '-Existing key has wrong Redis type'],
    ],
  },
  {
    name: 'scalars as documents',
    document: '5',
    rows: [
      [['JSON.NUMINCRBY', 'k', '$', '2'], '[7]', '7'],
      [['JSON.NUMINCRBY', 'k', '.', '2'], '7', '7'],
      [['JSON.NUMMULTBY', 'k', '.', '2.5'], '12.5', '12.5'],
      [['JSON.CLEAR', 'k'], 1, '0'],
      [['JSON.GET', 'k', '$.a'], '[]'],
      [['JSON.GET', 'k', '$[0]'], '[]'],
      [['JSON.GET', 'k', '$..a'], '[]'],
      [['JSON.TYPE', 'k', '.'], 'integer'],
      [['JSON.STRLEN', 'k', '$'], [null]],
      [['JSON.SET', 'k', '$.a', '1'], null],
      [['JSON.MERGE', 'k', '$', '{"a":{"b":null}}'], '+OK', '{"a":{}}'],
      [['JSON.ARRAPPEND', 'k', '$', '1'], [null]],
      [['JSON.DEL', 'k', '$.a'], 0],
      [['JSON.RESP', 'k'], 5],
      [['JSON.OBJKEYS', 'k', '$'], [null]],
      [['JSON.TOGGLE', 'k', '$'], [null]],
    ],
  },
  {
    name: 'RESP and DEBUG',
    document: '{"a":[1,2.5,"x",true,null],"o":{"y":[]}}',
    rows: [
      [
        ['JSON.RESP', 'k'],
        ['+{', 'a', ['+[', 1, '2.5', 'x', '+true', null], 'o', ['+{', 'y', ['+[']]],
      ],
      [
        ['JSON.RESP', 'k', '.a'],
        ['+[', 1, '2.5', 'x', '+true', null],
      ],
      [['JSON.RESP', 'k', '$.a[0]'], [1]],
      [['JSON.RESP', 'k', '$.nope'], []],
      [['JSON.RESP', 'k', '.nope'], noPath('$.nope')],
      [['JSON.RESP', 'none'], null],
      [['JSON.DEBUG', 'MEMORY', 'k', '$.a[0]'], [16]],
      [['JSON.DEBUG', 'MEMORY', 'k', '.a[2]'], 9],
      [['JSON.DEBUG', 'MEMORY', 'none'], 0],
      [['JSON.DEBUG', 'MEMORY', 'none', '$'], []],
      [['JSON.DEBUG', 'MEMORY', 'k', '.nope'], '-ERR Path does not exist'],
    ],
  },
  {
    name: 'on values of other types',
    document: '1',
    rows: [
      ...['JSON.GET', 'JSON.CLEAR', 'JSON.OBJKEYS', 'JSON.RESP', 'JSON.ARRLEN', 'JSON.DEL'].map(
        (name): Row => [[name, 'string'], '-Existing key has wrong Redis type'],
      ),
      [['JSON.SET', 'string', '$', '1'], '-Existing key has wrong Redis type'],
      ...[
        'GET k',
        'INCR k',
        'HGETALL k',
        'LPUSH k x',
        'SADD k x',
        'ZADD k 1 x',
        'XLEN k',
        'APPEND k x',
      ].map(
        (line): Row => [
          line.split(' '),
          '-WRONGTYPE Operation against a key holding the wrong kind of value',
        ],
      ),
      [['TYPE', 'k'], '+ReJSON-RL'],
      [['OBJECT', 'ENCODING', 'k'], 'raw'],
      [['EXISTS', 'k'], 1],
      [['SET', 'k', 'x'], '+OK', null],
      [['DEL', 'k'], 1, null],
      [
        ['SCAN', '0', 'TYPE', 'rejson-rl', 'COUNT', '1000'],
        ['0', ['k']],
      ],
    ],
  },
];

/** In large documents a long member comes behind what the tables say. */
const PADDING = 'p'.repeat(400);

function padded(document: string): string {
  if (document.startsWith('{') && document !== '{}')
    return `${document.slice(0, -1)},"pad":"${PADDING}"}`;
  return document;
}

for (const table of TABLES) {
  for (const resp3 of [false, true]) {
    for (const hotValueMaxBytes of [16384, 8]) {
      const form = `${resp3 ? 'RESP3' : 'RESP2'}, packed up to ${hotValueMaxBytes} bytes`;
      test(`${table.name}: ${form}`, (t) => {
        // What RESP3 says is only in its own rows when a reply has numbers or names in it.
        const rows = resp3 ? (table.resp3 ?? []) : table.rows;
        const db = createTestDatabase({ hotValueMaxBytes });
        for (const [command, reply, after] of rows) {
          db.run('DEL', 'k', 'o', 'none', 'string');
          db.run('SET', 'string', 'x');
          db.resp3 = false;
          if (table.document !== null) db.run('JSON.SET', 'k', '$', table.document);
          db.resp3 = resp3;
          const name = command.join(' ').slice(0, 90);
          t.strictSame(db.run(...command), reply, name);
          db.resp3 = false;
          if (command[0] === 'SET' || command[0] === 'FLUSHALL') continue;
          const expected = after === undefined ? table.document : after;
          const found = db.run('JSON.GET', 'k');
          t.equal(
            found === null ? null : Buffer.from(`${found}`, 'latin1').toString(),
            expected,
            name,
          );
          db.audit();
        }
        t.end();
      });
    }
  }
}

test('changes of a document with more in it than the tables have', (t) => {
  const db = createTestDatabase({ hotValueMaxBytes: 300 });
  for (const { document, rows, name } of TABLES) {
    if (
      document === null ||
      padded(document) === document ||
      /GET|TYPE|LEN|RESP|DEL|CLEAR|FORGET/.test(name)
    )
      continue;
    for (const [command, , after] of rows) {
      if (
        typeof after !== 'string' ||
        !command[0]!.startsWith('JSON.') ||
        /\$(,|$|\.\*|\.\.\*)/.test(command.join(','))
      )
        continue;
      if (command[0] === 'JSON.MSET' || command[2] === '.' || command.join(' ').includes('new'))
        continue;
      db.run('JSON.SET', 'k', '$', padded(document));
      db.run(...command);
      const found = Buffer.from(`${db.run('JSON.GET', 'k')}`, 'latin1').toString();
      t.equal(found, padded(after), command.join(' '));
    }
  }
  db.audit();
  t.end();
});

test('there are enough rows', (t) => {
  const rows = TABLES.reduce(
    (sum, table) => sum + table.rows.length + (table.resp3?.length ?? 0),
    0,
  );
  t.ok(rows >= 400, `${rows} rows`);
  t.end();
});
