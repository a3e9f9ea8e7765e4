// What becomes of every line of a configuration, for a person who wants to know before the start.

import { type ConfSources, collectLines } from './conf-file.ts';
import { type ConfigProblem, type ConfLine, withoutSecret } from './config-error.ts';
import { findDirective } from './directives.ts';
import { loadLines } from './load.ts';
import { whyWithoutEffect } from './without-effect.ts';

/** `refused`: it stops a start. */
export type Verdict = 'honoured' | 'without effect' | 'refused';

export interface LineReport {
  readonly file: string;
  /** From 1; 0 when the whole file is meant. */
  readonly line: number;
  /** The line, shortened, without the value of a secret. */
  readonly text: string;
  readonly verdict: Verdict;
  /** '' when it is honoured. */
  readonly reason: string;
}

/** Every directive of the sources, file by file, lines in their order. Never throws. */
export function checkConf(sources: ConfSources): readonly LineReport[] {
  const collected = collectLines(sources);
  const refused = [...collected.problems, ...loadLines(collected.lines, sources.commands).problems];
  const lines = [...collected.includes, ...collected.lines];
  const hasProblem = new Set(refused.map(placeOf));
  const reports = [
    ...lines.filter((line) => !hasProblem.has(placeOf(line))).map(reportOf),
    ...refused.map((problem) => ({ ...problem, verdict: 'refused' as const })),
  ];
  const files = [...new Set([...lines, ...refused].map(({ file }) => file))];
  return reports.sort((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line);
}

function placeOf({ file, line }: ConfLine | ConfigProblem): string {
  return `${line}:${file}`;
}

function reportOf({ file, line, text, words }: ConfLine): LineReport {
  const { directive } = findDirective(words[0]!)!;
  const isHonoured = directive.status === 'honoured';
  return {
    ...{ file, line, text: withoutSecret(text, words[0]) },
    verdict: isHonoured ? 'honoured' : 'without effect',
    reason: isHonoured ? '' : whyWithoutEffect(directive.name),
  };
}
