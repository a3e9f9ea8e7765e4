// What only one file may know: the storage engine, how threads are started, the entry layout.

import { codeOnly } from './code-only.ts';
import { type Finding, lineAt, type Rule } from './finding.ts';
import { importsOf } from './imports.ts';
import { DEVELOPMENT } from './levels.ts';
import type { SourceFile, SourceTree } from './source-tree.ts';

const THREADS_FILE = 'packages/server/src/threads.ts';
const ENGINE = 'classic-level';
const LAYOUT_FILE = 'packages/keyspace/src/layout.ts';

/** Sources that ship: no tests, no development packages. */
function production(tree: SourceTree): readonly SourceFile[] {
  return tree.filter(({ path }) => {
    const [, name] = /^packages\/([^/]+)\/src\/.*\.ts$/.exec(path) ?? [];
    return name !== undefined && !DEVELOPMENT.includes(name);
  });
}

function findAll(file: SourceFile, pattern: RegExp, rule: string, message: string): Finding[] {
  return [...codeOnly(file.text).matchAll(pattern)].map(({ index }) => ({
    path: file.path,
    line: lineAt(file.text, index),
    rule,
    message,
  }));
}

/** Only one file starts threads. */
export const checkThreads: Rule = (tree) =>
  production(tree)
    .filter(({ path }) => path !== THREADS_FILE)
    .flatMap((file) =>
      findAll(file, /\bnew\s+Worker\b/g, 'one-thread-starter', `only ${THREADS_FILE} may`),
    );

/** Only one file imports the storage engine. */
export const checkEngine: Rule = (tree) => {
  const uses = production(tree).flatMap((file) =>
    importsOf(file)
      .filter(({ specifier }) => specifier === ENGINE)
      .map(({ line }) => ({ path: file.path, line })),
  );
  const first = uses[0]?.path;
  const isAlone = uses.every(({ path }) => path === first);
  return uses
    .filter(({ path }) => !isAlone || !path.startsWith('packages/storage/'))
    .map(({ path, line }) => ({
      path,
      line,
      rule: 'one-engine-file',
      message: `only one file, in packages/storage, imports ${ENGINE}`,
    }));
};

/** Only the keyspace knows where the fields of an entry are, and only one of its files says so. */
export const checkLayout: Rule = (tree) =>
  tree
    .filter(({ path }) => path.endsWith('.ts'))
    .flatMap((file) => {
      if (file.path === LAYOUT_FILE) return [];
      const isInside = file.path.startsWith('packages/keyspace/');
      return findAll(
        file,
        isInside ? /\bconst\s+ENTRY_[A-Z]/g : /\bENTRY_[A-Z]+\w*/g,
        'one-layout-file',
        isInside ? `offsets are defined in ${LAYOUT_FILE}` : 'only the keyspace knows offsets',
      );
    });
