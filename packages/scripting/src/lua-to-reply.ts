// Turns the Lua value a script returned into a reply, by Redis's rules: numbers lose their
// fraction, a table with `err`, `ok`, `double`, `map`, `set`, `big_number` or `verbatim_string` is
// that, any other is an array up to its first nil. Only raw access: no metamethod of the script is
// called, so nothing can change or fail under way but for want of memory.

import type { ReplyWriter } from '@forgekv/protocol';
import {
  LUA_TBOOLEAN,
  LUA_TNIL,
  LUA_TNUMBER,
  LUA_TSTRING,
  LUA_TTABLE,
  type LuaExports,
} from './lua-exports.ts';
import type { LuaState } from './lua-module.ts';
import type { LuaStack } from './lua-stack.ts';

/** Redis: about 8,000 levels, which few clients could read. */
const MOST_DEPTH = 1000;
const TOO_DEEP = 'ERR reached lua stack limit';
const INT64_END = 2 ** 63;
const PERCENT = 37;
const STAR = 42;
const TILDE = 126;
const PAREN = 40;
const MOST_HEAD = 24;

export class LuaToReply {
  readonly #stack: LuaStack;
  readonly #lua: LuaExports;
  readonly #names: Readonly<Record<TableName, number>>;
  #depth = 0;

  constructor(stack: LuaStack) {
    this.#stack = stack;
    this.#lua = stack.lua;
    this.#names = Object.fromEntries(
      TABLE_NAMES.map((name) => [name, stack.constant(name)]),
    ) as Record<TableName, number>;
  }

  /** Begins a reply; the one before may have ended in an error. */
  begin(): void {
    this.#depth = 0;
  }

  /**
   * Writes the value on top of the stack, and pops it.
   * @param isResp3Script what `redis.setresp` chose: only then a boolean is a boolean
   */
  write(L: LuaState, reply: ReplyWriter, isResp3Script: boolean): void {
    const lua = this.#lua;
    if (this.#depth === MOST_DEPTH || lua.lua_checkstack(L, 4) === 0) {
      reply.error(TOO_DEEP);
      lua.lua_settop(L, -2);
      return;
    }
    switch (lua.lua_type(L, -1)) {
      case LUA_TSTRING: {
        const at = this.#stack.string(L, -1);
        reply.bulk(this.#stack.module.bytes, at, this.#stack.length);
        break;
      }
      case LUA_TNUMBER:
        writeInteger(reply, lua.lua_tonumber(L, -1));
        break;
      case LUA_TBOOLEAN:
        this.#boolean(reply, lua.lua_toboolean(L, -1) !== 0, isResp3Script);
        break;
      case LUA_TTABLE:
        this.#depth++;
        this.#table(L, reply, isResp3Script);
        this.#depth--;
        break;
      default:
        reply.null();
    }
    lua.lua_settop(L, -2);
  }

  #boolean(reply: ReplyWriter, value: boolean, isResp3Script: boolean): void {
    if (isResp3Script) reply.boolean(value);
    else if (value) reply.integer(1);
    else reply.null();
  }

  #table(L: LuaState, reply: ReplyWriter, isResp3Script: boolean): void {
    const lua = this.#lua;
    const stack = this.#stack;
    // Most tables are arrays: those with a first element and none of the names, which all come
    // before elements, are found with one look at each name.
    if (this.#field(L, 'err', LUA_TSTRING)) {
      reply.error(cText(stack.text(L, -1)).replace(/[\r\n]+$/, ''));
    } else if (this.#field(L, 'ok', LUA_TSTRING)) {
      reply.simple(stack.text(L, -1).replace(/[\r\n]/g, ' '));
    } else if (this.#field(L, 'double', LUA_TNUMBER)) {
      reply.double(lua.lua_tonumber(L, -1));
    } else if (this.#field(L, 'map', LUA_TTABLE)) {
      this.#pairs(L, reply, isResp3Script, true);
    } else if (this.#field(L, 'set', LUA_TTABLE)) {
      this.#pairs(L, reply, isResp3Script, false);
    } else if (this.#field(L, 'big_number', LUA_TSTRING)) {
      const text = stack.text(L, -1).replace(/[\r\n]/g, ' ');
      if (reply.resp3) {
        const line = Buffer.from(`${String.fromCharCode(PAREN)}${text}\r\n`, 'latin1');
        reply.encoded(line, 0, line.length);
      } else {
        reply.text(text);
      }
    } else if (this.#field(L, 'verbatim_string', LUA_TTABLE) && this.#verbatim(L, reply)) {
      // Written.
    } else {
      this.#array(L, reply, isResp3Script);
      return;
    }
    lua.lua_settop(L, -2);
  }

  /** Pushes a field of the table on top of the stack, if it has that type. */
  #field(L: LuaState, name: TableName, type: number): boolean {
    const lua = this.#lua;
    lua.lua_pushstring(L, this.#names[name]);
    lua.lua_rawget(L, -2);
    if (lua.lua_type(L, -1) === type) return true;
    lua.lua_settop(L, -2);
    return false;
  }

  /** Writes the verbatim string on top of the stack; pops it when it is not whole. */
  #verbatim(L: LuaState, reply: ReplyWriter): boolean {
    const lua = this.#lua;
    const stack = this.#stack;
    if (this.#field(L, 'string', LUA_TSTRING)) {
      const text = stack.text(L, -1);
      lua.lua_settop(L, -2);
      if (this.#field(L, 'format', LUA_TSTRING)) {
        const format = stack.text(L, -1);
        lua.lua_settop(L, -2);
        if (reply.resp3) {
          const body = `${`${format}   `.slice(0, 3)}:${text}`;
          const line = Buffer.from(`=${body.length}\r\n${body}\r\n`, 'latin1');
          reply.encoded(line, 0, line.length);
        } else {
          reply.text(text);
        }
        return true;
      }
    }
    lua.lua_settop(L, -2);
    return false;
  }

  #array(L: LuaState, reply: ReplyWriter, isResp3Script: boolean): void {
    const lua = this.#lua;
    // A border of the table: the first nil, unless it has holes.
    const expected = lua.lua_objlen(L, -1);
    const head = reply.position;
    reply.array(expected);
    const body = reply.position;
    let count = 0;
    for (;;) {
      lua.lua_rawgeti(L, -1, count + 1);
      if (lua.lua_type(L, -1) === LUA_TNIL) break;
      this.write(L, reply, isResp3Script);
      count++;
    }
    lua.lua_settop(L, -2);
    if (count !== expected) changeHead(reply, head, body, STAR, count);
  }

  /** Writes the table on top of the stack as a map or a set. */
  #pairs(L: LuaState, reply: ReplyWriter, isResp3Script: boolean, isMap: boolean): void {
    const lua = this.#lua;
    const head = reply.position;
    reply.array(0);
    const body = reply.position;
    let count = 0;
    lua.lua_pushnil(L);
    while (lua.lua_next(L, -2) !== 0) {
      if (isMap) {
        lua.lua_pushvalue(L, -2);
        this.write(L, reply, isResp3Script);
        this.write(L, reply, isResp3Script);
      } else {
        lua.lua_settop(L, -2);
        lua.lua_pushvalue(L, -1);
        this.write(L, reply, isResp3Script);
      }
      count++;
    }
    const kind = isMap ? PERCENT : TILDE;
    const written = isMap && !reply.resp3 ? count * 2 : count;
    changeHead(reply, head, body, reply.resp3 ? kind : STAR, written);
  }
}

const TABLE_NAMES = [
  'err',
  'ok',
  'double',
  'map',
  'set',
  'big_number',
  'verbatim_string',
  'string',
  'format',
] as const;
type TableName = (typeof TABLE_NAMES)[number];

/** Up to the first 0, where a text ends in C. */
export function cText(text: string): string {
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

/** As a cast to a 64-bit integer does: without the fraction, and what does not fit is the least. */
function writeInteger(reply: ReplyWriter, value: number): void {
  const whole = Math.trunc(value);
  if (Number.isSafeInteger(whole)) reply.integer(whole + 0);
  else if (whole >= -INT64_END && whole < INT64_END) reply.bigInteger(BigInt(whole));
  else reply.bigInteger(-(2n ** 63n));
}

/** Puts another head in front of what was written from `body` on. */
function changeHead(
  reply: ReplyWriter,
  head: number,
  body: number,
  kind: number,
  count: number,
): void {
  // The reply of a client that gets too much was dropped meanwhile.
  if (reply.overflowed) return;
  const text = `${String.fromCharCode(kind)}${count}\r\n`;
  const shift = head + text.length - body;
  reply.ensure(MOST_HEAD);
  reply.buffer.copyWithin(body + shift, body, reply.position);
  reply.buffer.write(text, head, 'latin1');
  reply.position += shift;
}
