// A process of its own: clients that do small things while somebody else does something large, and
// how long each of them waited. A message in asks for the waits since the message before.

import { once } from 'node:events';
import { connect } from 'node:net';

const CONNECTIONS = 6;
const KEYS = 50;
const PAUSE_MS = 1;

/** How long who asked for what had to wait, since it was last asked. */
export interface Waits {
  readonly count: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const [port] = process.argv.slice(2).map(Number);
let waitsMs: number[] = [];

process.on('message', () => {
  waitsMs.sort((a, b) => a - b);
  const at = (share: number): number => waitsMs[Math.ceil(waitsMs.length * share) - 1] ?? 0;
  process.send!({ count: waitsMs.length, p99Ms: at(0.99), maxMs: at(1) } satisfies Waits);
  waitsMs = [];
});
process.on('disconnect', () => process.exit());
await Promise.all(Array.from({ length: CONNECTIONS }, (_, i) => begin(i)));
process.send!('ready');

/** PING, which needs no key, SET and GET by turns, each a moment after the reply before. */
async function begin(connection: number): Promise<void> {
  const socket = connect(port!, '127.0.0.1');
  await once(socket, 'connect');
  socket.setNoDelay(true);
  let turn = 0;
  let sentAtMs = 0;
  const next = (): void => {
    const key = `small:${connection}:${turn % KEYS}`;
    const said = ['PING', `SET ${key} value`, `GET ${key}`][turn++ % 3]!;
    sentAtMs = performance.now();
    socket.write(`${said}\r\n`);
  };
  socket.on('data', () => {
    waitsMs.push(performance.now() - sentAtMs);
    setTimeout(next, PAUSE_MS);
  });
  next();
}
