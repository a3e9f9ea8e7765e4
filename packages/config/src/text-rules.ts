// Checks of single texts, by the rule a string directive names. A rule may also put the text into
// its canonical spelling.

import type { TextRule } from './directive.ts';
import { accept, type Outcome, refuse } from './outcome.ts';

type Check = (text: string, name: string) => Outcome<string>;

const CHECKS: Readonly<Record<TextRule, Check>> = {
  any: accept,
  'base-name': baseName,
  hostname,
  'title-template': titleTemplate,
  'keyspace-events': keyspaceEvents,
};

/** The text as it is stored, or why it is refused. `name` is the directive's, for the reason. */
export function checkText(rule: TextRule, text: string, name: string): Outcome<string> {
  return CHECKS[rule](text, name);
}

function baseName(text: string, name: string): Outcome<string> {
  // Redis: an empty dbfilename is let through, the other two are not.
  if (text === '' && name !== 'dbfilename') return refuse(`${name} can't be empty`);
  if (!/[/\\]/.test(text)) return accept(text);
  return refuse(`${name} can't be a path, just a ${name.endsWith('dirname') ? 'dir' : 'file'}name`);
}

function hostname(text: string): Outcome<string> {
  if (text.length >= 256) return refuse('Hostnames must be less than 256 characters');
  if (/^[A-Za-z0-9.-]*$/.test(text)) return accept(text);
  return refuse('Hostnames may only contain alphanumeric characters, hyphens or dots');
}

const TITLE_VARIABLE = /\{(title|listen-addr|server-mode|port|tls-port|unixsocket|config-file)\}/g;

function titleTemplate(text: string): Outcome<string> {
  if (text !== '' && !/[{}]/.test(text.replace(TITLE_VARIABLE, ''))) return accept(text);
  return refuse('template format is invalid or contains unknown variables');
}

/** The classes `A` stands for, in the order they are printed. */
const ALL_CLASSES = 'g$lshzxetd';
const OTHER_CLASSES = 'nKEm';

/**
 * Puts the classes into the order of CONFIG GET, with `A` for all it covers.
 * Redis: forgets to print `n` beside `A`; here it stays, so that reading back loses nothing.
 */
function keyspaceEvents(text: string): Outcome<string> {
  const wanted = new Set(text);
  if (wanted.delete('A')) for (const letter of ALL_CLASSES) wanted.add(letter);
  const pick = (letters: string): string => [...letters].filter((c) => wanted.has(c)).join('');
  const [ordinary, others] = [pick(ALL_CLASSES), pick(OTHER_CLASSES)];
  if (ordinary.length + others.length !== wanted.size) {
    return refuse("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
  }
  return accept((ordinary === ALL_CLASSES ? 'A' : ordinary) + others);
}
