// The manifest of an append-only directory: which of its files are to be read, in which order.
// Source: Redis 7, `appendonlydir`.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { MigrationError } from './migration-error.ts';

const SUFFIX = '.manifest';

/**
 * Returns the files of an append-only directory, the base first.
 * @throws MigrationError when it has no manifest, several, or one that says nothing sensible
 */
export function filesOfManifest(directory: string): string[] {
  const manifests = readdirSync(directory).filter((name) => name.endsWith(SUFFIX));
  const [manifest] = manifests;
  if (manifests.length !== 1 || manifest === undefined) {
    throw new MigrationError(`${directory}: ${manifests.length} files *${SUFFIX}, not one`);
  }
  const bases: string[] = [];
  const increments: { name: string; sequence: number }[] = [];
  const lines = readFileSync(path.join(directory, manifest), 'utf8').split('\n');
  for (const line of lines.map((text) => text.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const facts = /^file ("[^"]+"|\S+) seq (\d+) type ([bhi])$/.exec(line);
    if (facts === null) throw new MigrationError(`${manifest}: what is '${line}'?`);
    const [, quoted, sequence, type] = facts;
    const name = quoted!.replace(/^"|"$/g, '');
    if (path.basename(name) !== name) throw new MigrationError(`${manifest}: a path: '${name}'`);
    if (type === 'b') bases.push(name);
    else if (type === 'i') increments.push({ name, sequence: Number(sequence) });
  }
  increments.sort((a, b) => a.sequence - b.sequence);
  return [...bases, ...increments.map(({ name }) => name)].map((name) =>
    path.join(directory, name),
  );
}
