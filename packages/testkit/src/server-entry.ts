// Which file the tests start as the server: the bundle, which starts faster, unless something was
// compiled since it was made. What runs is what was built last, by whatever command.

import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGES = fileURLToPath(new URL('../../../', import.meta.url));
const BUNDLE = path.join(PACKAGES, 'cli/dist/bundle/main.js');

function changedAt(file: string): number {
  return existsSync(file) ? statSync(file).mtimeMs : 0;
}

function isFresh(): boolean {
  const made = changedAt(BUNDLE);
  return readdirSync(PACKAGES).every(
    (name) => changedAt(path.join(PACKAGES, name, 'dist/.tsbuildinfo')) < made,
  );
}

/** Path of the forgekv program. */
export const SERVER_ENTRY: string = isFresh()
  ? BUNDLE
  : path.join(PACKAGES, 'cli/dist/src/main.js');
