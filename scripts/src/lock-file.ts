// What must hold of package-lock.json for `npm ci` to work on any machine.

import type { Finding, Rule } from './finding.ts';

const LOCK_FILE = 'package-lock.json';

interface LockedPackage {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** No address of a registry, and every optional dependency, of other platforms too. */
export const checkLockFile: Rule = (tree) => {
  const file = tree.find(({ path }) => path === LOCK_FILE);
  if (file === undefined) return [];
  const { packages } = JSON.parse(file.text) as { packages: Record<string, LockedPackage> };
  return Object.entries(packages).flatMap(([place, { resolved, optionalDependencies }]) => {
    const found = (message: string): Finding => ({
      path: LOCK_FILE,
      line: 0,
      rule: 'lock-file',
      message: `${place || 'the root'}: ${message}`,
    });
    const missing = Object.keys(optionalDependencies ?? {}).filter(
      (name) => !isLocked(packages, place, name),
    );
    return [
      ...(resolved?.includes('://') ? [found(`names where it came from: ${resolved}`)] : []),
      ...missing.map((name) => found(`${name} is not locked, npm ci will refuse`)),
    ];
  });
};

/** Looks where Node.js would: beside the package, then in every node_modules above it. */
function isLocked(packages: Record<string, LockedPackage>, place: string, name: string): boolean {
  let above = place;
  for (;;) {
    if (`${above === '' ? '' : `${above}/`}node_modules/${name}` in packages) return true;
    if (above === '') return false;
    const cut = above.lastIndexOf('node_modules/', above.length - 1);
    above = cut <= 0 ? '' : above.slice(0, cut - 1);
  }
}
