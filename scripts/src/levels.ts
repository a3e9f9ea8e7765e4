// The levels of the code: a package imports only from packages on lower levels. Holds for what
// package.json declares, what tsconfig.json references, and what sources and tests import.

import type { Finding, Rule } from './finding.ts';
import { importsOf } from './imports.ts';
import type { SourceFile, SourceTree } from './source-tree.ts';

/** Lowest first. Some are not written yet. */
export const LEVELS: readonly (readonly string[])[] = [
  ['base'],
  ['protocol', 'rings', 'storage', 'config'],
  ['keyspace', 'datatypes', 'catalog'],
  ['commands', 'acl', 'scripting'],
  ['front', 'shard'],
  ['server'],
  ['cli'],
];

/** Packages for tests and benchmarks only. They import no other package of the workspace. */
export const DEVELOPMENT: readonly string[] = ['testkit', 'redis-benchmark-wrapper'];

const RULE = 'levels';

interface Package {
  /** Its directory below packages/. */
  readonly name: string;
  readonly manifest: SourceFile;
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
  readonly references: readonly string[];
  readonly files: readonly SourceFile[];
}

/** Checks every package and the benchmarks. */
export const checkLevels: Rule = (tree) =>
  tree
    .filter(({ path }) => /^packages\/[^/]+\/package\.json$/.test(path))
    .flatMap((manifest) => checkPackage(readPackage(tree, manifest)));

function checkPackage(pkg: Package): Finding[] {
  const { name, manifest } = pkg;
  const found = (line: number, message: string, path = manifest.path): Finding => ({
    path,
    line,
    rule: RULE,
    message,
  });
  if (levelOf(name) < 0 && !DEVELOPMENT.includes(name)) {
    return [found(0, `${name} is on no level: add it to LEVELS`)];
  }
  return [
    ...pkg.dependencies
      .filter((other) => !isBelow(other, name))
      .map((other) => found(0, `${name} must not depend on ${other}`)),
    ...[...pkg.devDependencies, ...pkg.references]
      .filter((other) => !mayTestWith(other, name))
      .map((other) => found(0, `${name} must not depend on ${other}, not even in tests`)),
    ...pkg.files.flatMap((file) =>
      importsOf(file).flatMap(({ specifier, line }) =>
        checkImport(pkg, file, specifier).map((message) => found(line, message, file.path)),
      ),
    ),
  ];
}

function checkImport(pkg: Package, file: SourceFile, specifier: string): string[] {
  const { name } = pkg;
  const isTest = file.path.startsWith(`packages/${name}/test/`);
  if (specifier.startsWith('.')) {
    const target = new URL(specifier, `file:///${file.path}`).pathname;
    if (!target.startsWith(`/packages/${name}/`)) return ['other packages are imported by name'];
    return !isTest && target.startsWith(`/packages/${name}/test/`) ? ['src imports a test'] : [];
  }
  const other = packageNamed(specifier);
  if (other === undefined) return [];
  if (other === name) return ['a package imports its own files by path'];
  if (isTest ? !mayTestWith(other, name) : !isBelow(other, name)) {
    return [`${name} must not import ${other}${isTest ? ', not even in tests' : ''}`];
  }
  const declared = isTest ? [...pkg.dependencies, ...pkg.devDependencies] : pkg.dependencies;
  return [
    ...(declared.includes(other) ? [] : [`${other} is missing in package.json`]),
    // Without the reference a fresh build may compile this package first.
    ...(pkg.references.includes(other) ? [] : [`${other} is missing in tsconfig.json`]),
  ];
}

function isBelow(other: string, name: string): boolean {
  return levelOf(other) >= 0 && levelOf(other) < levelOf(name);
}

function mayTestWith(other: string, name: string): boolean {
  if (DEVELOPMENT.includes(name)) return false;
  return isBelow(other, name) || DEVELOPMENT.includes(other);
}

function levelOf(name: string): number {
  return LEVELS.findIndex((level) => level.includes(name));
}

/** The directory of the workspace package a specifier names, or undefined. */
function packageNamed(specifier: string): string | undefined {
  const [, own] = /^@forgekv\/([^/]+)/.exec(specifier) ?? [];
  return own ?? DEVELOPMENT.find((name) => specifier === name || specifier.startsWith(`${name}/`));
}

function readPackage(tree: SourceTree, manifest: SourceFile): Package {
  const directory = manifest.path.slice(0, -'package.json'.length);
  const { dependencies, devDependencies, peerDependencies, optionalDependencies } = JSON.parse(
    manifest.text,
  ) as Record<string, object | undefined>;
  const names = (...sets: (object | undefined)[]): string[] =>
    sets.flatMap((set) => Object.keys(set ?? {}).flatMap((key) => packageNamed(key) ?? []));
  const project = tree.find(({ path }) => path === `${directory}tsconfig.json`);
  const { references = [] } = JSON.parse(project?.text ?? '{}') as {
    references?: { path: string }[];
  };
  return {
    name: directory.split('/')[1]!,
    manifest,
    dependencies: names(dependencies, peerDependencies, optionalDependencies),
    devDependencies: names(devDependencies),
    references: references.map(({ path }) => path.split('/').at(-1)!),
    files: tree.filter(({ path }) => path.startsWith(directory) && path.endsWith('.ts')),
  };
}
