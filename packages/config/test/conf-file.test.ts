// Reading configuration text: comments, line ends, includes and their bounds.

import { test } from 'tap';
import {
  type ConfSources,
  collectLines,
  MAX_CONF_BYTES,
  MAX_CONF_LINES,
} from '../src/conf-file.ts';

/** Sources whose files are in memory, at least the file `main`. */
function sources(files: Record<string, string | Uint8Array>): ConfSources {
  const readFile = (path: string): Uint8Array => {
    if (!Object.hasOwn(files, path)) throw new Error('ENOENT');
    return Buffer.from(files[path] as string);
  };
  return { file: 'main', readFile };
}

/** What was read, one `file:line word|word` per line, then the problems. */
function read(files: Record<string, string | Uint8Array>): string[] {
  const { lines, problems } = collectLines(sources(files));
  return [
    ...lines.map(({ file, line, words }) => `${file}:${line} ${words.join('|')}`),
    ...problems.map(({ file, line, reason }) => `! ${file}:${line} ${reason}`),
  ];
}

test('comments, blank lines, blanks and CRLF', async (t) => {
  const text = '# a\r\n\r\n  # b "\r\nport 1\r\n\ttimeout\t3  \n\n""\nbind * -::*\r';
  t.same(read({ main: text }), [
    'main:4 port|1',
    'main:5 timeout|3',
    'main:7 ',
    'main:8 bind|*|-::*',
  ]);
  t.same(read({ main: '' }), []);
  t.same(read({ main: '\ufeffport 1' }), ['main:1 port|1'], 'a byte order mark is no name');
});

test('a comment may be in any encoding, an argument may not', async (t) => {
  const bytes = Buffer.from('# caf\xe9\nport 1\ndir caf\xe9\n', 'latin1');
  t.same(read({ main: bytes }), ['main:2 port|1', '! main:3 argument is not UTF-8 text']);
});

test('an include stands for the lines of its file', async (t) => {
  const main = 'port 1\nInclude "b c.conf"\nport 3\n';
  const lines = read({ main, 'b c.conf': '# x\nport 2\n' });
  t.same(lines, ['main:1 port|1', 'b c.conf:2 port|2', 'main:3 port|3']);
  const twice = read({ main: 'include a\ninclude a\n', a: 'port 1' });
  t.same(twice, ['a:1 port|1', 'a:1 port|1'], 'twice is no cycle');
});

test('includes that cannot be followed name the including line', async (t) => {
  const nested: Record<string, string> = { main: 'include f0' };
  for (let i = 0; i < 40; i++) nested[`f${i}`] = `include f${i + 1}`;
  t.same(read({ main: '\ninclude gone\n' }), ["! main:2 can't read config file 'gone': ENOENT"]);
  t.same(read({ main: 'include main' }), ['! main:1 config file includes itself']);
  t.same(read({ main: 'include a', a: 'include main' }), ['! a:1 config file includes itself']);
  t.same(read(nested), ['! f15:1 includes are nested more than 16 deep']);
  t.same(read({ main: 'include' }), ['! main:1 wrong number of arguments']);
  t.same(read({ main: 'include a b' }), ['! main:1 wrong number of arguments']);
  t.same(read({ main: 'include conf.d/*' }), [
    '! main:1 wildcards in an include are not supported',
  ]);
});

test('everything has a bound', async (t) => {
  const fan = 'include b\n'.repeat(300);
  const [problem] = collectLines(sources({ main: fan, b: '' })).problems;
  t.match(problem, { line: 257 - 1, reason: 'more than 256 files' });
  const big = collectLines(sources({ main: '#'.repeat(MAX_CONF_BYTES + 1) })).problems;
  t.match(big, [{ file: 'main', line: 0, reason: /larger than/ }]);
  const long = collectLines(sources({ main: 'port 1\n'.repeat(MAX_CONF_LINES + 5) }));
  t.equal(long.lines.length, MAX_CONF_LINES);
  t.match(long.problems, [{ line: MAX_CONF_LINES + 1, reason: /more than 10000 lines/ }]);
  t.equal(collectLines({ text: '"\n'.repeat(1000) }).problems.length, 50);
});

test('file, text and overrides in this order', async (t) => {
  const override = { file: '(command line)', line: 1, text: '--port 3', words: ['port', '3'] };
  const all = { ...sources({ main: 'port 1' }), text: 'port 2', overrides: [override] };
  t.same(
    collectLines(all).lines.map(({ file, words }) => [file, words[1]]),
    [
      ['main', '1'],
      ['(text)', '2'],
      ['(command line)', '3'],
    ],
  );
});

test('a real file, a missing one, an endless one', async (t) => {
  const dir = t.testdir({ 'a.conf': 'port 1\n' });
  t.match(collectLines({ file: `${dir}/a.conf` }).lines, [{ line: 1, words: ['port', '1'] }]);
  t.match(collectLines({ file: `${dir}/b.conf` }).problems, [{ line: 0, reason: /ENOENT/ }]);
  t.match(collectLines({ file: dir }).problems, [{ reason: /EISDIR/ }]);
  t.match(collectLines({ file: '/dev/zero' }).problems, [{ reason: /larger than/ }]);
});
