/**
 * What commands do, said as simply as can be: the sequential specification that histories are
 * compared with. It knows the commands of the workload only, and no expiry.
 */
import type { Operation, Plain, PlainCommand } from './operation.ts';

type Value = string | readonly string[] | ReadonlySet<string>;

/** Keys and their values; treated as immutable once made. */
export type ModelState = ReadonlyMap<string, Value>;
type Draft = Map<string, Value>;

export const EMPTY_STATE: ModelState = new Map();

const OK = '+OK';
const WRONG_TYPE = '!WRONGTYPE Operation against a key holding the wrong kind of value';
const NOT_INTEGER = '!ERR value is not an integer or out of range';
const NO_SUCH_KEY = '!ERR no such key';

/** Thrown with the text of an error reply. */
class Refusal {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Rule = (state: Draft, args: readonly string[]) => Plain;

interface CommandModel {
  readonly keys: (args: readonly string[]) => readonly string[];
  readonly isRead?: true;
  readonly run: Rule;
}

const first = (args: readonly string[]) => args.slice(0, 1);
const firstTwo = (args: readonly string[]) => args.slice(0, 2);
const all = (args: readonly string[]) => args;
const everySecond = (args: readonly string[]) => args.filter((_, i) => i % 2 === 0);

const COMMANDS: Readonly<Record<string, CommandModel>> = {
  GET: { keys: first, isRead: true, run: (s, [key]) => stringAt(s, key!) },
  SET: {
    keys: first,
    run: (s, [key, value]) => {
      s.set(key!, value!);
      return OK;
    },
  },
  SETNX: {
    keys: first,
    run: (s, [key, value]) => {
      if (s.has(key!)) return 0;
      s.set(key!, value!);
      return 1;
    },
  },
  GETSET: {
    keys: first,
    run: (s, [key, value]) => {
      const before = stringAt(s, key!);
      s.set(key!, value!);
      return before;
    },
  },
  DEL: { keys: all, run: (s, keys) => keys.filter((key) => s.delete(key)).length },
  EXISTS: { keys: all, isRead: true, run: (s, keys) => keys.filter((key) => s.has(key)).length },
  INCR: { keys: first, run: (s, [key]) => add(s, key!, 1) },
  INCRBY: { keys: first, run: (s, [key, amount]) => add(s, key!, Number(amount)) },
  MSET: {
    keys: everySecond,
    run: (s, args) => {
      for (let i = 0; i < args.length; i += 2) s.set(args[i]!, args[i + 1]!);
      return OK;
    },
  },
  MGET: {
    keys: all,
    isRead: true,
    run: (s, keys) =>
      keys.map((key) => {
        const value = s.get(key);
        return typeof value === 'string' ? value : null;
      }),
  },
  RENAME: {
    keys: firstTwo,
    run: (s, [from, to]) => {
      const value = s.get(from!);
      if (value === undefined) return NO_SUCH_KEY;
      s.delete(from!);
      s.set(to!, value);
      return OK;
    },
  },
  RPUSH: {
    keys: first,
    run: (s, [key, ...values]) => {
      const list = [...listAt(s, key!), ...values];
      s.set(key!, list);
      return list.length;
    },
  },
  LPOP: { keys: first, run: (s, [key]) => pop(s, key!, true) },
  LLEN: { keys: first, isRead: true, run: (s, [key]) => listAt(s, key!).length },
  LRANGE: { keys: first, isRead: true, run: (s, [key]) => listAt(s, key!) },
  LMOVE: {
    keys: firstTwo,
    run: (s, [from, to, where, whereTo]) => {
      if (listAt(s, from!).length === 0) return null;
      listAt(s, to!);
      const value = pop(s, from!, where === 'LEFT') as string;
      const target = listAt(s, to!);
      s.set(to!, whereTo === 'LEFT' ? [value, ...target] : [...target, value]);
      return value;
    },
  },
  SADD: {
    keys: first,
    run: (s, [key, ...members]) => {
      const before = setAt(s, key!);
      const after = new Set([...before, ...members]);
      s.set(key!, after);
      return after.size - before.size;
    },
  },
  SREM: {
    keys: first,
    run: (s, [key, ...members]) => {
      const before = setAt(s, key!);
      const after = new Set([...before].filter((member) => !members.includes(member)));
      putSet(s, key!, after);
      return before.size - after.size;
    },
  },
  SMOVE: {
    keys: firstTwo,
    run: (s, [from, to, member]) => {
      const source = new Set(setAt(s, from!));
      const target = setAt(s, to!);
      if (!source.delete(member!)) return 0;
      putSet(s, from!, source);
      s.set(to!, new Set([...target, member!]));
      return 1;
    },
  },
  SMEMBERS: { keys: first, isRead: true, run: (s, [key]) => [...setAt(s, key!)].sort() },
  SINTERSTORE: { keys: all, run: (s, args) => store(s, args, intersect) },
  SUNIONSTORE: { keys: all, run: (s, args) => store(s, args, (a, b) => new Set([...a, ...b])) },
};

/** The keys a command names. @throws Error for a command that is not modelled. */
export function keysOf(command: PlainCommand): readonly string[] {
  return modelOf(command).keys(command.slice(1));
}

/** True when it changes nothing, whatever the state. */
export function isReadOnly({ commands }: Operation): boolean {
  return commands.every((command) => modelOf(command).isRead === true);
}

/** A reply to a command in the order the model uses: the members of a set have none. */
export function inModelOrder(command: PlainCommand, reply: Plain): Plain {
  if (command[0] !== 'SMEMBERS' || !Array.isArray(reply)) return reply;
  return [...(reply as string[])].sort();
}

/**
 * Executes an operation in a state.
 * @returns the state after it, or undefined when its reply is not what it would have been here
 */
export function stepModel(state: ModelState, operation: Operation): ModelState | undefined {
  const draft: Draft = new Map(state);
  for (const { command, reply } of operation.seen) {
    if (!isSame(run(draft, command), reply)) return undefined;
  }
  const { commands, isBlock, reply } = operation;
  const replies = commands.map((command) => run(draft, command));
  if (reply !== undefined && !isSame(isBlock ? replies : replies[0]!, reply)) return undefined;
  return draft;
}

/** The same text for equal states. */
export function describeState(state: ModelState): string {
  const entries = [...state].map(([key, value]) => {
    if (typeof value === 'string') return `${key}=${value}`;
    if (Array.isArray(value)) return `${key}=[${value.join()}]`;
    return `${key}={${[...(value as ReadonlySet<string>)].sort().join()}}`;
  });
  return entries.sort().join(' ');
}

function modelOf(command: PlainCommand): CommandModel {
  const model = COMMANDS[command[0]!];
  if (model === undefined) throw new Error(`no model of ${command[0]}`);
  return model;
}

function run(state: Draft, command: PlainCommand): Plain {
  try {
    return modelOf(command).run(state, command.slice(1));
  } catch (error) {
    if (error instanceof Refusal) return error.text;
    throw error;
  }
}

function isSame(a: Plain, b: Plain): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((item, i) => isSame(item, b[i]));
}

function stringAt(state: Draft, key: string): string | null {
  const value = state.get(key) ?? null;
  if (value !== null && typeof value !== 'string') throw new Refusal(WRONG_TYPE);
  return value;
}

function listAt(state: Draft, key: string): readonly string[] {
  const value = state.get(key) ?? [];
  if (!Array.isArray(value)) throw new Refusal(WRONG_TYPE);
  return value;
}

function setAt(state: Draft, key: string): ReadonlySet<string> {
  const value = state.get(key) ?? new Set<string>();
  if (!(value instanceof Set)) throw new Refusal(WRONG_TYPE);
  return value;
}

function putSet(state: Draft, key: string, value: ReadonlySet<string>): void {
  if (value.size === 0) state.delete(key);
  else state.set(key, value);
}

function add(state: Draft, key: string, amount: number): number {
  const text = stringAt(state, key) ?? '0';
  if (!/^-?\d+$/.test(text)) throw new Refusal(NOT_INTEGER);
  const sum = Number(text) + amount;
  state.set(key, String(sum));
  return sum;
}

function pop(state: Draft, key: string, isLeft: boolean): string | null {
  const list = listAt(state, key);
  if (list.length === 0) return null;
  const rest = isLeft ? list.slice(1) : list.slice(0, -1);
  if (rest.length === 0) state.delete(key);
  else state.set(key, rest);
  return (isLeft ? list[0] : list.at(-1)) as string;
}

type Combine = (a: ReadonlySet<string>, b: ReadonlySet<string>) => ReadonlySet<string>;

function intersect(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...a].filter((member) => b.has(member)));
}

function store(state: Draft, [target, ...keys]: readonly string[], combine: Combine): number {
  const result = keys.map((key) => setAt(state, key)).reduce(combine);
  putSet(state, target!, result);
  return result.size;
}
