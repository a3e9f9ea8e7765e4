/**
 * Reads everything a server holds, database by database, and says where two servers differ. Runs
 * on a quiet server: keys that change meanwhile would be reported as differences.
 */
import { type Comparison, compareReplies, EXACT } from './compare-replies.ts';
import type { CommandArg } from './encode-command.ts';
import type { KnownDifference } from './known-differences.ts';
import { MILLISECONDS } from './random-commands/argument-source.ts';
import type { ValueReader } from './random-commands/generated-command.ts';
import { quoteBytes, type Reply } from './reply.ts';
import type { RespClient } from './resp-client.ts';

/** What is compared of a key: TYPE, PEXPIRETIME, OBJECT ENCODING, and the value if readable. */
export interface KeyState {
  readonly type: string;
  readonly facts: readonly KeyFact[];
}

export interface KeyFact {
  readonly label: string;
  readonly comparison: Comparison;
  readonly reply: Reply;
}

/** Per database the keys, as latin1 text, with what is known of each. */
export type ServerState = ReadonlyMap<number, ReadonlyMap<string, KeyState>>;

/** One difference between two states. */
export interface StateDifference {
  readonly database: number;
  readonly key: Buffer;
  readonly what: string;
}

const MAX_SCAN_CALLS = 100_000;
const KEYS_PER_PIPELINE = 50;

/** Reads all databases from 0 to `databases` - 1. @throws Error when a reply makes no sense. */
export async function readServerState(
  client: RespClient,
  readers: readonly ValueReader[],
  databases = 16,
): Promise<ServerState> {
  const state = new Map<number, Map<string, KeyState>>();
  for (let database = 0; database < databases; database++) {
    await client.must('SELECT', database);
    const keys = await scanKeys(client);
    const size = await client.must('DBSIZE');
    const found = new Map<string, KeyState>();
    for (let at = 0; at < keys.length; at += KEYS_PER_PIPELINE) {
      const some = keys.slice(at, at + KEYS_PER_PIPELINE);
      const states = await readKeys(client, some, readers);
      for (const [index, key] of some.entries()) {
        found.set(key.toString('latin1'), states[index] as KeyState);
      }
    }
    if (size.kind !== 'integer' || Number(size.value) !== found.size) {
      throw new Error(`db ${database}: DBSIZE and SCAN disagree: ${found.size} keys found`);
    }
    state.set(database, found);
  }
  return state;
}

async function scanKeys(client: RespClient): Promise<Buffer[]> {
  const keys = new Map<string, Buffer>();
  let cursor: CommandArg = '0';
  for (let calls = 0; calls < MAX_SCAN_CALLS; calls++) {
    const reply = await client.must('SCAN', cursor, 'COUNT', 500);
    const [next, page] = reply.kind === 'array' ? reply.items : [];
    if (next?.kind !== 'bulk' || page?.kind !== 'array') throw new Error('SCAN: not a page');
    for (const key of page.items) {
      if (key.kind === 'bulk') keys.set(key.bytes.toString('latin1'), key.bytes);
    }
    cursor = next.bytes;
    if (next.bytes.toString() === '0') return [...keys.values()];
  }
  throw new Error('SCAN does not end');
}

async function readKeys(
  client: RespClient,
  keys: readonly Buffer[],
  readers: readonly ValueReader[],
): Promise<KeyState[]> {
  const types = await client.pipeline(keys.map((key) => ['TYPE', key]));
  const names = types.map((reply) => (reply.kind === 'simple' ? reply.text : 'unknown'));
  const questions = keys.map((key, index) => questionsAbout(key, names[index] as string, readers));
  const replies = await client.pipeline(questions.flat().map(({ command }) => command));
  let at = 0;
  return questions.map((asked, index) => ({
    type: names[index] as string,
    facts: asked.map(({ label, comparison }) => ({
      label,
      comparison,
      reply: replies[at++] as Reply,
    })),
  }));
}

function questionsAbout(key: Buffer, type: string, readers: readonly ValueReader[]) {
  const reader = readers.find((one) => one.type === type);
  const questions: { label: string; command: readonly CommandArg[]; comparison: Comparison }[] = [
    { label: 'PEXPIRETIME', command: ['PEXPIRETIME', key], comparison: MILLISECONDS },
    { label: 'OBJECT ENCODING', command: ['OBJECT', 'ENCODING', key], comparison: EXACT },
  ];
  if (reader !== undefined) {
    const command = reader.command(key);
    questions.push({ label: String(command[0]), command, comparison: reader.comparison });
  }
  return questions;
}

/** All differences between two states, at most `limit`. */
export function compareStates(
  expected: ServerState,
  actual: ServerState,
  known: readonly KnownDifference[] = [],
  limit = 20,
): StateDifference[] {
  const differences: StateDifference[] = [];
  const report = (database: number, name: string, what: string) => {
    const key = Buffer.from(name, 'latin1');
    differences.push({ database, key, what: `db ${database} key ${quoteBytes(key)}: ${what}` });
  };
  for (const [database, keys] of expected) {
    const others = actual.get(database) ?? new Map<string, KeyState>();
    for (const [name, state] of keys) {
      const other = others.get(name);
      if (other === undefined) report(database, name, 'missing');
      else for (const what of compareKeys(state, other, known)) report(database, name, what);
    }
    for (const name of others.keys()) {
      if (!keys.has(name)) report(database, name, 'should not exist');
    }
  }
  return differences.slice(0, limit);
}

function compareKeys(
  expected: KeyState,
  actual: KeyState,
  known: readonly KnownDifference[],
): string[] {
  if (expected.type !== actual.type) return [`type ${expected.type}, got ${actual.type}`];
  return expected.facts.flatMap(({ label, comparison, reply }, index) => {
    const other = (actual.facts[index] as KeyFact).reply;
    const difference = compareReplies(reply, other, comparison);
    const isKnown = known.some((one) => one.covers(label, reply, other));
    return difference === undefined || isKnown ? [] : [`${label}: ${difference}`];
  });
}
