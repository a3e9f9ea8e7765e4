// The screen of log lines that says what is running where.

import { join } from 'node:path';
import type { Config } from '@forgekv/config';
import { canSharePort, type Reachable, type Server, VERSION } from '@forgekv/server';

/** Returns the lines shown once the server serves. */
export function banner(server: Server, config: Config, reachable: Reachable): string[] {
  const { fronts, workers } = server.plan;
  const { addresses, port, tlsPort, socketPath } = reachable;
  const where = [
    ...(port === 0 ? [] : addresses.map((host) => `${host} port ${port}`)),
    ...(tlsPort === 0 ? [] : addresses.map((host) => `${host} port ${tlsPort} (TLS)`)),
    ...(socketPath === '' ? [] : [socketPath]),
  ];
  const spread = canSharePort() ? 'each with its own listening socket' : 'sharing one socket';
  const http = config.integer('http-port');
  return [
    `ForgeKV ${VERSION} on Node.js ${process.versions.node}, pid ${process.pid}`,
    `  listening    ${where.join(', ')}`,
    `  threads      ${fronts} front (${spread}), ${workers} shard, 64 shards`,
    `  hot table    ${config.integer('memtable-size-mb')} MB, values up to ` +
      `${config.integer('hot-value-max-bytes')} bytes`,
    `  durability   ${config.word('wal-sync-mode')}, log in ${join(server.directory, 'wal')}`,
    `  data         ${server.directory}`,
    `  http         ${http === 0 ? 'off (--http-port N)' : httpAddress(config)}`,
    `  connect      ${clientFor(reachable)}`,
  ];
}

/** Where a browser finds the console; what listens on every address is found on this machine. */
function httpAddress(config: Config): string {
  const [first = ''] = config.list('http-bind');
  const host = first.replace(/^-/, '').replace(/^(?:\*|0\.0\.0\.0)$/, '127.0.0.1');
  const named = host.replace(/^(?:::\*?)$/, '::1');
  const port = config.integer('http-port');
  return `http://${named.includes(':') ? `[${named}]` : named}:${port}/`;
}

function clientFor({ port, tlsPort, socketPath }: Reachable): string {
  if (port !== 0) return `redis-cli -p ${port}`;
  return tlsPort !== 0 ? `redis-cli --tls -p ${tlsPort}` : `redis-cli -s ${socketPath}`;
}
