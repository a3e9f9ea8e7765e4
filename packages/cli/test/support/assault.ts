// Connections that send what no client would: commands that were mangled at random, in pieces of
// any size, and that end in any way. The same seed gives the same bytes.

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '@forgekv/base';
import {
  type Endpoint,
  encodeCommands,
  HOSTILE_PASSWORD,
  openSocket,
  RespDecoder,
} from '@forgekv/testkit';

/** Who an attacker is to the server. */
export type Standing = 'open' | 'stranger' | 'member';

export interface Assault {
  readonly seed: number;
  readonly connections: number;
  /** `member` logs in first; `open` needs not, `stranger` cannot. */
  readonly standing: Standing;
}

export interface AssaultReport {
  /** Replies that were read. */
  readonly replies: number;
  /** Connections the server has closed. */
  readonly closed: number;
  /** What the server sent that is no RESP, with the connection it was sent to. */
  readonly garbage: readonly string[];
}

const AT_ONCE = 32;
const CONNECT_MS = 20_000;
/** How long a connection that sends nothing more waits for what comes. */
const LISTEN_MS = 20;
/** Most bytes of one connection. */
const MOST_BYTES = 200_000;
/** None can do harm, whatever becomes of its arguments. */
const COMMANDS = [
  ['PING'],
  ['ECHO', 'hello'],
  ['GET', 'k1'],
  ['SET', 'k1', 'value'],
  ['MGET', 'k1', 'k2', 'k3'],
  ['HSET', 'h1', 'field', 'value', 'other', 'value'],
  ['LPUSH', 'l1', 'a', 'b', 'c'],
  ['LTRIM', 'l1', '0', '9'],
  ['ZADD', 'z1', '1.5', 'a', '2', 'b'],
  ['ZRANGE', 'z1', '0', '-1', 'WITHSCORES'],
  ['EVAL', 'return KEYS[1]', '1', 'k1'],
  ['MULTI'],
  ['EXEC'],
  ['SUBSCRIBE', 'news'],
  ['UNSUBSCRIBE'],
  ['HELLO'],
  ['AUTH', 'wrong'],
  ['CLIENT', 'SETNAME', 'somebody'],
  ['OBJECT', 'ENCODING', 'k1'],
  ['XADD', 's1', 'MAXLEN', '5', '*', 'a', 'b'],
];
const HEADERS = [
  ...['*', '$', '*0', '*-1', '$-1', '*1\r\n', '$0\r\n\r\n', '*2147483647\r\n', '*1048576\r\n'],
  ...[
    '$536870912\r\n',
    '*3\r\n$536870912\r\n',
    '*+1\r\n',
    '* 1\r\n',
    '$1e9\r\n',
    '*99999999999\r\n',
  ],
  ...['\r\n', '\n', '\r', '\0', ' ', '"', "'", '\\', '\x16\x03\x01', '%1\r\n', '~1\r\n', '>2\r\n'],
  ...['POST / HTTP/1.1\r\n', 'Host: x\r\n', '*10\r\n$16384\r\n', '*11\r\n', '$16385\r\n'],
];

/** Runs it to its end. */
export async function assault(
  endpoint: Endpoint,
  { seed, connections, standing }: Assault,
): Promise<AssaultReport> {
  let replies = 0;
  let closed = 0;
  let next = 0;
  const garbage: string[] = [];
  const attackers = Array.from({ length: AT_ONCE }, async () => {
    while (next < connections) {
      const number = next++;
      const outcome = await attack(endpoint, new Random(seed + number), standing);
      replies += outcome.replies;
      if (outcome.isClosed) closed++;
      if (outcome.garbage !== '') garbage.push(`seed ${seed + number}: ${outcome.garbage}`);
    }
  });
  await Promise.all(attackers);
  return { replies, closed, garbage };
}

interface Outcome {
  readonly replies: number;
  readonly isClosed: boolean;
  readonly garbage: string;
}

async function attack(endpoint: Endpoint, random: Random, standing: Standing): Promise<Outcome> {
  const socket = await openSocket(endpoint, CONNECT_MS);
  const parts: Buffer[] = [];
  socket.on('error', () => {});
  socket.on('data', (data: Buffer) => parts.push(data));
  if (standing === 'member') {
    socket.write(`AUTH ${HOSTILE_PASSWORD}\r\n`);
    await Promise.race([once(socket, 'data'), once(socket, 'close')]);
  }
  await send(socket, mangled(random), random);
  // A third ends politely, a third is torn off, a third listens a little longer.
  const way = random.below(3);
  if (way === 0) socket.end();
  if (way === 1) socket.destroy();
  await Promise.race([once(socket, 'close').catch(() => {}), sleep(LISTEN_MS)]);
  const isClosed = way === 2 && (socket.readableEnded || socket.destroyed);
  socket.destroy();
  return { ...decoded(Buffer.concat(parts)), isClosed };
}

function decoded(bytes: Buffer): { replies: number; garbage: string } {
  const decoder = new RespDecoder(2);
  decoder.push(bytes);
  let replies = 0;
  try {
    // The last one may have been cut off: what it is then undefined.
    while (decoder.next() !== undefined) replies++;
  } catch (error) {
    return { replies, garbage: (error as Error).message };
  }
  return { replies, garbage: '' };
}

async function send(socket: Socket, bytes: Buffer, random: Random): Promise<void> {
  const pieces = random.chance(0.2) ? 1 + random.below(30) : 1;
  const size = Math.ceil(bytes.length / pieces);
  for (let at = 0; at < bytes.length && !socket.destroyed; at += size) {
    socket.write(bytes.subarray(at, at + size));
    if (pieces > 1) await sleep(1);
  }
}

/** A stream of commands, some of them not quite. */
function mangled(random: Random): Buffer {
  const parts: Buffer[] = [];
  const count = 1 + random.below(random.chance(0.05) ? 500 : 20);
  for (let i = 0; i < count; i++) {
    const command = COMMANDS[random.below(COMMANDS.length)] as string[];
    parts.push(mangle(encodeCommands([command]), random));
  }
  return Buffer.concat(parts).subarray(0, MOST_BYTES);
}

function mangle(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length);
  const head = bytes.subarray(0, at);
  const tail = bytes.subarray(at);
  switch (random.below(10)) {
    case 0: {
      const flipped = Buffer.from(bytes);
      flipped[at]! ^= 1 << random.below(8);
      return flipped;
    }
    case 1:
      return head;
    case 2:
      return Buffer.concat([head, tail.subarray(1)]);
    case 3:
      return Buffer.concat([head, Buffer.from(HEADERS[random.below(HEADERS.length)]!), tail]);
    case 4:
      return Buffer.concat([head, noise(random), tail]);
    default:
      return bytes;
  }
}

function noise(random: Random): Buffer {
  const bytes = Buffer.alloc(random.below(random.chance(0.1) ? 70_000 : 200));
  for (let i = 0; i < bytes.length; i++) bytes[i] = random.below(256);
  return bytes;
}
