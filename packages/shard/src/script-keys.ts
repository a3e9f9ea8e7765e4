// Whether a script, or a library of functions, can be seen to keep to the keys it declares, by a
// look at its text: whatever it calls names its keys as KEYS[...], or by a name that only ever
// stands for one of these. Scripts that build names of keys are not seen to, and those that are
// written in any other way.
//
// A "yes" has to be right: who has it may begin to write with the gates of his keys alone, and
// could not always get another one (gates.ts). A wrong "no" costs speed. So everything that could
// make KEYS[...] or a command something else than it looks like is a no: KEYS that is changed or
// handed to others, names that are set twice or are parameters, code made from text, the table of
// globals.
//
// In a library, KEYS is the first parameter of whatever is registered and nothing else.

import { extractKeys } from '@forgekv/catalog';
import { type CommandRegistry, PLACE_WORKER } from '@forgekv/commands';
import { type LuaToken, luaTokens } from './lua-tokens.ts';

type Tokens = readonly LuaToken[];

/** Text longer than this is not looked at. */
const MOST_LENGTH = 64 * 1024;
/** What gives other names for things, or makes code. */
const MAGIC = new Set(['_G', 'getfenv', 'setfenv', 'loadstring', 'load', 'debug']);
const SERVER = new Set(['redis', 'server']);
/** May be given KEYS: as what a loop goes over, and where its elements are wanted. */
const WALKERS = new Set(['ipairs', 'pairs']);
const UNPACK = 'unpack';
/** What an expression may go on with. */
const GOES_ON = new Set([...'+-*/%^<>.,[(:{', '..', '==', '~=', '<=', '>=', 'and', 'or']);
const CLOSES: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

export class ScriptKeys {
  readonly #registry: CommandRegistry;

  constructor(registry: CommandRegistry) {
    this.#registry = registry;
  }

  /** True for a script that can be seen to call for no key that it does not declare. */
  ofScript(text: string): boolean {
    return text.length <= MOST_LENGTH && this.#keep(luaTokens(text), new Set(['KEYS']));
  }

  /** The same for all functions of a library, whose first line is no Lua. */
  ofLibrary(code: string): boolean {
    if (code.length > MOST_LENGTH) return false;
    const tokens = luaTokens(code.slice(code.indexOf('\n') + 1));
    const tables = firstParameters(tokens);
    return tables !== null && this.#keep(tokens, tables);
  }

  #keep(tokens: Tokens, tables: ReadonlySet<string>): boolean {
    if (!areOnlyRead(tokens, tables)) return false;
    const names = namesOfKeys(tokens, tables);
    for (const [i, { kind, text }] of tokens.entries()) {
      if (kind !== 'name') continue;
      if (MAGIC.has(text)) return false;
      if (!SERVER.has(text)) continue;
      if (!isAt(tokens, i + 1, '.')) return false;
      const member = tokens[i + 2]?.text;
      if (member !== 'call' && member !== 'pcall') continue;
      const args = isAt(tokens, i + 3, '(') ? argumentsOf(tokens, i + 3) : null;
      const isKey = (arg: Tokens): boolean =>
        isElement(arg, tables) || (arg.length === 1 && names.has(arg[0]!.text));
      if (args === null || !this.#namesKeys(args, isKey)) return false;
    }
    return true;
  }

  /** True when every key of a call is one of those. */
  #namesKeys(args: readonly Tokens[], isKey: (arg: Tokens) => boolean): boolean {
    const { table, places, wideTests } = this.#registry;
    const words = args.map((arg) =>
      arg.length === 1 && arg[0]!.kind !== 'name' && arg[0]!.kind !== 'operator'
        ? Buffer.from(arg[0]!.text, 'latin1')
        : null,
    );
    const [name] = words;
    if (name === null || name === undefined) return false;
    let id = table.lookup(name, 0, name.length);
    if (id >= 0 && table.isContainer[id] === 1) {
      const sub = words[1];
      if (sub === null || sub === undefined) return false;
      id = table.lookupSub(id, sub, 0, sub.length);
    }
    // Some look up keys that follow from data, some go over whole databases.
    if (id < 0 || places[id] === PLACE_WORKER || wideTests[id] !== undefined) return false;
    const isExact = table.isKeyRangeExact[id] === 1;
    // A call in the last place may give any number of arguments.
    const isOpen = [')', '...'].includes(args.at(-1)?.at(-1)?.text ?? '');
    if (isOpen && (!isExact || table.lastKey[id]! < 0)) return false;
    let isKnown = true;
    const found: number[] = [];
    const count = extractKeys(
      table,
      id,
      args.length,
      (i) => {
        isKnown &&= words[i] !== null;
        return words[i] ?? Buffer.alloc(0);
      },
      found,
    );
    return isKnown && count >= 0 && found.slice(0, count).every((i) => isKey(args[i] ?? []));
  }
}

function isAt(tokens: Tokens, i: number, text: string): boolean {
  const token = tokens[i];
  return token !== undefined && token.kind !== 'string' && token.text === text;
}

/** The index behind what a bracket at `i` encloses, or the end. */
function behind(tokens: Tokens, i: number): number {
  const open = tokens[i]!.text;
  let depth = 0;
  for (let at = i; at < tokens.length; at++) {
    if (isAt(tokens, at, open)) depth++;
    else if (isAt(tokens, at, CLOSES[open]!) && --depth === 0) return at + 1;
  }
  return tokens.length;
}

/** What lies between the commas of a call whose bracket is at `i`. */
function argumentsOf(tokens: Tokens, i: number): Tokens[] {
  const end = behind(tokens, i) - 1;
  const args: Tokens[] = [];
  let from = i + 1;
  for (let at = from; at < end; at++) {
    const token = tokens[at]!;
    if (token.kind === 'operator' && token.text in CLOSES) at = behind(tokens, at) - 1;
    else if (isAt(tokens, at, ',')) {
      args.push(tokens.slice(from, at));
      from = at + 1;
    }
  }
  return [...args, tokens.slice(from, end)];
}

/** True for KEYS[...] and nothing else. */
function isElement(tokens: Tokens, tables: ReadonlySet<string>): boolean {
  const [first] = tokens;
  if (first?.kind !== 'name' || !tables.has(first.text) || !isAt(tokens, 1, '[')) return false;
  return behind(tokens, 1) === tokens.length;
}

/** True when tables of keys are only read, and nobody else gets hold of them. */
function areOnlyRead(tokens: Tokens, tables: ReadonlySet<string>): boolean {
  return tokens.every((token, i) => {
    if (token.kind !== 'name' || !tables.has(token.text)) return true;
    if (isParameter(tokens, i) || isAt(tokens, i - 1, '#')) return true;
    if (isAt(tokens, i + 1, '[')) return !isSet(tokens, behind(tokens, i + 1));
    const reader = tokens[i - 2];
    if (!isAt(tokens, i - 1, '(') || reader?.kind !== 'name' || !isOriginal(tokens, reader.text)) {
      return false;
    }
    // A walker's second result is the table itself.
    return reader.text === UNPACK || (WALKERS.has(reader.text) && isAt(tokens, i - 3, 'in'));
  });
}

/** True for a name that nobody gives another meaning. */
function isOriginal(tokens: Tokens, name: string): boolean {
  return tokens.every((token, i) => {
    if (token.kind !== 'name' || token.text !== name) return true;
    if (isAt(tokens, i - 1, 'function') || isAt(tokens, i - 1, 'local')) return false;
    return !isParameter(tokens, i) && !isLoopVariable(tokens, i) && !isSet(tokens, i + 1);
  });
}

/** True when what ends before `i` is set there, alone or as one of several. */
function isSet(tokens: Tokens, i: number): boolean {
  let at = i;
  for (;;) {
    const token = tokens[at];
    if (token === undefined || token.kind === 'string' || token.kind === 'number') return false;
    if (token.text === '=') return true;
    if (token.text === '[' || token.text === '(') at = behind(tokens, at);
    else if (token.text === ',' || token.text === '.') at++;
    else if (token.kind === 'name' && (isAt(tokens, at - 1, ',') || isAt(tokens, at - 1, '.')))
      at++;
    else return false;
  }
}

/** True for a name in the head of a function. */
function isParameter(tokens: Tokens, i: number): boolean {
  let at = i - 1;
  while (isAt(tokens, at, ',') || (tokens[at]?.kind === 'name' && isAt(tokens, at + 1, ','))) at--;
  if (!isAt(tokens, at, '(')) return false;
  at--;
  while (tokens[at]?.kind === 'name' && !isAt(tokens, at, 'function')) {
    at--;
    if (isAt(tokens, at, '.') || isAt(tokens, at, ':')) at--;
    else break;
  }
  return isAt(tokens, at, 'function');
}

/** Names that are set once, to a declared key. */
function namesOfKeys(tokens: Tokens, tables: ReadonlySet<string>): Set<string> {
  const found = new Set<string>();
  for (let i = 0; i < tokens.length; i++) {
    if (!isAt(tokens, i, '=')) continue;
    const left: string[] = [];
    let at = i - 1;
    for (; tokens[at]?.kind === 'name'; at -= 2) {
      left.push(tokens[at]!.text);
      if (!isAt(tokens, at - 1, ',')) break;
    }
    const right = keysFrom(tokens, i + 1, tables);
    if (right === left.length) for (const name of left) found.add(name);
  }
  for (const name of found) if (!isSetOnce(tokens, name)) found.delete(name);
  return found;
}

/** How many keys, separated by commas, an expression is; -1: it is something else. */
function keysFrom(tokens: Tokens, from: number, tables: ReadonlySet<string>): number {
  let at = from;
  for (let count = 1; ; count++) {
    const token = tokens[at];
    if (token?.kind !== 'name' || !tables.has(token.text) || !isAt(tokens, at + 1, '[')) return -1;
    at = behind(tokens, at + 1);
    if (!isAt(tokens, at, ',')) {
      const next = tokens[at];
      return next !== undefined && (next.kind === 'string' || GOES_ON.has(next.text)) ? -1 : count;
    }
    at++;
  }
}

function isSetOnce(tokens: Tokens, name: string): boolean {
  let times = 0;
  for (const [i, token] of tokens.entries()) {
    if (token.kind !== 'name' || token.text !== name) continue;
    if (isParameter(tokens, i) || isLoopVariable(tokens, i)) return false;
    if (isSet(tokens, i + 1)) times++;
  }
  return times === 1;
}

function isLoopVariable(tokens: Tokens, i: number): boolean {
  let at = i - 1;
  while (isAt(tokens, at, ',') || (tokens[at]?.kind === 'name' && isAt(tokens, at + 1, ','))) at--;
  return isAt(tokens, at, 'for');
}

/**
 * The first parameters of the functions that a library registers; null: they may be given something
 * else, too.
 */
function firstParameters(tokens: Tokens): Set<string> | null {
  const tables = new Set<string>();
  const others = new Set<string>();
  for (let i = 0; i < tokens.length; i++) {
    if (!isAt(tokens, i, 'function')) continue;
    const open = tokens.findIndex((_, at) => at > i && isAt(tokens, at, '('));
    if (open < 0) return null;
    const parameters = argumentsOf(tokens, open).map(([first]) => first?.text ?? '');
    const name = localName(tokens, i, open);
    const isGiven = name === '' ? isRegistered(tokens, i) : isOnlyGiven(tokens, name);
    const [first = '', ...rest] = parameters;
    if (isGiven) tables.add(first);
    else others.add(first);
    for (const name of rest) others.add(name);
  }
  tables.delete('');
  return [...tables].some((name) => others.has(name)) ? null : tables;
}

/** The name of a local function that begins at `i`, whose bracket is at `open`; '': it has none. */
function localName(tokens: Tokens, i: number, open: number): string {
  if (open === i + 2 && isAt(tokens, i - 1, 'local')) return tokens[i + 1]!.text;
  const isSetTo = open === i + 1 && isAt(tokens, i - 1, '=') && isAt(tokens, i - 3, 'local');
  return isSetTo ? tokens[i - 2]!.text : '';
}

/** True for a value at `i` that is what a call of `redis.register_function` registers. */
function isRegistered(tokens: Tokens, i: number): boolean {
  if (isAt(tokens, i - 1, ',') && isAt(tokens, i - 3, '(')) return isRegister(tokens, i - 4);
  if (!isAt(tokens, i - 1, '=') || !isAt(tokens, i - 2, 'callback')) return false;
  let at = i - 3;
  // To the table's bracket; a callback comes behind plain fields, mostly.
  while (at >= 0 && !isAt(tokens, at, '{') && !isAt(tokens, at, 'function')) at--;
  if (!isAt(tokens, at, '{') || !isAt(tokens, i - 3, at === i - 3 ? '{' : ',')) return false;
  // That of its flags.
  if (isAt(tokens, at - 1, '=') && isAt(tokens, at - 2, 'flags')) {
    at -= 3;
    while (at >= 0 && !isAt(tokens, at, '{') && !isAt(tokens, at, 'function')) at--;
  }
  return isRegister(tokens, isAt(tokens, at - 1, '(') ? at - 2 : at - 1);
}

function isRegister(tokens: Tokens, i: number): boolean {
  if (!isAt(tokens, i, 'register_function') || !isAt(tokens, i - 1, '.')) return false;
  return SERVER.has(tokens[i - 2]?.text ?? '') && tokens[i - 2]?.kind === 'name';
}

/** True for a function of which nothing is done but that it is registered. */
function isOnlyGiven(tokens: Tokens, name: string): boolean {
  let definitions = 0;
  return tokens.every((token, i) => {
    if (token.kind !== 'name' || token.text !== name) return true;
    const isSetTo = isAt(tokens, i - 1, 'local') && isAt(tokens, i + 1, '=');
    if (isAt(tokens, i - 1, 'function') || isSetTo) return ++definitions === 1;
    const next = tokens[i + 1]?.text ?? '';
    return isRegistered(tokens, i) && (next === ')' || next === ',' || next === '}');
  });
}
