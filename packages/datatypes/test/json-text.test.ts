// JSON text to values and back: what is kept as written, what is refused and in which words, and
// that no bytes make the parser fail otherwise.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import {
  COMPACT,
  formatJson,
  JsonSyntaxError,
  jsonBytes,
  jsonCompactor,
  jsonText,
  jsonTypeName,
  parseJson,
} from '../src/index.ts';

const SEED = Number(process.env.FORGEKV_JSON_SEED ?? 8259);
const FUZZ_RUNS = 8000;

function read(text: string): string {
  return jsonText(parseJson(Buffer.from(text)));
}

function problem(text: string | Buffer): string {
  try {
    parseJson(Buffer.from(text));
    return '';
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error.message;
    throw error;
  }
}

test('what comes back as it was written', (t) => {
  const texts = [
    'null',
    'true',
    'false',
    '0',
    '-0',
    '1',
    '1.0',
    '-1.50',
    '1e5',
    '1E+5',
    '12345678901234567890',
    '9007199254740993',
    '-9223372036854775808',
    '0.1',
    '3.141592653589793238462643',
    '1e-300',
    '""',
    '"é漢😀"',
    '"\\u0001\\n\\t\\"\\\\"',
    '[]',
    '{}',
    '[1,[2,[3]],{"a":null}]',
    '{"b":1,"a":2,"10":3,"9":4}',
  ];
  for (const text of texts) {
    t.equal(read(text), text);
    t.equal(jsonBytes(parseJson(Buffer.from(text))), Buffer.byteLength(text), text);
  }
  t.end();
});

test('what is written in another way', (t) => {
  const pairs: [string, string][] = [
    [' { "a" : [ 1 , 2 ] }\n', '{"a":[1,2]}'],
    ['"\\u00e9\\u0041\\/"', '"éA/"'],
    ['"\\ud83d\\ude00"', '"😀"'],
    ['{"a":1,"b":2,"a":3}', '{"a":3,"b":2}'],
    ['"\\u001F"', '"\\u001f"'],
  ];
  for (const [from, to] of pairs) {
    t.equal(read(from), to);
    t.equal(jsonBytes(parseJson(Buffer.from(from))), Buffer.byteLength(to));
  }
  t.end();
});

test('what is refused', (t) => {
  const pairs: [string, string][] = [
    ['', 'EOF while parsing a value at line 1 column 0'],
    ['foo', 'expected ident at line 1 column 2'],
    ['bar', 'expected value at line 1 column 1'],
    ['{', 'EOF while parsing an object at line 1 column 1'],
    ['[', 'EOF while parsing a list at line 1 column 1'],
    ['[1,]', 'trailing comma at line 1 column 4'],
    ['{"a":1,}', 'trailing comma at line 1 column 8'],
    ['[1 2]', 'expected `,` or `]` at line 1 column 4'],
    ['{"a" 1}', 'expected `:` at line 1 column 6'],
    ['{a:1}', 'key must be a string at line 1 column 2'],
    ['1 2', 'trailing characters at line 1 column 3'],
    ['01', 'invalid number at line 1 column 2'],
    ['"a', 'EOF while parsing a string at line 1 column 2'],
    ['"\\x"', 'invalid escape at line 1 column 4'],
    ["'a'", 'expected value at line 1 column 1'],
    ['tru', 'EOF while parsing a value at line 1 column 3'],
    ['\n\n  x', 'expected value at line 3 column 3'],
    ['NaN', 'expected value at line 1 column 1'],
    ['"\\ud800"', 'unexpected end of hex escape at line 1 column 8'],
  ];
  for (const [text, message] of pairs) t.equal(problem(text), message, text);
  const others = [
    '+1',
    '.5',
    '1.',
    '1e',
    '-',
    '[,1]',
    '"\n"',
    '\u{feff}1',
    '1e400',
    '/**/1',
    '\x01[1',
  ];
  for (const text of others) t.not(problem(text), '', text);
  t.match(problem(Buffer.from([0x22, 0xff, 0x22])), /UTF-8/);
  t.end();
});

test('depth is bounded', (t) => {
  t.equal(problem('['.repeat(128) + ']'.repeat(128)), '');
  t.match(problem('['.repeat(129) + ']'.repeat(129)), /recursion limit exceeded/);
  t.match(problem('{"a":'.repeat(100_000)), /recursion limit exceeded/);
  t.end();
});

test('types and formats', (t) => {
  const types = ['null', 'true', '1', '1.0', '1e5', '12345678901234567890', '"a"', '[]', '{}'];
  const names = types.map((text) => jsonTypeName(parseJson(Buffer.from(text))));
  t.strictSame(names, [
    ...['null', 'boolean', 'integer', 'number', 'number', 'integer'],
    ...['string', 'array', 'object'],
  ]);
  const value = parseJson(Buffer.from('{"a":[1,{}],"b":{"c":[]}}'));
  t.equal(
    formatJson(value, { indent: '  ', newline: '\n', space: ' ' }),
    JSON.stringify({ a: [1, {}], b: { c: [] } }, null, 2),
  );
  t.equal(formatJson(value, COMPACT), jsonText(value));
  t.end();
});

test('whatever bytes come, it is read as JSON.parse reads it, or refused', (t) => {
  const random = new Random(SEED);
  t.comment(`seed ${SEED}`);
  const seeds = [
    '{"a":[1,-2.5e3,"x\\n\\u00e9"],"b":{"c":null}}',
    '[true,false,[],{},"é😀"]',
    '1.5',
  ];
  let accepted = 0;
  let simple = 0;
  const into = Buffer.alloc(1024);
  for (let i = 0; i < FUZZ_RUNS; i++) {
    const bytes = Buffer.from(seeds[random.below(seeds.length)]!);
    for (let n = random.below(4); n > 0; n--) {
      bytes[random.below(bytes.length)] =
        random.below(3) === 0
          ? random.below(256)
          : '[]{},:"\\0.e-+ 1u'.charCodeAt(random.below(16));
    }
    const message = problem(bytes);
    const compacted = jsonCompactor.compact(bytes, 0, bytes.length, into);
    if (compacted >= 0) {
      const text = into.toString('utf8', 0, compacted);
      if (message !== '' || text !== read(bytes.toString())) t.fail(`compacted: ${bytes}`);
      simple++;
    }
    let plain: unknown;
    let isPlain = true;
    try {
      plain = JSON.parse(bytes.toString());
    } catch {
      isPlain = false;
    }
    if (message === '') {
      accepted++;
      if (!isPlain) t.fail(`accepted: ${bytes.toString()}`);
      else t.strictSame(JSON.parse(read(bytes.toString())), plain);
    } else if (isPlain && !/UTF-8|surrogate|hex escape|out of range/.test(message)) {
      t.fail(`refused: ${bytes.toString()}: ${message}`);
    }
  }
  t.ok(accepted > FUZZ_RUNS / 10);
  t.ok(simple > accepted / 10, `${simple} of ${accepted} are simple`);
  t.end();
});
