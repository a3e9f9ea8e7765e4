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
import { LuaNames } from './lua-names.ts';
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
/** Between `function` and its bracket, and in a table before a callback. */
const MOST_NAME_TOKENS = 16;
const MOST_FIELD_TOKENS = 64;
const OPENS = new Set(['(', '[', '{']);

export class ScriptKeys {
  readonly #registry: CommandRegistry;

  constructor(registry: CommandRegistry) {
    this.#registry = registry;
  }

  /** True for a script that can be seen to call for no key that it does not declare. */
  ofScript(text: string): boolean {
    return text.length <= MOST_LENGTH && this.#keep(readNames(text), new Set(['KEYS']));
  }

  /** The same for all functions of a library, whose first line is no Lua. */
  ofLibrary(code: string): boolean {
    if (code.length > MOST_LENGTH) return false;
    const names = readNames(code.slice(code.indexOf('\n') + 1));
    const tables = firstParameters(names);
    return tables !== null && this.#keep(names, tables);
  }

  #keep(names: LuaNames, tables: ReadonlySet<string>): boolean {
    if (!areOnlyRead(names, tables)) return false;
    const { tokens, mentions } = names;
    for (const name of MAGIC) if (mentions.has(name)) return false;
    const keys = namesOfKeys(names, tables);
    const isKey = ([from, to]: Range): boolean =>
      endOfElement(names, from, tables) === to ||
      (to === from + 1 && tokens[from]!.kind === 'name' && keys.has(tokens[from]!.text));
    for (const server of SERVER) {
      for (const i of mentions.get(server) ?? []) {
        if (!names.isAt(i + 1, '.')) return false;
        const member = names.nameAt(i + 2);
        if (member !== 'call' && member !== 'pcall') continue;
        if (!names.isAt(i + 3, '(')) return false;
        if (!this.#namesKeys(tokens, argumentsOf(names, i + 3), isKey)) return false;
      }
    }
    return true;
  }

  /** True when every key of a call is one of those. */
  #namesKeys(tokens: Tokens, args: readonly Range[], isKey: (arg: Range) => boolean): boolean {
    const { table, places, wideTests } = this.#registry;
    const words = args.map((arg) => wordOf(tokens, arg));
    const [name, sub] = words;
    if (name === null || name === undefined) return false;
    let id = table.lookupForClients(name, 0, name.length);
    if (id >= 0 && table.isContainer[id] === 1) {
      if (sub === null || sub === undefined) return false;
      id = table.lookupSub(id, sub, 0, sub.length);
    }
    // Some look up keys that follow from data, some go over whole databases.
    if (id < 0 || places[id] === PLACE_WORKER || wideTests[id] !== undefined) return false;
    const isExact = table.isKeyRangeExact[id] === 1;
    // A call in the last place may give any number of arguments.
    const isOpen = [')', '...'].includes(tokens[args.at(-1)![1] - 1]?.text ?? '');
    if (isOpen && (!isExact || table.lastKey[id]! < 0)) return false;
    let isKnown = true;
    const wordAt = (i: number): Buffer => {
      isKnown &&= words[i] !== null;
      return words[i] ?? Buffer.alloc(0);
    };
    const found: number[] = [];
    const count = extractKeys(table, id, args.length, wordAt, found);
    if (!isKnown || count < 0) return false;
    return found.slice(0, count).every((i) => args[i] !== undefined && isKey(args[i]));
  }
}

/** From and to, as indexes of tokens. */
type Range = readonly [from: number, to: number];

function readNames(text: string): LuaNames {
  return new LuaNames(luaTokens(text));
}

/** An argument that is written out; null: it is something else. */
function wordOf(tokens: Tokens, [from, to]: Range): Buffer | null {
  const token = tokens[from];
  if (to !== from + 1 || (token?.kind !== 'string' && token?.kind !== 'number')) return null;
  return Buffer.from(token.text, 'latin1');
}

/** What lies between the commas of a call whose bracket is at `i`. */
function argumentsOf(names: LuaNames, i: number): Range[] {
  const end = names.match[i]!;
  const args: Range[] = [];
  let from = i + 1;
  for (let at = from; at < end; at++) {
    const token = names.tokens[at]!;
    if (token.kind !== 'operator') continue;
    if (OPENS.has(token.text)) at = names.behind(at) - 1;
    else if (token.text === ',') {
      args.push([from, at]);
      from = at + 1;
    }
  }
  args.push([from, end]);
  return args;
}

/** Behind a KEYS[...] that begins at `i`; -1: there is none. */
function endOfElement(names: LuaNames, i: number, tables: ReadonlySet<string>): number {
  const isElement = tables.has(names.nameAt(i)) && names.isAt(i + 1, '[');
  return isElement ? names.behind(i + 1) : -1;
}

/** True when tables of keys are only read, and nobody else gets hold of them. */
function areOnlyRead(names: LuaNames, tables: ReadonlySet<string>): boolean {
  const isRead = (i: number): boolean => {
    if (names.parameterAt.has(i) || names.isAt(i - 1, '#') || names.isAt(i + 1, '[')) return true;
    const reader = names.nameAt(i - 2);
    if (!names.isAt(i - 1, '(') || !names.isOriginal(reader)) return false;
    // A walker's second result is the table itself.
    return reader === UNPACK || (WALKERS.has(reader) && names.isAt(i - 3, 'in'));
  };
  for (const table of tables) {
    if (names.isSet(table) || !(names.mentions.get(table) ?? []).every(isRead)) return false;
  }
  return true;
}

/** Names that are set once, to a declared key. */
function namesOfKeys(names: LuaNames, tables: ReadonlySet<string>): Set<string> {
  const found = new Set<string>();
  for (let i = 0; i < names.tokens.length; i++) {
    if (!names.isAt(i, '=')) continue;
    const left: string[] = [];
    for (let at = i - 1; names.nameAt(at) !== ''; at -= 2) {
      left.push(names.nameAt(at));
      if (!names.isAt(at - 1, ',')) break;
    }
    if (keysFrom(names, i + 1, tables) !== left.length) continue;
    for (const name of left) if (names.isSetOnce(name)) found.add(name);
  }
  return found;
}

/** How many keys, separated by commas, an expression is; -1: it is something else. */
function keysFrom(names: LuaNames, from: number, tables: ReadonlySet<string>): number {
  let at = from;
  for (let count = 1; ; count++) {
    at = endOfElement(names, at, tables);
    if (at < 0) return -1;
    if (names.isAt(at, ',')) {
      at++;
      continue;
    }
    const next = names.tokens[at];
    return next !== undefined && (next.kind === 'string' || GOES_ON.has(next.text)) ? -1 : count;
  }
}

/**
 * The first parameters of the functions that a library registers; null: they may be given something
 * else, too.
 */
function firstParameters(names: LuaNames): Set<string> | null {
  const tables = new Set<string>();
  const others = new Set<string>();
  for (const i of names.mentions.get('function') ?? []) {
    let open = i + 1;
    while (open < i + MOST_NAME_TOKENS && !names.isAt(open, '(')) open++;
    if (!names.isAt(open, '(')) return null;
    const name = localName(names, i, open);
    const isGiven = name === '' ? isRegistered(names, i) : isOnlyGiven(names, name);
    for (let at = open + 1; at < names.behind(open) - 1; at++) {
      if (!names.parameterAt.has(at)) continue;
      (isGiven && at === open + 1 ? tables : others).add(names.nameAt(at));
    }
  }
  return [...tables].some((name) => others.has(name)) ? null : tables;
}

/** The name of a local function that begins at `i`, whose bracket is at `open`; '': it has none. */
function localName(names: LuaNames, i: number, open: number): string {
  if (open === i + 2 && names.isAt(i - 1, 'local')) return names.nameAt(i + 1);
  const isSetTo = open === i + 1 && names.isAt(i - 1, '=') && names.isAt(i - 3, 'local');
  return isSetTo ? names.nameAt(i - 2) : '';
}

/** True for a value at `i` that is what a call of `redis.register_function` registers. */
function isRegistered(names: LuaNames, i: number): boolean {
  if (names.isAt(i - 1, ',') && names.isAt(i - 3, '(')) return isRegister(names, i - 4);
  if (!names.isAt(i - 1, '=') || !names.isAt(i - 2, 'callback')) return false;
  // To the table's bracket: a callback stands behind plain fields, and that of its flags.
  for (let at = i - 3; at >= Math.max(0, i - MOST_FIELD_TOKENS); at--) {
    if (names.isAt(at, '}')) at = names.match[at]!;
    else if (names.isAt(at, 'function')) return false;
    else if (names.isAt(at, '{')) {
      return isRegister(names, names.isAt(at - 1, '(') ? at - 2 : at - 1);
    }
  }
  return false;
}

function isRegister(names: LuaNames, i: number): boolean {
  const isMember = names.isAt(i, 'register_function') && names.isAt(i - 1, '.');
  return isMember && SERVER.has(names.nameAt(i - 2));
}

/** True for a function of which nothing is done but that it is registered. */
function isOnlyGiven(names: LuaNames, name: string): boolean {
  let definitions = 0;
  return names.mentions.get(name)!.every((i) => {
    const isSetTo = names.isAt(i - 1, 'local') && names.isAt(i + 1, '=');
    if (names.isAt(i - 1, 'function') || isSetTo) return ++definitions === 1;
    const ends = names.isAt(i + 1, ')') || names.isAt(i + 1, ',') || names.isAt(i + 1, '}');
    return ends && isRegistered(names, i);
  });
}
