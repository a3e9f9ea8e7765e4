// A server for tests of scripts: the few commands the corpus calls, on a map, with Redis's replies
// and its texts of errors inside scripts; and EVAL around an engine. Not a server of clients.

import { createHash } from 'node:crypto';
import { ReplyWriter } from '@forgekv/protocol';
import {
  ACL_ALLOWED,
  ACL_INVALID,
  type AclAnswer,
  CALL_DONE,
  type CallOutcome,
  GO_ON,
  type Interruption,
  LuaEngine,
  type ScriptCommand,
  type ScriptHost,
} from '../src/index.ts';

type Value = string | string[] | Map<string, string>;

const UNKNOWN = 'ERR Unknown Redis command called from script';
const ARITY = 'ERR Wrong number of args calling Redis command from script';
const FORBIDDEN = 'ERR This Redis command is not allowed from script';
const WRONG_TYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value';
const NOT_INTEGER = 'ERR value is not an integer or out of range';

/** Smallest and largest number of arguments, the name included. */
const ARITIES: Readonly<Record<string, readonly [number, number]>> = {
  ping: [1, 2],
  echo: [2, 2],
  set: [3, 99],
  get: [2, 2],
  incr: [2, 2],
  incrby: [3, 3],
  del: [2, 9999],
  exists: [2, 9999],
  type: [2, 2],
  mget: [2, 9999],
  rpush: [3, 9999],
  lrange: [4, 4],
  hset: [4, 9999],
  hgetall: [2, 2],
  sadd: [3, 9999],
  smembers: [2, 2],
  zadd: [4, 9999],
  zscore: [3, 3],
};
const NOT_IN_SCRIPTS = ['subscribe', 'multi', 'eval'];

export class FakeServer implements ScriptHost {
  readonly engine: LuaEngine;
  readonly keys = new Map<string, Value>();
  readonly lines: string[] = [];
  /** Commands executed so far. */
  calls = 0;
  /** What `interrupted` answers. */
  interruption: () => Interruption = () => GO_ON;

  constructor(engine: LuaEngine = LuaEngine.create()) {
    this.engine = engine;
  }

  /** EVAL, with the bytes of the reply. */
  eval(body: string, keys: readonly string[], args: readonly string[], resp3 = false): Buffer {
    const reply = new ReplyWriter(1024);
    reply.resp3 = resp3;
    const bytes = Buffer.from(body, 'latin1');
    const script = this.engine.compile(createHash('sha1').update(bytes).digest('hex'), bytes);
    if (typeof script === 'string') {
      reply.error(script);
    } else {
      const all = [...keys, ...args].map((text) => Buffer.from(text, 'latin1'));
      const offsets = new Int32Array(all.length * 2);
      let at = 0;
      for (const [index, argument] of all.entries()) {
        offsets.set([at, argument.length], index * 2);
        at += argument.length;
      }
      const run = { bytes: Buffer.concat(all), args: offsets, first: 0 };
      const counts = { keyCount: keys.length, argCount: args.length };
      this.engine.run(script, { ...run, ...counts }, this, reply);
    }
    return Buffer.from(reply.buffer.subarray(0, reply.position));
  }

  execute(command: ScriptCommand, reply: ReplyWriter): CallOutcome {
    this.calls++;
    const args = argumentsOf(command);
    const problem = problemOf(args);
    if (problem !== null) reply.error(problem);
    else this.#execute(args, reply);
    return CALL_DONE;
  }

  aclCheck(command: ScriptCommand): AclAnswer {
    const name = argumentsOf(command)[0]!.toLowerCase();
    return ARITIES[name] === undefined ? ACL_INVALID : ACL_ALLOWED;
  }

  log(level: number, text: string): void {
    this.lines.push(`${level} ${text}`);
  }

  interrupted(): Interruption {
    return this.interruption();
  }

  #execute([name, ...args]: string[], reply: ReplyWriter): void {
    const [key = '', ...rest] = args;
    const value = this.keys.get(key);
    switch (name!.toLowerCase()) {
      case 'ping':
        reply.simple('PONG');
        return;
      case 'echo':
        reply.text(key);
        return;
      case 'set':
        this.keys.set(key, rest[0]!);
        reply.ok();
        return;
      case 'get':
        if (value !== undefined && typeof value !== 'string') reply.error(WRONG_TYPE);
        else bulk(reply, value);
        return;
      case 'incr':
        this.#add(key, 1n, reply);
        return;
      case 'incrby':
        this.#add(key, BigInt(rest[0]!), reply);
        return;
      case 'del':
        reply.integer(args.filter((each) => this.keys.delete(each)).length);
        return;
      case 'exists':
        reply.integer(args.filter((each) => this.keys.has(each)).length);
        return;
      case 'type':
        reply.simple(value === undefined ? 'none' : 'string');
        return;
      case 'mget':
        reply.array(args.length);
        for (const each of args) bulk(reply, this.keys.get(each) as string | undefined);
        return;
      default:
        this.#collection(name!.toLowerCase(), key, rest, reply);
    }
  }

  #collection(name: string, key: string, rest: string[], reply: ReplyWriter): void {
    const value = this.keys.get(key);
    if (typeof value === 'string') {
      reply.error(WRONG_TYPE);
      return;
    }
    const items = (value ?? []) as string[];
    switch (name) {
      case 'rpush':
      case 'sadd':
        this.keys.set(key, [...items, ...rest]);
        reply.integer(items.length + rest.length);
        return;
      case 'lrange':
      case 'smembers':
        if (name === 'smembers') reply.set(items.length);
        else reply.array(items.length);
        for (const item of items) reply.text(item);
        return;
      case 'hset':
        this.keys.set(key, rest);
        reply.integer(rest.length / 2);
        return;
      case 'hgetall':
        reply.map(items.length / 2);
        for (const item of items) reply.text(item);
        return;
      case 'zadd':
        this.keys.set(key, rest);
        reply.integer(1);
        return;
      default:
        if (items.length === 0) reply.null();
        else reply.double(Number(items[0]));
    }
  }

  #add(key: string, by: bigint, reply: ReplyWriter): void {
    const value = this.keys.get(key) ?? '0';
    if (typeof value !== 'string' || !/^-?\d+$/.test(value)) {
      reply.error(NOT_INTEGER);
      return;
    }
    const sum = BigInt(value) + by;
    this.keys.set(key, sum.toString());
    reply.bigInteger(sum);
  }
}

function argumentsOf(command: ScriptCommand): string[] {
  return Array.from({ length: command.argc }, (_, i) => {
    const at = command.args[i * 2]!;
    return command.bytes.toString('latin1', at, at + command.args[i * 2 + 1]!);
  });
}

function problemOf(args: readonly string[]): string | null {
  const name = args[0]!.toLowerCase();
  if (NOT_IN_SCRIPTS.includes(name)) return FORBIDDEN;
  const arity = ARITIES[name];
  if (arity === undefined) return UNKNOWN;
  return args.length < arity[0] || args.length > arity[1] ? ARITY : null;
}

function bulk(reply: ReplyWriter, text: string | undefined): void {
  if (text === undefined) reply.null();
  else reply.text(text);
}
