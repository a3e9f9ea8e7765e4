// Replies of every type on their way into a script and back to a client of either protocol, by the
// rules of Redis 7.0; and what a host gets of a command.

import type { ReplyWriter } from '@forgekv/protocol';
import t from 'tap';
import { CALL_DONE, type CallOutcome, LuaEngine, type ScriptCommand } from '../src/index.ts';
import { FakeServer } from './fake-server.ts';

/** Answers every command with the same bytes. */
class EchoServer extends FakeServer {
  bytes: Buffer = Buffer.alloc(0);
  seen: { resp3: boolean; args: string[]; resp: string } | null = null;

  override execute(command: ScriptCommand, reply: ReplyWriter): CallOutcome {
    const { bytes, args, argc, end } = command;
    this.seen = {
      resp3: reply.resp3,
      args: Array.from({ length: argc }, (_, i) =>
        bytes.toString('latin1', args[i * 2]!, args[i * 2]! + args[i * 2 + 1]!),
      ),
      resp: bytes.toString('latin1', 0, end),
    };
    reply.encoded(this.bytes, 0, this.bytes.length);
    return CALL_DONE;
  }
}

const SHOW = `
  redis.setresp(3)
  local function show(v)
    if type(v) ~= 'table' then return type(v) .. ':' .. tostring(v) end
    local keys = {}
    for k in pairs(v) do keys[#keys + 1] = k end
    table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
    local parts = {}
    for i, k in ipairs(keys) do parts[i] = tostring(k) .. '=' .. show(v[k]) end
    return '{' .. table.concat(parts, ',') .. '}'
  end
  return show(redis.pcall('X'))`;

/** What a reply is in Lua, and what becomes of it for clients of RESP2 and RESP3. */
const cases: readonly (readonly [reply: string, lua: string, resp2: string, resp3: string])[] = [
  ['+OK|', '{ok=string:OK}', '+OK|', '+OK|'],
  [':5|', 'number:5', ':5|', ':5|'],
  [':-5|', 'number:-5', ':-5|', ':-5|'],
  [':9007199254740993|', 'number:9.007199254741e+15', ':9007199254740992|', ':9007199254740992|'],
  [
    ':9223372036854775807|',
    'number:9.2233720368548e+18',
    ':-9223372036854775808|',
    ':-9223372036854775808|',
  ],
  ['$3|abc|', 'string:abc', '$3|abc|', '$3|abc|'],
  ['$0||', 'string:', '$0||', '$0||'],
  // Nil in RESP2, which a script that asks for RESP3 does not get: false, a boolean.
  ['$-1|', 'boolean:false', ':0|', '#f|'],
  ['*-1|', 'boolean:false', ':0|', '#f|'],
  ['_|', 'nil:nil', '$-1|', '_|'],
  ['*0|', '{}', '*0|', '*0|'],
  ['*2|:1|*1|$1|x|', '{1=number:1,2={1=string:x}}', '*2|:1|*1|$1|x|', '*2|:1|*1|$1|x|'],
  ['*3|:1|_|:3|', '{1=number:1,3=number:3}', '*1|:1|', '*1|:1|'],
  ['#t|', 'boolean:true', ':1|', '#t|'],
  ['#f|', 'boolean:false', ':0|', '#f|'],
  [',1.5|', '{double=number:1.5}', '$3|1.5|', ',1.5|'],
  [',inf|', '{double=number:inf}', '$3|inf|', ',inf|'],
  [',-inf|', '{double=number:-inf}', '$4|-inf|', ',-inf|'],
  [',1e300|', '{double=number:1e+300}', '$6|1e+300|', ',1e+300|'],
  [
    '(123456789012345678901|',
    '{big_number=string:123456789012345678901}',
    '$21|123456789012345678901|',
    '(123456789012345678901|',
  ],
  [
    '=7|txt:abc|',
    '{verbatim_string={format=string:txt,string=string:abc}}',
    '$3|abc|',
    '=7|txt:abc|',
  ],
  ['%1|$1|a|:1|', '{map={a=number:1}}', '*2|$1|a|:1|', '%1|$1|a|:1|'],
  ['%1|:7|*1|#t|', '{map={7={1=boolean:true}}}', '*2|:7|*1|:1|', '%1|:7|*1|#t|'],
  ['%0|', '{map={}}', '*0|', '%0|'],
  ['~1|$1|m|', '{set={m=boolean:true}}', '*1|$1|m|', '~1|$1|m|'],
  ['~0|', '{set={}}', '*0|', '~0|'],
  ['|1|$1|k|$1|v|:5|', 'number:5', ':5|', ':5|'],
  [
    '-MY text|',
    '{err=string:MY text,ignore_error_stats_update=boolean:true}',
    '-MY text|',
    '-MY text|',
  ],
];
const lines = (text: string): Buffer => {
  // A bar that begins a reply is an attribute, every other one ends a line.
  const isAttribute = text.startsWith('|');
  const rest = (isAttribute ? text.slice(1) : text).replaceAll('|', '\r\n');
  return Buffer.from((isAttribute ? '|' : '') + rest, 'latin1');
};

t.test('every type of reply, into a script and out of it', (t) => {
  const server = new EchoServer();
  for (const [reply, lua, resp2, resp3] of cases) {
    server.bytes = lines(reply);
    t.equal(server.eval(SHOW, [], []).toString('latin1').split('\r\n')[1], lua, reply);
    const back = 'redis.setresp(3) return redis.pcall("X")';
    t.equal(server.eval(back, [], [], false).toString('latin1'), lines(resp2).toString(), reply);
    t.equal(server.eval(back, [], [], true).toString('latin1'), lines(resp3).toString(), reply);
  }
  t.end();
});

t.test('a script that asks for RESP2 is answered in it', (t) => {
  const server = new EchoServer();
  server.bytes = Buffer.from(':1\r\n');
  server.eval('return redis.call("X")', [], [], true);
  t.equal(server.seen!.resp3, false);
  server.eval('redis.setresp(3) return redis.call("X")', [], []);
  t.equal(server.seen!.resp3, true);
  server.eval('return redis.call("X")', [], []);
  t.equal(server.seen!.resp3, false, 'each script begins in RESP2');
  t.end();
});

t.test('a command arrives as RESP, with its arguments where they are said to be', (t) => {
  const server = new EchoServer();
  server.bytes = Buffer.from('+OK\r\n');
  const long = 'y'.repeat(70_000);
  server.eval(
    `return redis.call('SET', KEYS[1], ARGV[1], 5, 1.5, -7, '', ('y'):rep(70000), 'a\\0\\r\\n')`,
    ['k'],
    ['\xff\x00'],
  );
  const args = ['SET', 'k', '\xff\x00', '5', '1.5', '-7', '', long, 'a\0\r\n'];
  t.same(server.seen!.args, args);
  const resp = `*9\r\n${args.map((each) => `$${each.length}\r\n${each}\r\n`).join('')}`;
  t.equal(server.seen!.resp, resp);
  const many = 'local t = {"X"} for i = 1, 7000 do t[i + 1] = i end return redis.call(unpack(t))';
  server.eval(many, [], []);
  t.equal(server.seen!.args.length, 7001);
  t.equal(server.seen!.args[7000], '7000');
  t.end();
});

t.test('large replies and arguments', (t) => {
  const server = new EchoServer();
  const size = 5_000_000;
  server.bytes = Buffer.concat([
    Buffer.from(`$${size}\r\n`),
    Buffer.alloc(size, 'z'),
    Buffer.from('\r\n'),
  ]);
  t.ok(server.eval('return redis.call("X")', [], []).equals(server.bytes));
  server.bytes = Buffer.from(`*20000\r\n${':1\r\n'.repeat(20_000)}`);
  t.ok(server.eval('return redis.call("X")', [], []).equals(server.bytes));
  const keys = Array.from({ length: 20_000 }, (_, i) => `key:${i}`);
  t.equal(server.eval('return #KEYS + #ARGV', keys, ['a']).toString(), ':20001\r\n');
  t.end();
});

t.test('compiled scripts are kept, as many as there may be', (t) => {
  const limits = { memoryBytes: 2 ** 25, instructions: 0, hookInstructions: 10_000 };
  const engine = LuaEngine.create({ ...limits, compiledScripts: 3 });
  const compile = (n: number): unknown =>
    engine.compile(String(n).repeat(40), Buffer.from(`return ${n}`));
  for (const n of [1, 2, 3]) compile(n);
  t.ok(engine.compiled('1'.repeat(40)));
  compile(4);
  t.equal(engine.scriptCount, 3);
  t.equal(engine.compiled('2'.repeat(40)), undefined, 'the one not used for longest went');
  t.ok(engine.compiled('1'.repeat(40)));
  engine.flush();
  t.equal(engine.scriptCount, 0);
  const before = engine.usedBytes;
  for (let i = 0; i < 3000; i++) {
    engine.compile(`${i}`, Buffer.from(`local function f() return "${i}" end return f()`));
  }
  engine.flush();
  t.ok(engine.usedBytes < before + 65_536, `${engine.usedBytes} bytes of ${before}`);
  t.end();
});
