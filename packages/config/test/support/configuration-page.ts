// docs/configuration.md, made from the table of directives so that it cannot age. Only what a
// directive is for is written by hand, in directive-purposes.ts.

import type { Directive } from '../../src/directive.ts';
import { directives, findDirective, type NamedDirective } from '../../src/directives.ts';
import { defaultOf, formatValue } from '../../src/values.ts';
import { PURPOSES } from './directive-purposes.ts';

const HEAD = `# Configuration

ForgeKV starts from the \`redis.conf\` you have. Every line of it can be given as an option
too, \`--name value\`, which wins over the file; \`_\` may stand for \`-\`. CONFIG GET shows all of
them, CONFIG SET changes what the column _set_ says \`live\` for. An unknown directive stops the
start with its line.

This page is made from the table of the source, checked by a test, and written anew by
\`node packages/config/dist/test/support/write-page.js\`. Memory is in bytes;
\`kb\`, \`mb\` and \`gb\` are of 1024.

The password of the user \`default\` may also be in a file that the environment names,
\`FORGEKV_REQUIREPASS_FILE\`: neither the command line nor the configuration has it then.
`;

const SET_COLUMN: Readonly<Record<Directive['change'], string>> = {
  live: 'live',
  protected: 'live, protected',
  start: 'at the start',
};

/** The server refuses to change these while it runs, though Redis does it. */
const FIXED: readonly string[] = ['port', 'bind'];

/** Directives that are no secret of the tests, in the order of the table. */
const shown: readonly Directive[] = directives.filter(({ hidden }) => !hidden);

/** The whole page, as it has to be in the repository. */
export function configurationPage(): string {
  const own = shown.filter((one) => one.status === 'honoured' && !isOfRedis(one));
  const known = shown.filter((one) => one.status === 'honoured' && isOfRedis(one));
  const idle = shown.filter((one) => one.status !== 'honoured');
  return [
    HEAD,
    `## Of ForgeKV\n\n${table(own)}\n`,
    `## Of Redis\n\n${table(known)}\n`,
    `## Read, and without effect\n\nA warning at the start names the line.\n\n${names(idle)}\n`,
  ].join('\n');
}

/** What there is a purpose for and no directive. */
export function strayPurposes(): string[] {
  return Object.keys(PURPOSES).filter((name) => findDirective(name)?.directive.name !== name);
}

/** Directives that Redis does not have, and nobody has said what they are for. */
export function withoutPurpose(): string[] {
  const own = shown.filter((one) => one.status === 'honoured' && !isOfRedis(one));
  return own.map(({ name }) => name).filter((name) => PURPOSES[name] === undefined);
}

/** Those of our own table; wal-sync-mode is there with its name of Redis. */
function isOfRedis({ name }: Directive): boolean {
  const last = directives.findIndex((one) => one.name === 'wal-sync-mode');
  return directives.findIndex((one) => one.name === name) < last;
}

function table(some: readonly Directive[]): string {
  const rows = some.map((one) => [
    [one.name, ...one.aliases, ...twin(one)].map((name) => `\`${name}\``).join(' '),
    code(formatValue(findDirective(one.name) as NamedDirective, defaultOf(one))),
    allowed(one),
    SET_COLUMN[FIXED.includes(one.name) ? 'start' : one.change],
    PURPOSES[one.name] ?? 'as in `redis.conf`',
  ]);
  return grid([['directive', 'default', 'values', 'set', 'what'], ...rows]);
}

function twin(one: Directive): string[] {
  return one.kind === 'enum' && one.twin !== undefined ? [one.twin.name] : [];
}

function code(text: string): string {
  return text === '' ? 'none' : `\`${text}\``;
}

function allowed(one: Directive): string {
  switch (one.kind) {
    case 'boolean':
      return '`yes` `no`';
    case 'enum':
      return one.words.map((word) => `\`${word}\``).join(' ');
    case 'string':
      return 'text';
    case 'list':
    case 'lines':
      return one.kind === 'lines' ? 'words; lines add up' : 'words';
    case 'octal':
      return `${one.min.toString(8)} to ${one.max.toString(8)}`;
    default: {
      const unit = one.kind === 'integer' ? '' : ' bytes';
      if (one.max >= 2 ** 31 - 1) return `${one.min} or more${unit}`;
      return `${one.min} to ${one.max}${unit}`;
    }
  }
}

function names(some: readonly Directive[]): string {
  const words = some.map(({ name }) => `\`${name}\``);
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length + 1 > 100) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join('\n');
}

function grid(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const widths = head.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}
