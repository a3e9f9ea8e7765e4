// Libraries of functions: what can be wrong with one (the texts are those of Redis 7.0.15), running
// them, and dump, restore and list.

import { ReplyWriter } from '@forgekv/protocol';
import t from 'tap';
import {
  dumpLibraries,
  FunctionEngine,
  KILLED,
  RESTORE_APPEND,
  RESTORE_FLUSH,
  RESTORE_REPLACE,
  readOnlyProblem,
  SCRIPT_ALLOW_OOM,
  SCRIPT_NO_WRITES,
  writeFunctionList,
} from '../src/index.ts';
import { FakeServer } from './fake-server.ts';

const HEAD = '#!lua name=a\n';
const NAMES =
  'ERR Library names can only contain letters, numbers, or underscores(_) and must be at least ' +
  'one character long';
const REGISTER = `${HEAD}redis.register_function`;
const NAMED = `${REGISTER}{function_name="f", callback=function() end`;
const TWICE = `${REGISTER}("f", function() end) redis.register_function("f", function() end)`;
const REGISTERING = 'ERR Error registering functions: ERR';

const refused: Readonly<Record<string, string>> = {
  x: 'ERR Missing library metadata',
  '#!lua': 'ERR Invalid library metadata',
  '#!lua\nx': 'ERR Library name was not given',
  '#!lua name=\nx': NAMES,
  '#!lua name=a-b\nx': NAMES,
  '#!lua name=a name=b\nx': 'ERR Invalid metadata value, name argument was given multiple times',
  '#!lua foo=b name=a\nx': 'ERR Invalid metadata value given: foo=b',
  '#!py name=a\nx': "ERR Engine 'py' not found",
  [`${HEAD}x x`]: "ERR Error compiling function: user_function:2: '=' expected near 'x'",
  [`${HEAD}local a`]: 'ERR No functions registered',
  [`${HEAD}error("x")`]: `${REGISTERING} user_function:2: Script attempted to access nonexistent \
global variable 'error'`,
  [`${HEAD}redis.call("x")`]: `${REGISTERING} user_function:2: Script attempted to access \
nonexistent global variable 'call'`,
  [`${HEAD}local x = string`]: `${REGISTERING} user_function:2: Script attempted to access \
nonexistent global variable 'string'`,
  [`${HEAD}x = 1`]: `${REGISTERING} user_function:2: Attempt to modify a readonly table`,
  [`${HEAD}redis.x = 1`]: `${REGISTERING} user_function:2: Attempt to modify a readonly table`,
  [`${HEAD}local x = nil + 1`]: `${REGISTERING} user_function:2: attempt to perform arithmetic \
on a nil value`,
  [`${HEAD}while true do end`]: `${REGISTERING} FUNCTION LOAD timeout`,
  [`${REGISTER}()`]: `${REGISTERING} wrong number of arguments to redis.register_function`,
  [`${REGISTER}("f", function() end, 3)`]: `${REGISTERING} wrong number of arguments to \
redis.register_function`,
  [`${REGISTER}(1)`]: `${REGISTERING} calling redis.register_function with a single argument is \
only applicable to Lua table (representing named arguments).`,
  [`${REGISTER}("f", 1)`]: `${REGISTERING} second argument to redis.register_function must be a \
function`,
  [`${REGISTER}({}, function() end)`]: `${REGISTERING} first argument to \
redis.register_function must be a string`,
  [`${REGISTER}("", function() end)`]: `ERR Error registering functions: ${NAMES}`,
  [`${REGISTER}("f-x", function() end)`]: `ERR Error registering functions: ${NAMES}`,
  [TWICE]: `${REGISTERING} Function already exists in the library`,
  [`${REGISTER}{}`]: `${REGISTERING} redis.register_function must get a function name argument`,
  [`${REGISTER}{function_name="f"}`]: `${REGISTERING} redis.register_function must get a \
callback argument`,
  [`${REGISTER}{function_name="f", callback=1}`]: `${REGISTERING} callback argument given to \
redis.register_function must be a function`,
  [`${NAMED}, flags=1}`]: `${REGISTERING} flags argument to redis.register_function must be a \
table representing function flags`,
  [`${NAMED}, flags={"x"}}`]: `${REGISTERING} unknown flag given`,
  [`${NAMED}, flags={1}}`]: `${REGISTERING} unknown flag given`,
  [`${NAMED}, foo=1}`]: `${REGISTERING} unknown argument given to redis.register_function`,
  [`${NAMED}, [1]=1}`]: `${REGISTERING} unknown argument given to redis.register_function`,
};

const REDIS_PAYLOAD =
  '9UBEIyFsdWEgbmFtZT1saWIKcmVkaXMucmVnaXN0ZXJfZnVuY3Rpb2' +
  '4oImYiLCBmdW5jdGlvbigpIHJldHVybiAxIGVuZCkKADkCofkiVSL3';

const library = (name: string, ...functions: string[]): Buffer =>
  Buffer.from(
    `#!lua name=${name}\n${functions
      .map((each) => `redis.register_function("${each}", function(k, a) return {k, a} end)`)
      .join('\n')}`,
  );

function call(
  engine: FunctionEngine,
  name: string,
  keys: string[] = [],
  args: string[] = [],
): string {
  const all = [...keys, ...args].map((each) => Buffer.from(each));
  const offsets = new Int32Array(all.length * 2);
  let at = 0;
  for (const [index, each] of all.entries()) {
    offsets.set([at, each.length], index * 2);
    at += each.length;
  }
  const reply = new ReplyWriter(100);
  const run = { bytes: Buffer.concat(all), args: offsets, first: 0 };
  const counts = { keyCount: keys.length, argCount: args.length };
  engine.run(name, { ...run, ...counts }, new FakeServer(), reply);
  return reply.buffer.toString('latin1', 0, reply.position);
}

t.test('what is wrong with a library is told as Redis tells it', (t) => {
  const engine = new FunctionEngine();
  for (const [code, text] of Object.entries(refused)) {
    t.equal(engine.load(Buffer.from(code), false), text, code);
  }
  t.equal(engine.libraries.count, 0);
  t.end();
});

t.test('functions get keys and arguments, and the whole sandbox', (t) => {
  const engine = new FunctionEngine();
  const code = `#!lua name=lib
    local calls = 0
    local function counted() calls = calls + 1 return calls end
    redis.register_function('args', function(keys, args) return {keys, args} end)
    redis.register_function('counted', counted)
    redis.register_function('fails', function()
      error('boom') end)
    redis.register_function('calls', function() return redis.call('NOSUCH') end)
    redis.register_function('keys', function() return KEYS end)
    redis.register_function('global', function() x = 1 end)
    redis.register_function('register', function() redis.register_function('z', counted) end)
    redis.register_function('libs', function() return cjson.encode({bit.band(3, 6)}) end)
    redis.register_function('loops', function() while true do end end)
    redis.register_function{function_name='read', callback=counted, description='d',
      flags={'no-writes', 'allow-oom'}}`;
  t.not(typeof engine.load(Buffer.from(code), false), 'string');
  t.equal(
    call(engine, 'args', ['k'], ['a', 'b']),
    '*2\r\n*1\r\n$1\r\nk\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n',
  );
  t.equal(call(engine, 'counted') + call(engine, 'counted'), ':1\r\n:2\r\n');
  const on = (name: string, line: number): string =>
    `script: ${name}, on @user_function:${line}.\r\n`;
  t.equal(call(engine, 'fails'), `-ERR user_function:7: boom ${on('fails', 7)}`);
  t.equal(call(engine, 'calls'), `-ERR Unknown Redis command called from script ${on('calls', 8)}`);
  t.match(call(engine, 'keys'), /nonexistent global variable 'KEYS'/);
  t.match(call(engine, 'global'), /readonly table/);
  t.match(call(engine, 'register'), /call field 'register_function' \(a nil value\)/);
  t.equal(call(engine, 'libs'), '$3\r\n[2]\r\n');
  t.equal(call(engine, 'nosuch'), '-ERR Function not found\r\n');
  t.equal(engine.find('read')!.flags, SCRIPT_NO_WRITES | SCRIPT_ALLOW_OOM);
  t.equal(readOnlyProblem(engine.find('read')!.flags), null);
  t.match(readOnlyProblem(engine.find('args')!.flags), /Can not execute a script with write flag/);
  const killer = new FakeServer();
  killer.interruption = () => KILLED;
  const reply = new ReplyWriter(100);
  const none = {
    bytes: Buffer.alloc(0),
    args: new Int32Array(0),
    first: 0,
    keyCount: 0,
    argCount: 0,
  };
  engine.run('loops', none, killer, reply);
  t.match(
    reply.buffer.toString('latin1', 0, reply.position),
    /^-ERR Script killed by user with SCRIPT KILL/,
  );
  t.equal(call(engine, 'counted'), ':3\r\n');
  t.end();
});

t.test('libraries do not take each other’s names', (t) => {
  const engine = new FunctionEngine();
  engine.load(library('one', 'f', 'g'), false);
  t.equal(engine.load(library('one', 'h'), false), "ERR Library 'one' already exists");
  t.equal(engine.load(library('two', 'g'), false), 'ERR Function g already exists');
  t.equal(engine.libraries.functionCount, 2);
  t.not(typeof engine.load(library('one', 'g', 'h'), true), 'string');
  t.equal(call(engine, 'f'), '-ERR Function not found\r\n');
  t.equal(call(engine, 'h'), '*2\r\n*0\r\n*0\r\n');
  t.equal(typeof engine.load(Buffer.from('#!lua name=one\nx x'), true), 'string');
  t.equal(call(engine, 'h'), '*2\r\n*0\r\n*0\r\n', 'a library that fails replaces nothing');
  t.equal(engine.delete('one'), true);
  t.equal(engine.delete('one'), false);
  t.equal(call(engine, 'h'), '-ERR Function not found\r\n');
  t.end();
});

t.test('dump and restore', (t) => {
  const from = new FunctionEngine();
  from.load(library('one', 'f', 'g'), false);
  from.load(library('two', 'h'), false);
  const payload = dumpLibraries(from.libraries.all());
  const to = new FunctionEngine();
  to.load(library('three', 'i'), false);
  t.equal(to.restore(payload, RESTORE_APPEND), null);
  t.equal(to.libraries.count, 3);
  t.equal(call(to, 'h'), '*2\r\n*0\r\n*0\r\n');
  t.equal(to.restore(payload, RESTORE_APPEND), 'ERR Library one already exists');
  t.equal(to.restore(payload, RESTORE_REPLACE), null);
  t.equal(to.restore(payload, RESTORE_FLUSH), null);
  t.equal(to.libraries.count, 2);
  t.equal(call(to, 'i'), '-ERR Function not found\r\n');
  t.equal(call(to, 'f'), '*2\r\n*0\r\n*0\r\n');
  to.flush();
  to.load(library('four', 'f'), false);
  t.equal(to.restore(payload, RESTORE_REPLACE), 'ERR Function f already exists');
  t.equal(to.libraries.count, 1);
  t.equal(call(to, 'f'), '*2\r\n*0\r\n*0\r\n');
  const damaged = Buffer.from(payload);
  damaged[3]! ^= 1;
  t.equal(to.restore(damaged, RESTORE_FLUSH), 'ERR DUMP payload version or checksum are wrong');
  t.equal(
    to.restore(Buffer.alloc(0), RESTORE_FLUSH),
    'ERR DUMP payload version or checksum are wrong',
  );
  t.equal(to.restore(dumpLibraries([]), RESTORE_FLUSH), null);
  t.equal(to.libraries.count, 0);
  t.end();
});

t.test('a payload of Redis 7.0.15 is read, and ours is the same', (t) => {
  const code = Buffer.from('#!lua name=lib\nredis.register_function("f", function() return 1 end)');
  // FUNCTION DUMP of that library.
  const payload = Buffer.from(REDIS_PAYLOAD, 'base64');
  const engine = new FunctionEngine();
  t.equal(engine.restore(payload, RESTORE_APPEND), null);
  t.same(engine.libraries.find('lib')!.code, code);
  t.same(dumpLibraries(engine.libraries.all()), payload);
  t.end();
});

t.test('the list', (t) => {
  const engine = new FunctionEngine();
  engine.load(Buffer.from(`${NAMED}, flags={"allow-oom", "no-writes"}}`), false);
  const list = (pattern: string | null, resp3: boolean, withCode = false): string => {
    const reply = new ReplyWriter(100);
    reply.resp3 = resp3;
    const options = { pattern: pattern === null ? null : Buffer.from(pattern), withCode };
    writeFunctionList(reply, engine.libraries.all(), options);
    return reply.buffer.toString('latin1', 0, reply.position).replaceAll('\r\n', ' ');
  };
  t.equal(list('b*', false), '*0 ');
  t.equal(
    list('A*', true),
    '*1 %3 $12 library_name $1 a $6 engine $3 LUA $9 functions *1 %3 $4 name $1 f ' +
      '$11 description _ $5 flags ~2 +no-writes +allow-oom ',
  );
  t.match(list(null, false, true), /^\*1 \*8 .*\$12 library_code \$\d+ #!lua name=a/);
  t.end();
});
