// Paths: the examples and rules of RFC 9535, what RedisJSON has besides, and hostile ones. Regular
// expressions beside JavaScript's.

import { test } from 'tap';
import {
  compilePath,
  evaluatePath,
  findInText,
  foundText,
  JsonPathError,
  jsonText,
  parseJson,
} from '../src/index.ts';
import { compileRegex } from '../src/json/regex.ts';

function find(document: string, path: string): string {
  const nodes = evaluatePath(compilePath(path), parseJson(Buffer.from(document)));
  return `[${nodes.map(({ value }) => jsonText(value)).join(',')}]`;
}

function isRefused(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch (error) {
    return error instanceof JsonPathError;
  }
}

const STORE =
  '{"store":{"book":[{"category":"reference","author":"Nigel Rees","title":"Sayings of the ' +
  'Century","price":8.95},{"category":"fiction","author":"Evelyn Waugh","title":"Sword of ' +
  'Honour","price":12.99},{"category":"fiction","author":"Herman Melville","title":"Moby Dick",' +
  '"isbn":"0-553-21311-3","price":8.99},{"category":"fiction","author":"J. R. R. Tolkien",' +
  '"title":"The Lord of the Rings","isbn":"0-395-19395-8","price":22.99}],' +
  '"bicycle":{"color":"red","price":399}},"max":10}';

const AUTHORS = '["Nigel Rees","Evelyn Waugh","Herman Melville","J. R. R. Tolkien"]';
const LETTERS = '["a","b","c","d","e","f","g"]';
const ABC =
  '{"a":[3,5,1,2,4,6,{"b":"j"},{"b":"k"},{"b":{}},{"b":"kilo"}],' +
  '"o":{"p":1,"q":2,"r":3,"s":5,"t":{"u":6}},"e":"f"}';
const O = '{"o":{"j j":{"k.k":3}},"\'":{"@":2}}';

/** Document, path, values. */
const CASES: readonly [string, string, string][] = [
  ['{"k":"v"}', '$', '[{"k":"v"}]'],
  // RFC 9535, 1.5.
  [STORE, '$.store.book[*].author', AUTHORS],
  [STORE, '$..author', AUTHORS],
  [STORE, '$.store..price', '[8.95,12.99,8.99,22.99,399]'],
  [STORE, '$..book[2].author', '["Herman Melville"]'],
  [STORE, '$..book[2].publisher', '[]'],
  [STORE, '$..book[-1].title', '["The Lord of the Rings"]'],
  [STORE, '$..book[0,1].price', '[8.95,12.99]'],
  [STORE, '$..book[:2].price', '[8.95,12.99]'],
  [STORE, '$..book[?@.isbn].price', '[8.99,22.99]'],
  [STORE, '$..book[?@.price<10].title', '["Sayings of the Century","Moby Dick"]'],
  [STORE, '$..book[?(@.price<$.max)].title', '["Sayings of the Century","Moby Dick"]'],
  // Names, 2.3.1.
  [O, "$.o['j j']", '[{"k.k":3}]'],
  [O, "$.o['j j']['k.k']", '[3]'],
  [O, '$.o["j j"]["k.k"]', '[3]'],
  [O, '$["\'"]["@"]', '[2]'],
  [O, "$['\\'']['@']", '[2]'],
  ['{"a-b":1,"c:d":2,"é":3,"$x":4}', '$.a-b', '[1]'],
  ['{"a-b":1,"c:d":2,"é":3,"$x":4}', '$.c:d', '[2]'],
  ['{"a-b":1,"c:d":2,"é":3,"$x":4}', '$.é', '[3]'],
  ['{"a-b":1,"c:d":2,"é":3,"$x":4}', '$.$x', '[4]'],
  ['{"":1}', "$['']", '[1]'],
  ['{"\\n":1}', "$['\\n']", '[1]'],
  ['{"é":1}', "$['\\u00e9']", '[1]'],
  ['{"0":1}', '$.0', '[1]'],
  ['[1]', '$.0', '[]'],
  // Wildcards, 2.3.2.
  ['{"o":{"j":1,"k":2},"a":[5,3]}', '$[*]', '[{"j":1,"k":2},[5,3]]'],
  ['{"o":{"j":1,"k":2},"a":[5,3]}', '$.o[*]', '[1,2]'],
  ['{"o":{"j":1,"k":2},"a":[5,3]}', '$.o[*, *]', '[1,2,1,2]'],
  ['{"o":{"j":1,"k":2},"a":[5,3]}', '$.a.*', '[5,3]'],
  ['1', '$.*', '[]'],
  // Indexes, 2.3.3.
  ['["a","b"]', '$[1]', '["b"]'],
  ['["a","b"]', '$[-2]', '["a"]'],
  ['["a","b"]', '$[-3]', '[]'],
  ['["a","b"]', '$[2]', '[]'],
  ['{"a":1}', '$[0]', '[]'],
  // Slices, 2.3.4.
  [LETTERS, '$[1:3]', '["b","c"]'],
  [LETTERS, '$[5:]', '["f","g"]'],
  [LETTERS, '$[1:5:2]', '["b","d"]'],
  [LETTERS, '$[5:1:-2]', '["f","d"]'],
  [LETTERS, '$[::-1]', '["g","f","e","d","c","b","a"]'],
  [LETTERS, '$[-2:]', '["f","g"]'],
  [LETTERS, '$[:-5]', '["a","b"]'],
  [LETTERS, '$[::3]', '["a","d","g"]'],
  [LETTERS, '$[1:3:0]', '[]'],
  [LETTERS, '$[10:20]', '[]'],
  [LETTERS, '$[:]', LETTERS],
  [LETTERS, '$[ 1 : 3 ]', '["b","c"]'],
  ['{"a":1}', '$[0:1]', '[]'],
  // Filters, 2.3.5.
  [ABC, "$.a[?@.b == 'kilo']", '[{"b":"kilo"}]'],
  [ABC, "$.a[?(@.b == 'kilo')]", '[{"b":"kilo"}]'],
  [ABC, '$.a[?@>3.5]', '[5,4,6]'],
  [ABC, '$.a[?@.b]', '[{"b":"j"},{"b":"k"},{"b":{}},{"b":"kilo"}]'],
  [
    ABC,
    '$[?@.*]',
    '[[3,5,1,2,4,6,{"b":"j"},{"b":"k"},{"b":{}},{"b":"kilo"}],' +
      '{"p":1,"q":2,"r":3,"s":5,"t":{"u":6}}]',
  ],
  [ABC, '$[?@[?@.b]]', '[[3,5,1,2,4,6,{"b":"j"},{"b":"k"},{"b":{}},{"b":"kilo"}]]'],
  [ABC, '$.o[?@<3, ?@<3]', '[1,2,1,2]'],
  [ABC, '$.a[?@<2 || @.b == "k"]', '[1,{"b":"k"}]'],
  [ABC, '$.a[?match(@.b, "[jk]")]', '[{"b":"j"},{"b":"k"}]'],
  [ABC, '$.a[?search(@.b, "[jk]")]', '[{"b":"j"},{"b":"k"},{"b":"kilo"}]'],
  [ABC, '$.o[?@>1 && @<4]', '[2,3]'],
  [ABC, '$.o[?@.u || @.x]', '[{"u":6}]'],
  [ABC, '$.a[?@.b == $.x]', '[3,5,1,2,4,6]'],
  [ABC, '$.a[?@ == @]', '[3,5,1,2,4,6,{"b":"j"},{"b":"k"},{"b":{}},{"b":"kilo"}]'],
  [ABC, '$.a[?!@.b]', '[3,5,1,2,4,6]'],
  [ABC, '$.a[?!(@.b || @>2)]', '[1,2]'],
  [ABC, '$.a[?length(@.b) == 4]', '[{"b":"kilo"}]'],
  [ABC, '$[?count(@.*) > 5]', '[[3,5,1,2,4,6,{"b":"j"},{"b":"k"},{"b":{}},{"b":"kilo"}]]'],
  // Comparison, table 12.
  ['[1]', '$[?$.absent1 == $.absent2]', '[1]'],
  ['[1]', "$[?$.absent == 'g']", '[]'],
  ['[1]', '$[?$.absent1 != $.absent2]', '[]'],
  ['[1]', "$[?$.absent != 'g']", '[1]'],
  ['[1]', '$[?1 <= 2]', '[1]'],
  ['[1]', '$[?1 > 2]', '[]'],
  ['[1]', "$[?13 == '13']", '[]'],
  ['[1]', "$[?'a' <= 'b']", '[1]'],
  ['[1]', "$[?'a' > 'b']", '[]'],
  ['[1]', '$[?true <= true]', '[1]'],
  ['[1]', '$[?true > true]', '[]'],
  ['[1]', '$[?null == null]', '[1]'],
  ['{"o":{"x":1},"a":[2]}', '$[?$.o == $.a]', '[]'],
  ['{"o":{"x":1,"y":2},"p":{"y":2,"x":1}}', '$[?@ == $.p]', '[{"x":1,"y":2},{"y":2,"x":1}]'],
  ['[1,1.0,1e0,"1"]', '$[?@ == 1]', '[1,1.0,1e0]'],
  ['[9007199254740993,9007199254740992]', '$[?@ == 9007199254740993]', '[9007199254740993]'],
  ['[9007199254740993,9007199254740992]', '$[?@ < 9007199254740993]', '[9007199254740992]'],
  ['["\\uffff","😀"]', "$[?@ > '\\uffff']", '["😀"]'],
  // Descendants, 2.5.2.
  ['{"o":{"j":1,"k":2},"a":[5,3,[{"j":4},{"k":6}]]}', '$..j', '[1,4]'],
  ['{"o":{"j":1,"k":2},"a":[5,3,[{"j":4},{"k":6}]]}', '$..[0]', '[5,{"j":4}]'],
  ['{"o":{"j":1,"k":2},"a":[5,3,[{"j":4},{"k":6}]]}', '$..o', '[{"j":1,"k":2}]'],
  ['{"o":{"j":1,"k":2},"a":[5,3,[{"j":4},{"k":6}]]}', '$.a..[0, 1]', '[5,3,{"j":4},{"k":6}]'],
  ['{"a":{"a":{"a":1}}}', '$..a', '[{"a":{"a":1}},{"a":1},1]'],
  ['{"a":{"a":{"a":1}}}', '$..a.a', '[{"a":1},1]'],
  ['[[1]]', '$..*', '[[1],1]'],
  // null, 2.6.
  ['{"a":null}', '$.a', '[null]'],
  ['{"a":null}', '$.a[0]', '[]'],
  ['[null]', '$[?@==null]', '[null]'],
  ['[{"b":null}]', '$[?@.b==null]', '[{"b":null}]'],
  // Unions and what RedisJSON has besides.
  ['{"a":1,"b":2,"c":3}', "$['a','c']", '[1,3]'],
  ['{"a":1,"b":2,"c":3}', "$['c','a','x']", '[3,1]'],
  [LETTERS, '$[0,-1,2:4]', '["a","g","c","d"]'],
  ['{"a":[1]}', '$.["a"].[0]', '[1]'],
  ['["bar","foobar","xbarx"]', "$[?@ =~ 'bar']", '["bar","foobar","xbarx"]'],
  ['["bar","foobar","xbarx"]', "$[?@ =~ '^bar']", '["bar"]'],
  ['["bar","BAR"]', "$[?@ =~ '(?i)BAR']", '["bar","BAR"]'],
  ['{"r":"^f","a":["foo","bar"]}', '$.a[?@ =~ $.r]', '["foo"]'],
  ['["a",1]', '$[?@ =~ "("]', '[]'],
  ['[{"x":"a.b"}]', '$[?(@.x == "a.b")].x', '["a.b"]'],
];

test('paths lead where they should', (t) => {
  for (const [document, path, values] of CASES) t.equal(find(document, path), values, path);
  t.end();
});

test('plain paths lead to the same in a text', (t) => {
  let found = 0;
  for (const [document, path, values] of CASES) {
    const text = Buffer.from(` ${jsonText(parseJson(Buffer.from(document)))},`);
    const length = text.length - 2;
    const answer = findInText(compilePath(path), text, 1, length);
    if (answer < 0) continue;
    found++;
    const part = text.toString('utf8', foundText.begin, foundText.end);
    t.equal(answer === 0 ? '[]' : `[${part}]`, values, path);
  }
  t.ok(found > 15);
  t.end();
});

test('what is no path', (t) => {
  const paths = [
    ...['', 'a', '$.', '$..', '$[', '$[]', '$[1', "$['a", '$[a]', '$.a b', '$ .', '$[1,]', '$[?]'],
    ...[
      '$[?@.a==]',
      '$[?(@.a]',
      '$[?1]',
      '$[?@.a =',
      '$[?@ === 1]',
      '$[1.5]',
      '$[--1]',
      '$.a[?@.b &]',
    ],
    ...['$[99999999999999999999]', '$[?foo(@)]', '$[?count(1)==1]', '$"a"', "$['\\u12']"],
    `$${'[?@'.repeat(200)}`,
    `$[?${'('.repeat(200)}`,
    `$[?${'!'.repeat(200)}@]`,
    `$.${'a'.repeat(10_000)}`,
  ];
  for (const path of paths)
    t.ok(
      isRefused(() => compilePath(path)),
      path.slice(0, 30),
    );
  t.end();
});

test('a path that visits too much ends', (t) => {
  const deep = `${'['.repeat(100)}1${']'.repeat(100)}`;
  t.ok(isRefused(() => find(deep, `$${'..*'.repeat(8)}`)));
  t.end();
});

test('a filter that matches too much text ends', (t) => {
  const document = JSON.stringify([{ s: 'a'.repeat(12_000) }]);
  const many = Array.from({ length: 100 }, () => '@.s=~"(a{9}){9}b"').join('||');
  t.ok(isRefused(() => find(document, `$[?${many}]`)));
  t.equal(find(document, '$[?@.s=~"a{9}b"]'), '[]');
  t.end();
});

test('regular expressions match as those of JavaScript', (t) => {
  const sources = [
    ...[
      '',
      'a',
      'ab|cd',
      'a*',
      'a+b',
      'a?b',
      '^a',
      'b$',
      '^$',
      '[a-c]+',
      '[^a-c]',
      'a{2}',
      'a{2,}',
    ],
    ...[
      'a{1,3}b',
      '(ab)+',
      '(a|b)*c',
      '\\d+',
      '\\w+\\s\\w+',
      '\\ba',
      '\\Bb',
      '.',
      'a.c',
      '[\\d-]+',
    ],
    ...['(?:ab)?c', '[]a]', '\\.', 'x*?y', '(a*)*b', '(a|aa)+$', '\\x41', '[a\\]]'],
  ];
  const texts = [
    ...['', 'a', 'b', 'ab', 'abc', 'aab', 'abab', 'cd', 'aaa', 'a c', 'a\nc', '12-3', 'foo bar'],
    ...['.', 'y', 'A', ']', 'aaaaaaaaaaaaaaaaaaaaaaaaac', 'é', '😀'],
  ];
  for (const source of sources) {
    const plain = new RegExp(source === '[]a]' ? '[\\]a]' : source, 'u');
    const whole = new RegExp(`^(?:${plain.source})$`, 'u');
    const regex = compileRegex(source);
    for (const text of texts) {
      t.equal(regex?.matches(text, false), plain.test(text), `${source} in ${text}`);
      t.equal(regex?.matches(text, true), whole.test(text), `${source} is ${text}`);
    }
  }
  for (const source of [
    '(',
    ')',
    '*',
    'a**+?*',
    '[',
    '[b-a]',
    'a{2,1}',
    '\\1',
    '(?=a)',
    'a{9999}',
  ]) {
    t.equal(compileRegex(source), null, source);
  }
  t.equal(compileRegex('(a{100}){100}'), null, 'too large');
  // What takes a backtracking matcher exponential time.
  const regex = compileRegex('(a+)+(a+)+(a|a)*b')!;
  t.equal(regex.matches('a'.repeat(20_000), false), false);
  t.end();
});
