// What can be wrong with a configuration, and what is only worth a warning. Both name the place.

import { findDirective } from './directives.ts';

/** The name of the "file" that the command line is. */
export const COMMAND_LINE = '(command line)';

/** One line of configuration, split; also an option of the command line. */
export interface ConfLine {
  /** A path, or COMMAND_LINE. */
  readonly file: string;
  /** From 1; on the command line the position of the argument. */
  readonly line: number;
  /** The line as it was written. */
  readonly text: string;
  /** The directive's name and its arguments, at least one word. */
  readonly words: readonly string[];
}

/** One thing that stops the start. */
export interface ConfigProblem {
  readonly file: string;
  /** 0 when the whole file is meant. */
  readonly line: number;
  /** The line, shortened, without the value of a secret. */
  readonly text: string;
  readonly reason: string;
}

/** A directive that is known but has no effect in this version. */
export interface ConfigWarning {
  readonly file: string;
  readonly line: number;
  /** As it was written, so that it can be found in the file. */
  readonly name: string;
  readonly reason: string;
}

/** Further problems are not collected: the first few show what is wrong. */
export const MAX_PROBLEMS = 50;

/** A configuration that cannot be used. The message lists every problem found. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'ERR_CONFIG';
  /** At least one, in the order they were found. */
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(problems.map(describe).join('\n'), options);
    this.problems = problems;
  }
}

/** What is wrong with a line that was split or, without `words`, could not be. */
export function problemOf(
  where: Omit<ConfLine, 'words'> & { readonly words?: readonly string[] },
  reason: string,
): ConfigProblem {
  const { file, line, text, words } = where;
  return { file, line, text: withoutSecret(text, words?.[0]), reason };
}

function describe({ file, line, text, reason }: ConfigProblem): string {
  const place = line === 0 ? file : `${file}:${line}`;
  return text === '' ? `${place}: ${reason}` : `${place}: ${reason}: ${text}`;
}

const MAX_SHOWN_CHARS = 160;

/** The line for a person to read: no control characters, no password, not endless. */
export function withoutSecret(text: string, word: string | undefined): string {
  const name = word ?? /^[\s"'-]*([\w-]+)/.exec(text)?.[1] ?? '';
  const secret = findDirective(name)?.directive.secret === true;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const shown = (secret ? `${name} (not shown)` : text).replace(/[\x00-\x1f\x7f]/g, '?');
  return shown.length > MAX_SHOWN_CHARS ? `${shown.slice(0, MAX_SHOWN_CHARS)}...` : shown;
}
