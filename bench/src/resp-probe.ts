// The little RESP the benchmark needs itself: is a server there, what does it say about itself, and
// filling it with keys. Not a client: it knows inline commands, one bulk reply and `+OK`.

import { connect, type Socket } from 'node:net';
import { fillDocument } from './json-load.ts';
import { MEMTIER_FIRST_KEY } from './load-generator.ts';
import type { KeyKind, LargeKind } from './scenarios.ts';

const ASK_TIMEOUT_MS = 2_000;
const FILL_TIMEOUT_MS = 120_000;
const KEYS_PER_WRITE = 2_000;
/** Of the collections that are written. */
const ELEMENTS = 8;
/** As redis-benchmark writes `__rand_int__`. */
const NUMBER_DIGITS = 12;
/** The names redis-benchmark and memtier give to their keys. */
const PREFIXES = {
  values: 'key',
  'memtier values': 'key',
  counters: 'counter',
  hashes: 'hash',
  'sorted sets': 'scores',
} as const;
/** What adds an element to the one collection of a kind. */
const LARGE: Readonly<Record<LargeKind, (name: string, value: string) => string[]>> = {
  fields: (name, value) => ['HSET', 'one:fields', name, value],
  members: (name) => ['SADD', 'one:members', name],
  scores: (name) => ['ZADD', 'one:scores', name, name],
  // One each: they are small.
  filters: (name) => ['BF.ADD', `filter:${name}`, 'first'],
};
const OK = '+OK\r\n';

/** Sends one inline command and returns the reply's text, without its header if it is a bulk. */
export function ask(port: number, command: string): Promise<string> {
  return withSocket(port, ASK_TIMEOUT_MS, (socket, resolve, reject) => {
    let reply = '';
    socket.on('data', (chunk: string) => {
      reply += chunk;
      const bulk = /^\$(\d+)\r\n/.exec(reply);
      if (reply.startsWith('-')) reject(new Error(reply.trim()));
      else if (bulk === null && reply.endsWith('\r\n') && !reply.startsWith('$')) {
        resolve(reply.slice(1).trim());
      } else if (bulk !== null && reply.length >= bulk[0].length + Number(bulk[1]) + 2) {
        resolve(reply.slice(bulk[0].length));
      }
    });
    socket.write(`${command}\r\n`);
  });
}

/** The fields of INFO. */
export async function askInfo(port: number): Promise<ReadonlyMap<string, string>> {
  const text = await ask(port, 'INFO');
  return new Map([...text.matchAll(/^([^#:\r\n]+):([^\r\n]*)/gm)].map(([, k, v]) => [k!, v!]));
}

/** Writes every key of a kind once, so that loads find what they read. */
export function fillKeys(
  port: number,
  kind: KeyKind,
  keyspace: number,
  valueBytes: number,
): Promise<void> {
  let next = 0;
  let expectedReplies = 0;
  const replyTo = replyWhenFilling(kind);
  return withSocket(port, FILL_TIMEOUT_MS, (socket, resolve, reject) => {
    const writeSome = (): void => {
      const commands: string[] = [];
      while (next < keyspace && commands.length < KEYS_PER_WRITE) {
        commands.push(encode(fillCommand(kind, next, valueBytes)));
        next += 1;
      }
      expectedReplies = commands.length;
      if (expectedReplies === 0) resolve();
      else socket.write(commands.join(''), 'latin1');
    };
    let replies = '';
    socket.on('data', (chunk: string) => {
      replies += chunk;
      if (replies.length < expectedReplies * replyTo.length && !replies.includes('-')) return;
      if (replies !== replyTo.repeat(expectedReplies)) {
        reject(new Error(`filling: ${replies.replaceAll(replyTo, '').slice(0, 200).trim()}`));
      } else {
        replies = '';
        writeSome();
      }
    });
    writeSome();
  });
}

function replyWhenFilling(kind: KeyKind): string {
  if (kind === 'hashes' || kind === 'sorted sets') return `:${ELEMENTS}\r\n`;
  return isLarge(kind) ? ':1\r\n' : OK;
}

function isLarge(kind: KeyKind): kind is LargeKind {
  return kind in LARGE;
}

function fillCommand(kind: KeyKind, index: number, valueBytes: number): string[] {
  if (kind === 'documents') return fillDocument(index);
  const value = 'x'.repeat(valueBytes);
  const number = String(index).padStart(NUMBER_DIGITS, '0');
  if (isLarge(kind)) return LARGE[kind](number, value);
  const first = kind === 'memtier values' ? `${MEMTIER_FIRST_KEY + index}` : number;
  const key = `${PREFIXES[kind]}:${first}`;
  const elements = Array.from({ length: ELEMENTS }, (_, i) => i);
  if (kind === 'hashes') return ['HSET', key, ...elements.flatMap((i) => [`field:${i}`, value])];
  if (kind === 'sorted sets') {
    return ['ZADD', key, ...elements.flatMap((i) => [`${i}`, `member:${i}`])];
  }
  return ['SET', key, kind === 'counters' ? '0' : value];
}

function encode(words: readonly string[]): string {
  const bulks = words.map((word) => `$${word.length}\r\n${word}\r\n`);
  return `*${words.length}\r\n${bulks.join('')}`;
}

function withSocket<T>(
  port: number,
  timeoutMs: number,
  use: (socket: Socket, resolve: (value: T) => void, reject: (error: Error) => void) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const timer = setTimeout(() => fail(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
    const done = (): void => {
      clearTimeout(timer);
      socket.destroy();
    };
    const fail = (error: Error): void => {
      done();
      reject(error);
    };
    socket.setEncoding('latin1').setNoDelay(true);
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('the server closed the connection')));
    socket.on('connect', () => {
      const succeed = (value: T): void => {
        done();
        resolve(value);
      };
      use(socket, succeed, fail);
    });
  });
}
