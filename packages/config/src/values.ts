// Between the words of a line or of CONFIG SET and a typed value, for every kind of directive.

import type { Directive, EnumDirective, Value } from './directive.ts';
import type { NamedDirective } from './directives.ts';
import { checkList } from './list-rules.ts';
import { formatNumber, parseNumber } from './numbers.ts';
import { accept, type Outcome, refuse, WRONG_ARGUMENT_COUNT } from './outcome.ts';
import { checkText } from './text-rules.ts';

/** Every value is handed to every thread, so it has to have a bound. */
const MAX_WORD_CHARS = 65_536;

/** The value a directive has when nobody sets it. */
export function defaultOf(directive: Directive): Value {
  return directive.kind === 'lines' ? [] : directive.default;
}

/**
 * Parses the words behind a directive's name. `current` is the value so far, and `first` tells
 * whether it is still the default or is to be replaced (CONFIG SET), not added to.
 */
export function parseValue(
  named: NamedDirective,
  words: readonly string[],
  current: Value,
  first: boolean,
): Outcome<Value> {
  const { directive } = named;
  if (words.some((word) => word.length > MAX_WORD_CHARS)) return refuse('argument is too long');
  // Redis: a text ends at its first NUL, or keeps it, depending on the directive.
  if (words.some((word) => word.includes('\0'))) return refuse("argument can't contain a NUL byte");
  if (directive.kind === 'list') {
    return checkList(directive.rule, listWords(words), current as readonly string[], first);
  }
  if (directive.kind === 'lines') {
    const [min, max] = directive.words;
    if (words.length < min || words.length > max) return refuse(WRONG_ARGUMENT_COUNT);
    if (directive.name === 'rename-command' && words[0]!.includes('|')) return refuse(ONLY_WHOLE);
    const earlier = current as readonly (readonly string[])[];
    return accept([...earlier, [...words]]);
  }
  const [text] = words;
  if (text === undefined || words.length > 1) return refuse(WRONG_ARGUMENT_COUNT);
  switch (directive.kind) {
    case 'boolean':
      return parseBoolean(text);
    case 'enum':
      return parseWord(directive, named.twinWords ?? directive.words, text);
    case 'string':
      return checkText(directive.rule, text, directive.name);
    default:
      return parseNumber(directive, text);
  }
}

const ONLY_WHOLE =
  'only a whole command can be renamed or removed: rules of users say who may call a subcommand';

/** A value as CONFIG GET prints it under this name. */
export function formatValue(named: NamedDirective, value: Value): string {
  const { directive, twinWords } = named;
  switch (directive.kind) {
    case 'boolean':
      return value === true ? 'yes' : 'no';
    case 'enum':
      return (twinWords ?? directive.words)[directive.words.indexOf(value as string)] ?? '';
    case 'string':
      return value as string;
    case 'list':
    case 'lines':
      return (value as readonly string[]).join(' ');
    default:
      return formatNumber(directive.kind, value as number);
  }
}

export function sameValue(a: Value, b: Value): boolean {
  return a === b || (typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b));
}

/** A list may be written as words or as one argument of words, which CONFIG SET has only. */
function listWords(words: readonly string[]): readonly string[] {
  const [only = ''] = words;
  if (words.length !== 1) return words;
  return only === '' ? [] : only.split(' ');
}

function parseBoolean(text: string): Outcome<boolean> {
  const word = text.toLowerCase();
  if (word === 'yes' || word === 'no') return accept(word === 'yes');
  return refuse("argument must be 'yes' or 'no'");
}

function parseWord(
  directive: EnumDirective,
  vocabulary: readonly string[],
  text: string,
): Outcome<string> {
  const word = text.toLowerCase();
  const index = vocabulary.findIndex((choice) => choice.toLowerCase() === word);
  const value = directive.words[index];
  if (value !== undefined) return accept(value);
  return refuse(`argument(s) must be one of the following: ${vocabulary.join(', ')}`);
}
