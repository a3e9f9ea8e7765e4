// House style that Biome does not check. What it does check is left to it: formatting, `any`,
// default exports, import cycles, undeclared dependencies; here only the ways around that.

import { codeOnly } from './code-only.ts';
import { type Finding, lineAt, type Rule } from './finding.ts';
import type { SourceFile } from './source-tree.ts';

const MOST_COLUMNS = 100;
const WARN_LINES = 400;
const MOST_LINES = 500;

/** Files that may be longer, each with its reason: tables of data, never logic. */
const LONG_BY_NATURE: ReadonlyMap<string, string> = new Map([]);
/** Files that may be wider, each with its reason. */
const WIDE_BY_NATURE: ReadonlyMap<string, string> = new Map([
  ['packages/redis-benchmark-wrapper/test/samples.ts', 'what the tools printed, as they did'],
]);

const IS_CODE = /\.(?:ts|mjs)$|^scripts\/[a-z-]+$|^\.ci\//;
const IS_SOURCE = /^packages\/[^/]+\/src\/.*\.ts$/;
const IS_TEST = /\.test\.ts$/;
// Put together, so that this file does not find itself.
const UNFINISHED = new RegExp(`\\b(?:${['TO', 'FIX'].join('DO|')}${'ME'})\\b`, 'g');
const PLACE = ['wo', 'roo'].join('rk|');
const MACHINE_PATH = new RegExp(`(?<![\\w.$)}~-])/(?:${PLACE}t)(?![\\w-])`, 'g');
const REGISTRY = /\b(?:registry|npm)\.[\w.-]+\.(?:com|dev|io|net|org)\b/g;
const SWITCHED_OFF = /\.(?:only|skip|todo)\s*\(|,\s*\{\s*(?:only|skip|todo):\s*(?:true\b|['"`])/g;
const SUPPRESSED = /@ts-(?:ignore|nocheck)|biome-ignore[^\n]*(?:noExplicitAny|noDefaultExport)/g;

function each(
  files: (path: string) => boolean,
  check: (file: SourceFile) => Omit<Finding, 'path'>[],
): Rule {
  return (tree) =>
    tree
      .filter(({ path }) => files(path))
      .flatMap((file) => check(file).map((finding) => ({ path: file.path, ...finding })));
}

function matches(
  text: string,
  pattern: RegExp,
  rule: string,
  message: (match: string) => string,
): Omit<Finding, 'path'>[] {
  return [...text.matchAll(pattern)].map(({ index, 0: match }) => ({
    line: lineAt(text, index),
    rule,
    message: message(match),
  }));
}

/** Files of a length one can keep in mind. */
export const checkLength = each(
  (path) => IS_SOURCE.test(path) && !LONG_BY_NATURE.has(path),
  ({ text }) => {
    const lines = text.split('\n').length - 1;
    if (lines <= WARN_LINES) return [];
    const isWarning = lines <= MOST_LINES;
    const message = `${lines} lines; look for a seam${isWarning ? '' : ` (at most ${MOST_LINES})`}`;
    return [{ line: 0, rule: 'file-length', message, isWarning }];
  },
);

/** Lines that fit a window. */
export const checkColumns = each(
  (path) => IS_CODE.test(path) && !WIDE_BY_NATURE.has(path),
  ({ text }) =>
    text.split('\n').flatMap((line, index) => {
      const columns = [...line].length;
      if (columns <= MOST_COLUMNS) return [];
      const message = `${columns} columns, at most ${MOST_COLUMNS}`;
      return [{ line: index + 1, rule: 'line-length', message }];
    }),
);

/** Every file says first what it is; an index only re-exports and needs no words. */
export const checkOpening = each(
  (path) => IS_CODE.test(path) && !path.endsWith('/index.ts'),
  ({ text }) => {
    const [first = '', second = ''] = text.split('\n');
    const opening = first.startsWith('#!') ? second : first;
    if (/^(?:\/\/|\/\*|# )/.test(opening)) return [];
    return [{ line: 1, rule: 'opening-comment', message: 'says first what it is' }];
  },
);

export const checkUnfinished = each(
  (path) => IS_CODE.test(path),
  ({ text }) =>
    matches(text, UNFINISHED, 'unfinished', (word) => `${word}: an issue is a better place`),
);

export const checkSuppressed = each(
  (path) => path.endsWith('.ts') && path !== 'scripts/src/text-rules.ts',
  ({ text }) => matches(text, SUPPRESSED, 'suppressed', (word) => `${word} is not for us`),
);

/** Nothing that is true on one machine only. */
export const checkMachine = each(
  () => true,
  ({ text }) => [
    ...matches(text, MACHINE_PATH, 'machine-path', (path) => `${path} is a path of one machine`),
    ...matches(text, REGISTRY, 'registry-host', (host) => `${host}: whoever installs chooses`),
  ],
);

/** Tests that are switched off; a condition (`{ skip: skipWithoutRedis() }`) is something else. */
export const checkSwitchedOff = each(
  (path) => IS_TEST.test(path),
  ({ text }) =>
    matches(codeOnly(text), SWITCHED_OFF, 'switched-off', () => 'every test runs, always'),
);
