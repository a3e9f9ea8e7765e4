// Which modules a TypeScript file names: static, dynamic and type imports, and re-exports.

import { codeOnly } from './code-only.ts';
import { lineAt } from './finding.ts';
import type { SourceFile } from './source-tree.ts';

export interface Import {
  readonly specifier: string;
  readonly line: number;
}

const BEFORE_SPECIFIER = /\bfrom\s*['"]|\bimport\s*\(?\s*['"]/g;

export function importsOf({ text }: SourceFile): Import[] {
  // The words are looked for in code only; the specifier is then read from the text.
  return [...codeOnly(text).matchAll(BEFORE_SPECIFIER)].map((match) => {
    const start = match.index + match[0].length;
    const end = text.indexOf(text[start - 1]!, start);
    return { specifier: text.slice(start, end), line: lineAt(text, start) };
  });
}
