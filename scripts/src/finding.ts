// What a rule has to say about a file.

import type { SourceTree } from './source-tree.ts';

export interface Finding {
  readonly path: string;
  /** From 1; 0 when it is about the whole file. */
  readonly line: number;
  /** Name of the rule. */
  readonly rule: string;
  readonly message: string;
  /** A warning is shown and fails nothing. */
  readonly isWarning?: boolean;
}

export type Rule = (tree: SourceTree) => Finding[];

/** Returns the line, from 1, of an offset in a text. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

/** Returns a finding as one line, in the form editors can jump to. */
export function formatFinding({ path, line, rule, message, isWarning }: Finding): string {
  const place = line === 0 ? path : `${path}:${line}`;
  return `${place}: ${isWarning ? 'warning ' : ''}${rule}: ${message}`;
}
