// Whether a ForgeKV on this machine answers PING: exit code 0 or 1. For containers, which have
// no redis-cli. The port is FORGEKV_PORT, or 6379. A server that wants a password is alive.

import { connect } from 'node:net';

const TIMEOUT_MS = 3000;

const socket = connect(Number(process.env.FORGEKV_PORT ?? 6379), '127.0.0.1');
let reply = '';

function end(problem) {
  if (problem !== undefined) process.stderr.write(`healthcheck: ${problem}\n`);
  process.exit(problem === undefined ? 0 : 1);
}

socket.setTimeout(TIMEOUT_MS, () => end(`no answer in ${TIMEOUT_MS} ms`));
socket.on('connect', () => socket.write('*1\r\n$4\r\nPING\r\n'));
socket.on('data', (data) => {
  reply += data.toString('latin1');
  if (!reply.includes('\r\n')) return;
  end(/^(?:\+PONG|-NOAUTH)/.test(reply) ? undefined : `unexpected answer ${reply.trim()}`);
});
socket.on('error', (error) => end(error.message));
socket.on('end', () => end('the connection was closed'));
