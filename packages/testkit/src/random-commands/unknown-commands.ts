/** The family of commands no server has, with odd arguments: the error text repeats them. */
import type { ArgumentSource } from './argument-source.ts';
import { type CommandFamily, type GeneratedCommand, generated } from './generated-command.ts';

const NAMES: readonly (string | Buffer)[] = [
  ...[
    'NOSUCHCOMMAND',
    'getx',
    '',
    ' GET',
    'GET ',
    'SET\r\n',
    '__proto__',
    'constructor',
    'toString',
  ],
  ...[
    'hasOwnProperty',
    '%s%n',
    "quote'd",
    'команда',
    'x'.repeat(127),
    'x'.repeat(128),
    'x'.repeat(500),
  ],
  ...['GET|SET', 'object|encoding', 'client|getname', '*1', '$3', '\n', 'a\rb\nc'],
  // No command's name with a NUL behind it: Redis hashes it whole, by a secret, and compares it as
  // a C string, so that now and then it finds the command.
  ...[Buffer.from('G\0T'), Buffer.from('a\0b'), Buffer.from([255, 254]), Buffer.from([0])],
];

const ARGUMENTS: readonly (string | Buffer)[] = [
  ...['a', '', ' ', "it's", '"', 'line\r\nbreak', 'y'.repeat(60), 'y'.repeat(127), 'y'.repeat(128)],
  ...['y'.repeat(129), 'y'.repeat(1000), '%d', 'ключ', '-1', '\t', '\\'],
  ...[Buffer.from('z\0z'), Buffer.from([0]), Buffer.from([128, 200, 255])],
];

function makeUnknown(source: ArgumentSource): GeneratedCommand {
  const { prng } = source;
  const args = Array.from({ length: prng.below(7) }, () => prng.pick(ARGUMENTS));
  return generated([prng.pick(NAMES), ...args], { label: '(unknown)', fixed: true });
}

export const UNKNOWN_FAMILY: CommandFamily = {
  name: 'unknown',
  recipes: [{ name: '(unknown)', weight: 12, make: makeUnknown }],
};
