// The files of the repository that people wrote, as text. Rules look at this and at nothing else,
// so a test can hand them a tree of its own.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SourceFile {
  /** Relative to the root, with slashes. */
  readonly path: string;
  readonly text: string;
}

export type SourceTree = readonly SourceFile[];

/** Made by tools or by running the server; nobody writes them. */
const NOT_SOURCES = new Set(['node_modules', 'dist', '.git', '.tap', 'data']);
/** Everything else is binary, or a log. */
const TEXT_NAME = /\.(?:ts|mts|mjs|js|json|md|ya?ml|conf|sh|txt|service)$|^(?:\.\w+|[A-Za-z-]+)$/;

/** Reads the sources below a directory, in the order of their paths. */
export function readTree(root: string): SourceFile[] {
  const files: SourceFile[] = [];
  const visit = (directory: string): void => {
    const entries = readdirSync(join(root, directory), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
      // In a second working tree `.git` is a file.
      if (NOT_SOURCES.has(entry.name)) continue;
      if (entry.isDirectory()) {
        visit(path);
      } else if (entry.isFile() && TEXT_NAME.test(entry.name)) {
        files.push({ path, text: readFileSync(join(root, path), 'utf8') });
      }
    }
  };
  visit('');
  return files;
}
