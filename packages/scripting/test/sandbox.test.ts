// What a script may try against the engine: escapes, endless loops, endless growth, deep recursion,
// and the known holes of Lua's libraries. Everything ends in an error within its budget, and the
// engine is as good as new.

import t, { type Test } from 'tap';
import { KILLED, LuaEngine, STOP } from '../src/index.ts';
import { FakeServer } from './fake-server.ts';

const LIMITS = {
  memoryBytes: 24 * 1024 * 1024,
  instructions: 400_000,
  hookInstructions: 10_000,
  compiledScripts: 100,
};
const INSTRUCTIONS = 'it has used up its instructions';
const MEMORY = 'not enough memory';

/** Runs scripts that must fail with an error that has `part` in it. */
function refuses(t: Test, scripts: Readonly<Record<string, string>>): void {
  const server = new FakeServer(LuaEngine.create(LIMITS));
  for (const [script, part] of Object.entries(scripts)) {
    const reply = server.eval(script, ['k'], []).toString('latin1');
    t.match(reply, new RegExp(`^-.*${escaped(part)}`), script);
    const after = 'return {redis.call("PING"), cjson.encode({1}), #KEYS, math.pi > 3}';
    const fine = '*4\r\n+PONG\r\n$3\r\n[1]\r\n:1\r\n:1\r\n';
    t.equal(server.eval(after, ['k'], []).toString('latin1'), fine, `after ${script}`);
  }
}

function escaped(text: string): string {
  return text.replace(/[()[\]'.?+*]/g, '\\$&');
}

t.test('endless loops end, however they catch errors', (t) => {
  refuses(t, {
    'while true do end': INSTRUCTIONS,
    'repeat until false': INSTRUCTIONS,
    'for i = 1, 1e18 do end': INSTRUCTIONS,
    'while true do pcall(function() while true do end end) end': INSTRUCTIONS,
    'local f = function() while true do end end while true do xpcall(f, f) end': INSTRUCTIONS,
    'local f = function() error("x") end while true do xpcall(f, f) end': INSTRUCTIONS,
    ['local c = coroutine.wrap(function() while true do pcall(function() while true do end ' +
      'end) end end) while true do pcall(c) end']: INSTRUCTIONS,
    'while true do coroutine.wrap(function() while true do end end)() end': INSTRUCTIONS,
    'while true do coroutine.resume(coroutine.create(function() while true do end end)) end':
      INSTRUCTIONS,
    'return setmetatable({}, {__index = function() while true do end end}).x': INSTRUCTIONS,
    'table.sort({1, 2, 3}, function() while true do end end)': INSTRUCTIONS,
    'return ("a"):gsub("a", function() while true do end end)': INSTRUCTIONS,
    'return load(function() return "x = 1 " end)': '',
    'while true do redis.pcall("PING") end': INSTRUCTIONS,
    'return ("a"):rep(100):find(("a*"):rep(20) .. "b")': INSTRUCTIONS,
    'return ("a"):rep(1e6):gsub(".-b", "")': INSTRUCTIONS,
    'return ("("):rep(1e6):find("%b()")': INSTRUCTIONS,
    'return ("a"):rep(1e6):match("(a*)%1b")': INSTRUCTIONS,
    'for s in ("a"):rep(1e6):gmatch("(.-)(.-)b") do end': INSTRUCTIONS,
    'local t = {} for i = 1, 25 do t = {t, t} end return cjson.encode(t)': INSTRUCTIONS,
    'local t = {} for i = 1, 15 do t = {t, t, t, t, t, t} end return cmsgpack.pack(t)':
      INSTRUCTIONS,
  });
  t.end();
});

t.test('endless growth ends', (t) => {
  refuses(t, {
    'local s = "x" while true do s = s .. s end': MEMORY,
    'local t = {} for i = 1, 1e9 do t[i] = {i, {i}} end': '',
    'local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(1e5) .. i end': MEMORY,
    'local t = {} for i = 1, 100 do t[i] = ("x"):rep(1e6) end return table.concat(t)': MEMORY,
    'return ("x"):rep(1e6):gsub("x", ("y"):rep(1000))': MEMORY,
    'return ("x"):rep(1e9)': 'resulting string too large',
    'return ("x"):rep(2^31 - 1)': 'resulting string too large',
    'local s = ("x"):rep(1e7) return cjson.encode({s, s, s, s})': MEMORY,
    'local s = ("x"):rep(1e7) return cmsgpack.pack(s, s, s, s)': MEMORY,
    'local s = ("x"):rep(1e7) return struct.pack("ssss", s, s, s, s)': MEMORY,
  });
  t.end();
});

t.test('garbage is no growth', (t) => {
  const server = new FakeServer(LuaEngine.create({ ...LIMITS, instructions: 0 }));
  const script =
    'collectgarbage("stop") collectgarbage("setpause", 100000) local s\n' +
    'for i = 1, 1500 do s = ("x"):rep(100000) .. i end return #s';
  t.equal(server.eval(script, [], []).toString(), ':100004\r\n');
  t.ok(server.engine.usedBytes < LIMITS.memoryBytes / 2);
  t.end();
});

t.test('deep recursion ends', (t) => {
  refuses(t, {
    'local function f() return 1 + f() end return f()': 'stack overflow',
    'local function f() return ("a"):gsub("a", f) end return f()': 'C stack overflow',
    'local function f() return setmetatable({}, {__index = f}).x end return f()':
      'C stack overflow',
    'local function f() return coroutine.wrap(f)() end return f()': 'C stack overflow',
    'local function f() redis.call("PING") return coroutine.wrap(f)() end return f()': 'overflow',
    ['local function g(n) if n == 0 then return redis.call("PING") end\n' +
      'return (("a"):gsub("a", function() return g(n - 1).ok end)) end\n' +
      'local function f(n) if n == 0 then return g(150) end\n' +
      'return coroutine.wrap(function() return f(n - 1) end)() end return f(60)']: '',
    'error(loadstring(("("):rep(100000)) or "refused")': 'refused',
    'return ("a"):rep(300000):find(("a?"):rep(300000))': 'pattern too complex',
    'return cjson.decode(("["):rep(100000))': 'Found too many nested data structures',
    'cjson.decode_max_depth(1000000) return cjson.decode(("["):rep(100000))': '',
    'cjson.encode_max_depth(1000000) local t = {} t[1] = t return cjson.encode(t)': '',
    'return cmsgpack.unpack(("\\145"):rep(100000))': '',
  });
  const server = new FakeServer(LuaEngine.create(LIMITS));
  const nested = server.eval('local t = {} t[1] = t return t', [], []).toString();
  t.match(nested, /^(\*1\r\n)+-ERR reached lua stack limit\r\n$/);
  t.end();
});

t.test('ranges and sizes are checked', (t) => {
  refuses(t, {
    'return unpack({}, 0, 2147483647)': 'too many results to unpack',
    'return unpack({}, -2147483648, 2147483647)': 'too many results to unpack',
    'return unpack({}, 1, 1e6)': 'too many results to unpack',
    'table.insert({1, 2, 3}, -2147483648, 1)': 'position out of bounds',
    'return ("x"):rep(1e5):byte(1, -1)': 'string slice too long',
    'return string.char(unpack({}, 1, 7000))': 'number expected',
    'return struct.pack("i2147483647", 1)': 'larger than limit',
    'return struct.unpack("i2147483648", "x")': 'integral size overflow',
    'return struct.unpack("c2147483647", "x")': 'data string too short',
    'return struct.unpack("c9999999999999999999999", "x")': 'integral size overflow',
    'return struct.unpack("bc0", "\\200abc")': 'data string too short',
    'return struct.unpack("!2147483647b", "x")': 'not a power of 2',
    'return struct.size("c99999999999")': 'integral size overflow',
    'return struct.unpack("i4", "abcdef", 2147483647)': 'data string too short',
    'return struct.unpack("i4", "abcdef", -2147483648)': 'data string too short',
    'return cmsgpack.unpack("\\221\\255\\255\\255\\255")': 'Missing bytes',
    'return cmsgpack.unpack("\\223\\255\\255\\255\\255")': 'Missing bytes',
    'return cmsgpack.unpack("\\219\\255\\255\\255\\255x")': 'Missing bytes',
    'return cmsgpack.unpack_limit("x", -2147483648)': 'Invalid request',
    'return cmsgpack.unpack_one("x", 2147483647)': 'greater than input length',
    'return cmsgpack.unpack(("\\1"):rep(100000))': 'too many return values',
    'error(bit.tohex(1, -2147483648))': '00000001',
    'return ("%s"):format()': 'no value',
    'return ("%1000d"):format(1)': 'invalid format',
    'return cjson.encode({[2^53] = 1})': 'excessively sparse array',
    'return cjson.decode("\\"\\\\ud800\\\\udc0\\"")': 'invalid unicode escape code',
  });
  t.end();
});

t.test('there is no way out', (t) => {
  const gone = ['io', 'package', 'require', 'module', 'debug', 'dofile', 'loadfile', 'print'];
  const also = ['setfenv', 'getfenv', 'newproxy', 'loadlib'];
  const readOnly = 'Attempt to modify a readonly table';
  refuses(t, {
    ...Object.fromEntries([...gone, ...also].map((name) => [`return ${name}`, 'nonexistent'])),
    'return os.execute("ls")': 'attempt to call field',
    'return os.getenv("PATH")': 'attempt to call field',
    'return loadstring(string.dump(function() return 1 end))()': 'attempt to call a nil value',
    'return loadstring("\\27LuaQ")()': 'attempt to call a nil value',
    'local done return load(function() if not done then done = true return "\\27LuaQ" end end)()':
      'attempt to call a nil value',
    'local parts = {"\\27", "LuaQ"} return load(function() return table.remove(parts, 1) end)()':
      'attempt to call a nil value',
    'x = 1': readOnly,
    '_G.x = 1': readOnly,
    '_G._G.string = {}': readOnly,
    'rawset(_G, "x", 1)': readOnly,
    'rawset(string, "len", nil)': readOnly,
    'string.len = nil': readOnly,
    'os.clock = nil': readOnly,
    'table.insert(_G, 1)': readOnly,
    'table.insert(string, 1, 1)': readOnly,
    'setmetatable(_G, nil)': readOnly,
    'setmetatable(string, {__index = {}})': readOnly,
    'getmetatable("").__index = {}': readOnly,
    'getmetatable("").__index.len = nil': readOnly,
    'rawset(getmetatable(""), "__index", {})': readOnly,
    'getmetatable(_G).__index = nil': readOnly,
    'rawset(getmetatable(_G), "__index", nil)': readOnly,
    'setmetatable(getmetatable(""), {})': readOnly,
    'setmetatable("", {})': 'table expected',
    'getmetatable(redis).__newindex = nil': 'nil value',
    'getmetatable(getmetatable("")).x = 1': 'nil value',
    'local m = getmetatable(1) m.x = 1': 'nil value',
    'local m = getmetatable(function() end) m.x = 1': 'nil value',
    'for k, v in pairs(_G) do if type(v) == "table" then rawset(v, "x", 1) end end': readOnly,
    'local _, v = next(redis) redis[_] = v': readOnly,
    'loadstring("x = 1")()': readOnly,
    'coroutine.wrap(function() x = 1 end)()': readOnly,
    'pcall(rawset, redis, "x", 1) return redis.x.y': 'nil value',
    'table.foreach(_G, function(k, v) if k == "string" then v.len = nil end end)': readOnly,
    'redis.call = nil': readOnly,
    'redis.register_function("f", function() end)': 'nil value',
    'cjson.null = 1': readOnly,
  });
  t.end();
});

t.test('nothing of one script is left to the next but what Redis leaves', (t) => {
  const server = new FakeServer();
  server.eval('KEYS[9] = "x" ARGV[9] = "y" local t = redis.pcall("PING") t.x = 1', ['k'], ['a']);
  t.equal(
    server.eval('return {#KEYS, #ARGV, KEYS[9], 1}', ['k'], []).toString(),
    '*2\r\n:1\r\n:0\r\n',
  );
  server.eval('redis.setresp(3)', [], []);
  t.equal(server.eval('return true', [], [], true).toString(), ':1\r\n');
  t.end();
});

t.test('a kill ends a script once, and a stop leaves no reply', (t) => {
  const server = new FakeServer();
  let asked = 0;
  server.interruption = () => (++asked > 3 ? KILLED : 0);
  const script = 'while true do pcall(redis.call, "PING") end';
  t.match(
    server.eval(script, [], []).toString(),
    /^-ERR Script killed by user with SCRIPT KILL\.\.\. /,
  );
  server.interruption = () => STOP;
  t.equal(server.eval(script, [], []).toString(), '');
  server.interruption = () => 0;
  t.equal(server.eval('return 1', [], []).toString(), ':1\r\n');
  t.end();
});

t.test('a kill is seen soon, though every instruction takes long', (t) => {
  const server = new FakeServer();
  const slow = [
    'local t = {} for i = 1, 2e4 do t[i] = i end\n' +
      'while true do table.remove(t, 1) table.insert(t, 1, 0) end',
    'local s = ("x"):rep(1e6) while true do local x = s .. s end',
    'local s = ("x"):rep(1e6) while true do local x = s:upper() end',
  ];
  for (const script of slow) {
    let asked = 0;
    server.interruption = () => (++asked > 30 ? KILLED : 0);
    t.match(server.eval(script, [], []).toString(), /^-ERR Script killed by user/, script);
  }
  server.interruption = () => 0;
  const large =
    'local t = {} for i = 1, 20000 do t[i] = (i * 7919) % 20011 end table.sort(t)\n' +
    'for i = 2, #t do if t[i - 1] > t[i] then return 0 end end return 1';
  t.equal(server.eval(large, [], []).toString(), ':1\r\n');
  t.end();
});
