// Problems as a person reads them, and what they must not give away.

import { test } from 'tap';
import { ConfigError, problemOf } from '../src/config-error.ts';

const at = (text: string, words?: string[]) =>
  problemOf({ file: 'f', line: 3, text, ...(words === undefined ? {} : { words }) }, 'bad');

test('the message names file, line, reason and line text', async (t) => {
  const whole = problemOf({ file: 'g', line: 0, text: '' }, 'gone');
  const error = new ConfigError([at('port x'), whole]);
  t.equal(error.message, 'f:3: bad: port x\ng: gone');
  t.match(error, { name: 'ConfigError', code: 'ERR_CONFIG', problems: [{ line: 3 }, { line: 0 }] });
});

test('control characters and length', async (t) => {
  t.equal(at('a\x00\x1b[1m\n').text, 'a??[1m?');
  t.equal(at('x'.repeat(500)).text.length, 163);
});

test('the line of a secret is not shown, however it is written', async (t) => {
  const lines = [
    ...['requirepass hunter2', 'REQUIREPASS "hunter2', '"requirepass" hunter2 x'],
    ...['--requirepass hunter2', '--requirepass=hunter2', 'masterauth hunter2 hunter2'],
    ...['user bob on >hunter2', 'tls-key-file-pass hunter2', 'tls_key_file_pass hunter2'],
  ];
  for (const text of lines) t.notMatch(at(text).text, /hunter2/, text);
  const escaped = at('"requirep\\x61ss" hunter2 x', ['requirepass', 'hunter2', 'x']);
  t.notMatch(escaped.text, /hunter2/);
  t.match(at('requirepas hunter2').text, /hunter2/, 'a name nobody knows cannot be recognised');
});
