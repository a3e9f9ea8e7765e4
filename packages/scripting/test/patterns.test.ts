// Our matcher of Lua patterns beside the one of Lua's own C library, which runs in the same module:
// the same random patterns, subjects and calls to both, compared with all captures and errors.

import { Random } from '@forgekv/base';
import t from 'tap';
import { LUA_GLOBALSINDEX } from '../src/lua-exports.ts';
import { LuaModule } from '../src/lua-module.ts';
import { LuaStack } from '../src/lua-stack.ts';
import { findBytes } from '../src/patterns/find-bytes.ts';
import { setPatternFunctions } from '../src/patterns/pattern-library.ts';

const CASES = 8_000;
const SEED = 20_26_11;
const ITEMS = [
  ...['a', 'b', '.', '%a', '%d', '%s', '%w', '%p', '%A', '%z', '%x', '%.', '%%', '[ab]', '[^a]'],
  ...['[a-c]', '[%d_]', '[]]', '[^%s]', '(a)', '(', ')', '(a*)', '()', '%1', '%2', '%bab'],
  ...['%f[%a]', '$', '^', 'é', '-', '*', '%', '[', '[a', '%f', '%b', '(.-)', '(%w+)', ' '],
];
const REPEATS = ['', '', '', '', '*', '+', '-', '?'];
const LETTERS = 'aaabbc 1_.-%\0é]';
const REPLACEMENTS = ['"x"', '"%0%0"', '"<%1>"', '"%2"', '"%%"', '"%"', '7', 'true', 'nil'];
const FUNCTIONS = [
  'function(a) return a end',
  'function(a, b) return b end',
  'function() return false end',
  'function() return {} end',
  '{a = "A", b = 5, ab = false}',
];

t.test('the same as in C', (t) => {
  const module = new LuaModule(64 * 1024 * 1024);
  const { lua } = module;
  const stack = new LuaStack(module, 64 * 1024 * 1024);
  const L = lua.lua_newstate(module.allocator, module.allocation);
  for (const open of [lua.luaopen_base, lua.luaopen_string]) {
    lua.lua_pushcclosure(L, module.addExported(open), 0);
    lua.lua_call(L, 0, 0);
  }
  lua.lua_createtable(L, 0, 0);
  setPatternFunctions(L, stack);
  lua.lua_setfield(L, LUA_GLOBALSINDEX, stack.constant('mine'));
  const evaluate = (code: string): string => {
    const bytes = Buffer.from(code, 'latin1');
    const at = module.scratch(bytes.length);
    module.bytes.set(bytes, at);
    if (lua.luaL_loadbuffer(L, at, bytes.length, stack.constant('=code')) === 0) {
      lua.lua_pcall(L, 0, 1, 0);
    }
    const text = stack.text(L, -1);
    lua.lua_settop(L, 0);
    return text;
  };
  const random = new Random(SEED);
  const pick = <T>(from: readonly T[]): T => from[random.below(from.length)]!;
  let matched = 0;
  let failed = 0;
  for (let i = 0; i < CASES; i++) {
    const pattern = Array.from({ length: 1 + random.below(4) }, () => pick(ITEMS) + pick(REPEATS));
    const letters = Array.from({ length: random.below(12) }, () => pick([...LETTERS]));
    const quoted = (text: string): string => `"${text.replace(/[^ -!#-Z^-~[\]]/g, decimal)}"`;
    const given = `${quoted(letters.join(''))}, ${quoted(pattern.join(''))}`;
    const start = random.below(3) === 0 ? `, ${random.below(16) - 8}` : '';
    const call = pick([
      `find(${given}${start})`,
      `match(${given}${start})`,
      `gsub(${given}, ${pick(REPLACEMENTS)}${start})`,
      `gsub(${given}, ${pick(FUNCTIONS)}${start})`,
    ]);
    const show = (library: string): string =>
      `local r = {pcall(function() return ${library}.${call} end)}
       local s = "" for i = 1, 40 do s = s .. "|" .. tostring(r[i]) end return s`;
    const walk = (library: string): string =>
      `local s = "" local ok, e = pcall(function() for a, b, c in ${library}.gmatch(${given}) do
       s = s .. "|" .. tostring(a) .. tostring(b) .. tostring(c) end end)
       return s .. tostring(ok) .. tostring(e)`;
    const code = random.below(5) === 0 ? walk : show;
    const expected = evaluate(code('string'));
    if (/^\|false|false/.test(expected)) failed++;
    else if (!expected.startsWith('|true|nil')) matched++;
    const got = evaluate(code('mine'));
    // Tables have addresses.
    if (got.replace(/table: \S+/g, '') !== expected.replace(/table: \S+/g, '')) {
      t.equal(got, expected, `seed ${SEED}, case ${i}: ${code('string')}`);
      break;
    }
  }
  t.comment(`seed ${SEED}: ${CASES} calls, ${matched} with a match, ${failed} with an error`);
  t.ok(matched > CASES / 10);
  t.ok(failed > CASES / 20);
  t.end();
});

function decimal(character: string): string {
  return `\\${character.charCodeAt(0).toString().padStart(3, '0')}`;
}

t.test('plain text is found in linear time', (t) => {
  const random = new Random(SEED);
  for (let i = 0; i < 500; i++) {
    const text = Array.from({ length: 50 }, () => (random.below(2) === 0 ? 'a' : 'b')).join('');
    const what = Array.from({ length: 1 + random.below(6) }, () =>
      random.below(2) === 0 ? 'a' : 'b',
    );
    const bytes = Buffer.from(text + what.join(''));
    t.equal(findBytes(bytes, 0, 50, 50, what.length), text.indexOf(what.join('')));
  }
  const half = 200_000;
  const bytes = Buffer.alloc(half * 2 + 1 + half, 'a');
  bytes[half * 3] = 98;
  t.equal(findBytes(bytes, 0, half * 2, half * 2, half + 1), -1);
  bytes[half + 7] = 98;
  t.equal(findBytes(bytes, 0, half * 2, half * 2, half + 1), 7);
  t.end();
});
