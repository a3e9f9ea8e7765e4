// How long others wait while one client sets, overwrites, reads and grows a large string: the
// longest and the 99th percentile of small commands of other connections, measured in a process of
// its own, since the client that moves the string is busy itself.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { formatFigure, markdownTable } from 'redis-benchmark-wrapper';
import type { Waits } from './bystanders.ts';
import { bytesCome } from './bytes-come.ts';
import { type ServerSpec, startServer } from './servers.ts';

const BYSTANDERS = fileURLToPath(new URL('./bystanders.js', import.meta.url));
const KEY = 'large';
const IDLE_MS = 1500;
/** What was begun behind the reply, such as giving memory back, still counts. */
const AFTER_MS = 100;

/** What is done, in this order; the reply has so many bytes. */
interface Step {
  readonly what: string;
  readonly parts: readonly (string | Buffer)[];
  readonly replyBytes: number;
}

interface Figures {
  readonly what: string;
  readonly tookMs: number;
  readonly waits: Waits;
}

/**
 * @param bytes of the string
 * @param directory for the servers' data
 * @returns a table with a row for each step and server
 */
export async function benchLargeStrings(
  specs: readonly ServerSpec[],
  bytes: number,
  rounds: number,
  directory: string,
): Promise<string> {
  const rows: string[][] = [];
  for (const spec of specs) {
    const all: Figures[][] = [];
    for (let round = 0; round < rounds; round++) {
      all.push(await benchServer(spec, bytes, `${directory}/${spec.name}-${round}`));
    }
    for (const [i, { what }] of all[0]!.entries()) {
      const each = (pick: (figures: Figures) => number): string =>
        all.map((figures) => formatFigure(pick(figures[i]!), 1)).join(' ');
      const waits = [each(({ waits }) => waits.p99Ms), each(({ waits }) => waits.maxMs)];
      rows.push([spec.name, what, each(({ tookMs }) => tookMs), ...waits]);
    }
  }
  const heads = ['server', 'meanwhile', 'it took, ms', 'others wait p99, ms', 'longest, ms'];
  return markdownTable(heads, rows);
}

async function benchServer(spec: ServerSpec, bytes: number, directory: string): Promise<Figures[]> {
  const server = await startServer(spec, directory);
  const bystanders = fork(BYSTANDERS, [`${server.port}`]);
  try {
    await once(bystanders, 'message');
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    const figures = [await measure('nothing', bystanders, () => pause(IDLE_MS))];
    for (const { what, parts, replyBytes } of stepsOf(bytes)) {
      const said = command(parts);
      figures.push(await measure(what, bystanders, () => say(socket, said, replyBytes)));
    }
    socket.destroy();
    return figures;
  } finally {
    bystanders.disconnect();
    await server.stop();
  }
}

function stepsOf(bytes: number): Step[] {
  const value = Buffer.alloc(bytes, 'x');
  const more = Buffer.alloc(Math.ceil(bytes / 10), 'y');
  const grown = bytes + more.length;
  const bulkBytes = `$${bytes}\r\n\r\n`.length + bytes;
  return [
    { what: 'SET of a new key', parts: ['SET', KEY, value], replyBytes: '+OK\r\n'.length },
    { what: 'SET over it', parts: ['SET', KEY, value], replyBytes: '+OK\r\n'.length },
    { what: 'GET', parts: ['GET', KEY], replyBytes: bulkBytes },
    { what: 'GETSET', parts: ['GETSET', KEY, value], replyBytes: bulkBytes },
    { what: 'APPEND', parts: ['APPEND', KEY, more], replyBytes: `:${grown}\r\n`.length },
    { what: 'DEL', parts: ['DEL', KEY], replyBytes: ':1\r\n'.length },
  ];
}

async function measure(
  what: string,
  bystanders: ChildProcess,
  work: () => Promise<void>,
): Promise<Figures> {
  await waitsOf(bystanders);
  const startedAtMs = performance.now();
  await work();
  const tookMs = performance.now() - startedAtMs;
  await pause(AFTER_MS);
  return { what, tookMs, waits: await waitsOf(bystanders) };
}

async function waitsOf(bystanders: ChildProcess): Promise<Waits> {
  bystanders.send('waits');
  const [waits] = (await once(bystanders, 'message')) as [Waits];
  return waits;
}

/** Resolves when the reply has come. */
function say(socket: Socket, said: Buffer, replyBytes: number): Promise<void> {
  const came = bytesCome(socket, replyBytes);
  socket.write(said);
  return came;
}

function command(parts: readonly (string | Buffer)[]): Buffer {
  const bulks = parts.flatMap((part) => [
    Buffer.from(`$${part.length}\r\n`),
    Buffer.from(part),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([Buffer.from(`*${parts.length}\r\n`), ...bulks]);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
