// The file of users: a line for each, in the format of ACL LIST. Read as a whole or not at all, and
// replaced as a whole. Bytes are latin-1 text here, so that names and patterns may be any bytes.

import { readFileSync } from 'node:fs';
import { type AclUser, hasBlanks, joinSelectors } from '@forgekv/commands';
import { reasonOf, replaceFile } from './replace-file.ts';

const NO_CHANGE =
  'WARNING: ACL errors detected, no change to the previously active ACL rules was performed';
const UNKNOWN_NAME = 'Unknown command or category name in ACL';

/** The users, or everything that is wrong, in Redis's words. */
export type AclFileOutcome =
  | { readonly ok: true; readonly users: ReadonlyMap<string, AclUser> }
  | { readonly ok: false; readonly error: string };

/**
 * Reads a file of users.
 * @param name of the file, as it is configured: errors have it
 * @param newUser makes one without any rules
 */
export function readAclFile(
  path: string,
  name: string,
  newUser: (name: string) => AclUser,
): AclFileOutcome {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    const why = reasonOf(error as NodeJS.ErrnoException);
    return { ok: false, error: `Error loading ACLs, opening file '${name}': ${why}` };
  }
  const users = new Map<string, AclUser>();
  const errors: string[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    const words = line.split(/[ \t\r]+/).filter((word) => word !== '');
    if (words.length > 0) readLine(words, `${name}:${i + 1}`, i + 1, users, newUser, errors);
  }
  if (errors.length === 0) return { ok: true, users };
  return { ok: false, error: `${errors.join('')}${NO_CHANGE}` };
}

function readLine(
  [keyword, name, ...words]: readonly string[],
  where: string,
  line: number,
  users: Map<string, AclUser>,
  newUser: (name: string) => AclUser,
  errors: string[],
): void {
  if (keyword !== 'user' || name === undefined) {
    errors.push(`${where} should start with user keyword followed by the username. `);
  } else if (hasBlanks(name)) {
    errors.push(`'${where}: username '${name}' contains invalid characters. `);
  } else if (users.has(name)) {
    errors.push(`WARNING: Duplicate user '${name}' found on line ${line}. `);
  } else {
    const rules = joinSelectors(words);
    if ('openAt' in rules) {
      errors.push(`${where}: Unmatched parenthesis in selector definition.`);
      return;
    }
    const user = newUser(name);
    errors.push(...applyRules(user, rules, where));
    users.set(name, user);
  }
}

/** All names that are unknown, of other mistakes only the first. */
function applyRules(user: AclUser, rules: readonly string[], where: string): string[] {
  const errors: string[] = [];
  let isBad = false;
  for (const rule of rules) {
    const problem = user.apply(rule);
    if (problem === UNKNOWN_NAME) {
      errors.push(`${where}: Error in applying operation '${rule}': ${problem}. `);
    } else if (problem !== '' && !isBad) {
      errors.push(`${where}: ${problem}. `);
      isBad = true;
    }
  }
  return errors;
}

/**
 * Replaces a file of users. Durable when it returns; before that, either may be found after a
 * crash.
 * @throws what the file system throws, and the old one stays
 */
export function writeAclFile(path: string, lines: readonly string[]): void {
  const text = lines.map((line) => `${line}\n`).join('');
  replaceFile(path, Buffer.from(text, 'latin1'));
}
