/** A program that poses as ForgeKV for the tests of starting and stopping; not a test itself. */
import { createServer } from 'node:net';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    dir: { type: 'string' },
    'front-threads': { type: 'string' },
    'shard-threads': { type: 'string' },
    'wal-segment-mb': { type: 'string' },
    /** dies | mute | stubborn: ends at once, never answers, ignores SIGTERM. */
    mode: { type: 'string', default: '' },
  },
});

console.log(`fake server ${JSON.stringify(values)} NODE_OPTIONS=${process.env.NODE_OPTIONS ?? ''}`);
if (values.mode === 'dies') {
  console.error('cannot open the data directory');
  process.exit(3);
}
if (values.mode === 'stubborn') process.on('SIGTERM', () => console.log('SIGTERM ignored'));
createServer((socket) => {
  socket.on('error', () => {});
  if (values.mode !== 'mute') socket.on('data', () => void socket.write('+PONG\r\n'));
}).listen(Number(values.port), '127.0.0.1');
