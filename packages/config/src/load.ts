// Turns lines of configuration into values: the start of a server, as opposed to CONFIG SET.

import {
  type ConfigProblem,
  type ConfigWarning,
  type ConfLine,
  MAX_PROBLEMS,
  problemOf,
} from './config-error.ts';
import type { Value } from './directive.ts';
import { directives, findDirective } from './directives.ts';
import { defaultOf, parseValue } from './values.ts';
import { whyWithoutEffect } from './without-effect.ts';

/** The value of every directive under its canonical name. */
export type Values = ReadonlyMap<string, Value>;

export interface Loaded {
  readonly values: Values;
  readonly warnings: readonly ConfigWarning[];
  readonly problems: readonly ConfigProblem[];
}

export function defaultValues(): Map<string, Value> {
  return new Map(directives.map((directive) => [directive.name, defaultOf(directive)]));
}

/**
 * Applies the lines in order over the defaults. Never throws; a bad line changes nothing.
 * @param commands see ConfSources
 */
export function loadLines(lines: readonly ConfLine[], commands: readonly string[] = []): Loaded {
  const names = new CommandNames(commands);
  const values = defaultValues();
  const warnings: ConfigWarning[] = [];
  const problems: ConfigProblem[] = [];
  const seen = new Set<string>();
  for (const line of lines) {
    const [name = '', ...words] = line.words;
    if (problems.length === MAX_PROBLEMS) break;
    const named = findDirective(name);
    if (named === undefined) {
      problems.push(problemOf(line, 'unknown directive'));
      continue;
    }
    const { directive } = named;
    const current = values.get(directive.name) as Value;
    const parsed = parseValue(named, words, current, !seen.has(directive.name));
    if (!parsed.ok) {
      problems.push(problemOf(line, parsed.why));
      continue;
    }
    if (directive.name === 'rename-command' && !names.rename(words)) {
      problems.push(problemOf(line, 'Target command name already exists'));
      continue;
    }
    seen.add(directive.name);
    values.set(directive.name, parsed.value);
    if (directive.status === 'accepted') {
      const reason = whyWithoutEffect(directive.name);
      warnings.push({ file: line.file, line: line.line, name, reason });
    }
  }
  return { values, warnings, problems };
}

/** What commands are called, as one line after the other renames them. */
class CommandNames {
  readonly #names: Set<string>;

  constructor(names: readonly string[]) {
    this.#names = new Set(names.map((name) => name.toLowerCase()));
  }

  /** False: another command is called so. A command that there is not changes nothing. */
  rename([name = '', newName = '']: readonly string[]): boolean {
    if (!this.#names.delete(name.toLowerCase())) return true;
    if (newName === '') return true;
    if (this.#names.has(newName.toLowerCase())) return false;
    this.#names.add(newName.toLowerCase());
    return true;
  }
}
