// Whether a script can be seen to keep to the keys it declares, by a look at its text: what it
// calls for is KEYS[...], or a name that only ever stands for one of these. Scripts that build
// names of keys are left, and those that are written in any other way. A wrong "yes" costs a
// TRYAGAIN in rare cases (gates.ts), a wrong "no" only speed.

const COMMENT = /--\[(=*)\[[\s\S]*?\]\1\]|--[^\n]*/g;
/** Each mention of the server, and how it goes on. */
const MENTION = /\b(?:redis|server)\b\s*(?:\.\s*(\w+))?/g;
/** Behind the name of a function that calls: a command, alone or with its first argument. */
const CALL = /^\s*\(\s*(["'])[\w|]+\1\s*(?:\)|,\s*(KEYS\s*\[[^[\]]*\]|\w+)\s*[,)])/;
const KEY = /^KEYS\s*\[/;
/** Names that are set, and what to. */
const ASSIGNMENT = new RegExp(
  String.raw`(?:^|[\s;])(?:local\s+)?(\w+(?:\s*,\s*\w+)*)\s*=\s*` +
    String.raw`(KEYS\s*\[[^[\]]*\](?:\s*,\s*KEYS\s*\[[^[\]]*\])*)` +
    // It goes on: that is no key that was declared.
    String.raw`(?!\s*(?:[-+*/%^<>=~:.,[(]|or\b|and\b))`,
  'g',
);
/** Text longer than this is not looked at. */
const MOST_LENGTH = 64 * 1024;

/** Returns true for a script that can be seen to call for no key that it does not declare. */
export function keepsToKeys(script: string): boolean {
  if (script.length > MOST_LENGTH) return false;
  const source = script.replace(COMMENT, ' ');
  const names = namesOfKeys(source);
  for (const { 0: mention, 1: member, index } of source.matchAll(MENTION)) {
    if (member === undefined) return false;
    if (member !== 'call' && member !== 'pcall') continue;
    const call = CALL.exec(source.slice(index + mention.length));
    if (call === null) return false;
    const [, , key] = call;
    if (key !== undefined && !KEY.test(key) && !names.has(key)) return false;
  }
  return true;
}

/** Names that are set once, to a declared key. */
function namesOfKeys(source: string): Set<string> {
  const found = new Set<string>();
  for (const [, left, right] of source.matchAll(ASSIGNMENT)) {
    const names = left!.split(',').map((name) => name.trim());
    if (names.length !== right!.split(',').length) continue;
    for (const name of names) found.add(name);
  }
  for (const name of found) {
    const others = source.match(new RegExp(`\\b${name}\\b[\\w\\s,]*=(?!=)`, 'g')) ?? [];
    // Parameters and variables of loops have values of their own.
    const isOther = new RegExp(`\\b(?:for|function)\\b[^\\n]*\\b${name}\\b`).test(source);
    if (others.length !== 1 || isOther) found.delete(name);
  }
  return found;
}
