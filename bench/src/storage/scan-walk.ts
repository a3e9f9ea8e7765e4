// Walks over all keys of a server with SCAN, over one connection. Not a client: it knows this one
// reply, of keys without line breaks.

import { connect } from 'node:net';

const HEAD = /^\*2\r\n\$\d+\r\n(\d+)\r\n\*(\d+)\r\n/;

/** Returns how many keys there were. @throws Error when the server refuses or goes away */
export function countByScan(port: number, count: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1').setEncoding('latin1').setNoDelay(true);
    let keys = 0;
    let reply = '';
    const ask = (cursor: string): void => {
      reply = '';
      socket.write(`SCAN ${cursor} COUNT ${count}\r\n`);
    };
    socket.on('connect', () => ask('0'));
    socket.on('data', (chunk: string) => {
      reply += chunk;
      if (reply.startsWith('-')) return socket.destroy(new Error(`SCAN: ${reply.trim()}`));
      const head = HEAD.exec(reply);
      if (head === null) return undefined;
      const found = Number(head[2]);
      // A line for the length of each key, and one for the key.
      if (linesIn(reply, head[0].length) < 2 * found) return undefined;
      keys += found;
      if (head[1] !== '0') return ask(head[1]!);
      socket.destroy();
      return resolve(keys);
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed the connection')));
  });
}

function linesIn(text: string, start: number): number {
  let lines = 0;
  for (let at = text.indexOf('\r\n', start); at >= 0; at = text.indexOf('\r\n', at + 2)) lines++;
  return lines;
}
