// The catalog against a live Redis 7.0: what COMMAND and its subcommands say about every command
// both have must be the same, except for changes made after 7.0.
import { test } from 'tap';
import { commandDocs } from '../src/command-docs.ts';
import {
  commandGetKeys,
  commandGetKeysAndFlags,
  commandInfo,
  commandList,
} from '../src/introspection.ts';
import type { ReplyTree } from '../src/reply-tree.ts';
import { fullTable, request } from './full-table.ts';
import { installedRedisVersion, LiveRedis } from './live-redis.ts';

const version = installedRedisVersion();
const isComparable = version?.startsWith('7.0.') ?? false;
const reason = `NOT COMPARED with a live server: redis-server 7.0 is needed, found ${version}`;
const options = isComparable ? {} : { skip: reason };
if (!isComparable) console.error(`# ${reason}`);

const COLUMNS = ['name', 'arity', 'flags', 'first', 'last', 'step', 'acl', 'tips', 'keys'] as const;

/** Columns of COMMAND INFO that differ from 7.0.15, because Redis changed them later. */
const LATER_CHANGES: Readonly<Record<string, readonly string[]>> = {
  // Blocking commands may be called from scripts, where they do not block.
  blmove: ['flags'],
  blpop: ['flags'],
  brpop: ['flags'],
  brpoplpush: ['flags'],
  bzpopmax: ['flags'],
  bzpopmin: ['flags'],
  wait: ['flags', 'acl'],
  // An option or an argument more.
  zrank: ['arity'],
  zrevrank: ['arity'],
  'command|getkeys': ['arity'],
  'command|getkeysandflags': ['arity'],
  // The destination is overwritten, not read.
  sinterstore: ['keys'],
  // Advice to cluster clients.
  'acl|deluser': ['tips'],
  'acl|save': ['tips'],
  'acl|setuser': ['tips'],
  'client|setname': ['tips'],
  'config|resetstat': ['tips'],
  'config|rewrite': ['tips'],
  'latency|reset': ['tips'],
  msetnx: ['tips'],
  randomkey: ['tips'],
  scan: ['tips'],
};

/** Commands whose documented arguments differ: later options, or the same told in other words. */
const OTHER_ARGUMENTS: ReadonlySet<string> = new Set([
  'bitop', // a choice of four tokens, not a free text
  'client|kill', // MAXAGE
  'client|list',
  'command|getkeys', // undocumented in 7.0
  'command|getkeysandflags',
  'config|get',
  'geohash', // members became optional
  'geopos',
  'georadius', // STORE and STOREDIST exclude each other
  'georadiusbymember',
  'geosearch', // the token is on the block
  'geosearchstore',
  'hscan', // NOVALUES
  'migrate',
  'pfmerge', // sources became optional
  'psubscribe',
  'xinfo|stream',
  'xtrim',
  'zrank', // WITHSCORE
  'zrevrank',
]);

/** Requests for COMMAND GETKEYS: every way of finding keys, and numbers that lie. */
const REQUESTS = [
  'get k',
  'GeT k',
  'set a b',
  'set a b get',
  'set a b EX 10 GeT',
  'mset a 1 b 2',
  'mset a 1 b',
  'blpop a b c 0',
  'bitop and d a b',
  'lcs a b',
  'sinter a b c',
  'smove a b m',
  'object encoding k',
  'object nope k',
  'object',
  'memory usage k samples 5',
  'xgroup create k g $',
  'client id',
  'ping',
  'nope k',
  'spublish c m',
  'ssubscribe c d',
  'eval s 0',
  'eval s 2 a b c',
  'eval s 3 a b',
  'eval s -1 a',
  'eval s 9999999999 a',
  'eval s 99999999999999999999 a',
  'evalsha s 1 a b',
  'fcall f 1 a b',
  'zunion 0 a',
  'zunion 2 a b withscores',
  'zunion 3 a b',
  'zunion -1 a b',
  'zunionstore d 2 a b weights 1 2',
  'zunionstore d 2 a',
  'zunionstore d x a b',
  'zunionstore d 0',
  'zmpop 1 a min',
  'bzmpop 0 2 a b min',
  'lmpop 2147483647 a left',
  'xread streams a b 1 2',
  'xread count 1 block 0 STREAMS a b c 1 2 3',
  'xread streams a b 1',
  'xread count 1 streams',
  'xread count 1 foo',
  'xreadgroup group g c streams a 1',
  'xreadgroup group streams streams count 1 streams a 1',
  'georadius k 1 2 3 m',
  'georadius k 1 2 3 m store a',
  'georadius k 1 2 3 m storedist a',
  'georadius k 1 2 3 m store a storedist b',
  'georadius k 1 2 3 m store',
  'georadiusbymember k m 3 m count 1 store a',
  'sort k',
  'sort k store d',
  'sort k by w_* get o_* limit 0 5 desc alpha store d',
  'sort k by store get store store d',
  'sort k store d store e',
  'sort k limit store d',
  'sort_ro k by w_*',
  'migrate h 1 k 0 10',
  'migrate h 1  0 10 keys a b',
  'migrate h 1  0 10 copy auth keys keys a b',
  'migrate h 1  0 10 auth2 keys keys keys a b',
  'migrate h 1 k 0 10 keys a b',
  'bitfield k',
  'bitfield k get u8 0',
  'bitfield k overflow sat get u8 0',
  'bitfield k get u8 0 set u8 0 1',
  'bitfield k incrby u8 0 1',
  'bitfield k nope',
  'pfmerge d a',
  'copy a b replace',
  'restore k 0 x',
];

test('COMMAND INFO is that of Redis 7.0', options, async (t) => {
  const live = await LiveRedis.start();
  t.teardown(() => live.stop());
  const liveRows = rowsByName(await live.ask(['COMMAND']));
  const ourRows = rowsByName(commandInfo(fullTable, [...liveRows.keys()]));
  const differing = new Map<string, string[]>();
  const missing: string[] = [];
  let same = 0;
  for (const [name, liveRow] of liveRows) {
    const ourRow = ourRows.get(name);
    if (ourRow === undefined) {
      missing.push(name);
      continue;
    }
    const columns = COLUMNS.filter((_, i) => !isSame(liveRow[i]!, ourRow[i]!));
    if (columns.length === 0) same++;
    else differing.set(name, columns);
  }
  t.comment(`redis-server ${version}: ${liveRows.size} rows, ${same} the same here`);
  t.comment(`changed after 7.0: ${[...differing].map(([n, c]) => `${n} (${c})`).join(', ')}`);
  t.comment(`not in the catalog: ${missing.sort().join(' ')}`);
  t.strictSame(Object.fromEntries(differing), LATER_CHANGES);
});

test('COMMAND DOCS arguments are those of Redis 7.0', options, async (t) => {
  const live = await LiveRedis.start();
  t.teardown(() => live.stop());
  const liveDocs = docsByName(await live.ask(['COMMAND', 'DOCS']));
  const ourDocs = docsByName(commandDocs(fullTable, null));
  let same = 0;
  const differing: string[] = [];
  for (const [name, liveDoc] of liveDocs) {
    const ourDoc = ourDocs.get(name);
    if (ourDoc === undefined) continue;
    const [liveArguments, ourArguments] = [liveDoc, ourDoc].map((doc) => outline(doc.arguments));
    if (JSON.stringify(liveArguments) === JSON.stringify(ourArguments)) same++;
    else differing.push(name);
  }
  t.comment(`arguments of ${same} commands and subcommands are the same here`);
  t.strictSame(differing.sort(), [...OTHER_ARGUMENTS].sort());
  for (const name of ['set', 'expire', 'client|kill', 'zadd']) {
    const liveDoc = liveDocs.get(name);
    t.strictSame(ourDocs.get(name)?.since, liveDoc?.since, `${name}: since`);
    t.strictSame(ourDocs.get(name)?.group, liveDoc?.group, `${name}: group`);
  }
});

test('COMMAND GETKEYS finds what Redis 7.0 finds', options, async (t) => {
  const live = await LiveRedis.start();
  t.teardown(() => live.stop());
  for (const line of REQUESTS) {
    const { argc, argText } = request(line);
    // 7.0 wants two words behind GETKEYS and answers those with its own arity error.
    if (argc === 1) continue;
    const words = line.split(' ');
    const keys = await live.ask(['COMMAND', 'GETKEYS', ...words]);
    t.strictSame(commandGetKeys(fullTable, argc, argText), keys, line);
    const keysAndFlags = await live.ask(['COMMAND', 'GETKEYSANDFLAGS', ...words]);
    t.strictSame(commandGetKeysAndFlags(fullTable, argc, argText), keysAndFlags, `${line}: flags`);
  }
});

test('COMMAND LIST filters as Redis 7.0 does', options, async (t) => {
  const live = await LiveRedis.start();
  t.teardown(() => live.stop());
  const liveNames = new Set(texts(await live.ask(['COMMAND', 'LIST'])));
  const cases = [
    ['ACLCAT', 'bitmap', { aclCategory: 'bitmap' }],
    ['ACLCAT', 'BitMap', { aclCategory: 'BitMap' }],
    ['ACLCAT', '@bitmap', { aclCategory: '@bitmap' }],
    ['ACLCAT', 'transaction', { aclCategory: 'transaction' }],
    ['MODULE', 'nope', { module: 'nope' }],
    ['PATTERN', '*S?T', { pattern: Buffer.from('*S?T') }],
    ['PATTERN', 'xinfo|*', { pattern: Buffer.from('xinfo|*') }],
    ['PATTERN', 'get', { pattern: Buffer.from('get') }],
  ] as const;
  for (const [kind, value, filter] of cases) {
    const ours = texts(commandList(fullTable, filter)).filter((name) => liveNames.has(name));
    const theirs = texts(await live.ask(['COMMAND', 'LIST', 'FILTERBY', kind, value]));
    const common = theirs.filter((name) => fullTable.idOf(name) >= 0);
    t.strictSame(ours.sort(), common.sort(), `${kind} ${value}`);
  }
});

/** Rows of commands and subcommands by name; every row of COMMAND INFO has ten columns. */
function rowsByName(reply: ReplyTree): Map<string, readonly ReplyTree[]> {
  const rows = new Map<string, readonly ReplyTree[]>();
  for (const row of itemsOf(reply, 'array')) {
    if (row === null) continue;
    const columns = itemsOf(row, 'array');
    if (columns.length !== 10) throw new Error(`a row has ${columns.length} columns`);
    rows.set(textOf(columns[0]!), columns);
    if (JSON.stringify(columns[9]) === '{"set":[]}') continue;
    for (const [name, subRow] of rowsByName(columns[9]!)) rows.set(name, subRow);
  }
  return rows;
}

function itemsOf(tree: ReplyTree, kind: 'array' | 'set'): readonly ReplyTree[] {
  const items = tree !== null && typeof tree === 'object' && Object.entries(tree)[0];
  if (!items || items[0] !== kind) throw new Error(`not a ${kind}: ${JSON.stringify(tree)}`);
  return items[1] as readonly ReplyTree[];
}

function textOf(tree: ReplyTree): string {
  if (tree === null || typeof tree === 'number') throw new Error('not a text');
  if ('bulk' in tree && typeof tree.bulk === 'string') return tree.bulk;
  throw new Error(`not a bulk string: ${JSON.stringify(tree)}`);
}

function isSame(live: ReplyTree, ours: ReplyTree): boolean {
  return JSON.stringify(withoutNotes(live)) === JSON.stringify(ours);
}

/** Notes on key specs are prose of Redis, which the catalog does not have. */
function withoutNotes(tree: ReplyTree): ReplyTree {
  if (tree === null || typeof tree === 'number') return tree;
  if ('set' in tree) return { set: tree.set.map(withoutNotes) };
  if (!('map' in tree)) return tree;
  return { map: tree.map.filter(([key]) => textOf(key) !== 'notes') };
}

function texts(tree: ReplyTree): string[] {
  return itemsOf(tree, 'array').map(textOf);
}

/** Docs of commands and subcommands by name, each as a record of its parts. */
function docsByName(tree: ReplyTree): Map<string, Record<string, ReplyTree>> {
  const docs = new Map<string, Record<string, ReplyTree>>();
  for (const [name, doc] of Object.entries(recordOf(tree))) {
    const parts = recordOf(doc);
    docs.set(name, parts);
    if (parts.subcommands === undefined) continue;
    for (const [subName, subDoc] of docsByName(parts.subcommands)) docs.set(subName, subDoc);
  }
  return docs;
}

function recordOf(tree: ReplyTree): Record<string, ReplyTree> {
  if (tree === null || typeof tree === 'number' || !('map' in tree)) throw new Error('not a map');
  return Object.fromEntries(tree.map.map(([key, value]) => [textOf(key), value]));
}

/** Arguments without their names and versions. */
function outline(tree: ReplyTree | undefined): unknown[] {
  if (tree === undefined) return [];
  return itemsOf(tree, 'array').map((argument) => {
    const { type, key_spec_index, token, flags, arguments: members } = recordOf(argument);
    return { type, key_spec_index, token, flags, members: outline(members) };
  });
}
