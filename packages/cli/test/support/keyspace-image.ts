// Everything a server holds, made by commands and compared with what it holds after a restart.
// Not what was acknowledged before a crash: that is the kill loop's.

import {
  compareStates,
  DEFAULT_FAMILIES,
  encodeCommands,
  type KnownDifference,
  planCommands,
  readServerState,
  type ServerHandle,
  type ServerState,
} from '@forgekv/testkit';
import type { Test } from 'tap';
import { connect } from './servers.ts';

const CONNECTIONS = 3;
const BATCH = 40;
/** They leave nothing behind, and some of them get no reply. */
const FAMILIES = DEFAULT_FAMILIES.filter(({ name }) => name !== 'connection');
const READERS = FAMILIES.flatMap(({ readers }) => readers ?? []);

/** The same value may be kept in another form when it is written in one go. */
const FORM: KnownDifference = {
  name: 'encoding',
  reason: 'the log says what a value is, not how it came to be',
  covers: (label) => label === 'OBJECT ENCODING',
};

/** One command of each kind that changes strings, keys, expiry times or databases. */
const EVERY_KIND: readonly (readonly (string | number)[])[] = [
  ...[
    ['SET', 's:1', 'one'],
    ['SET', 's:2', 'two', 'EX', 5000],
    ['SET', 's:2', 'three', 'KEEPTTL'],
  ],
  ['MSET', 'm:1', 'a', 'm:2', 'b', 'm:3', 'x'.repeat(40_000)],
  ['MSETNX', 'm:4', 'c', 'm:5', 'd'],
  ...[
    ['SETEX', 'e:1', 5000, 'v'],
    ['PSETEX', 'e:2', 5_000_000, 'v'],
    ['SETNX', 'e:3', 'v'],
  ],
  ...[
    ['APPEND', 's:1', '+more'],
    ['SETRANGE', 's:1', 20, 'far'],
    ['GETSET', 's:3', 'new'],
  ],
  ...[
    ['INCR', 'count:1'],
    ['DECRBY', 'count:1', 50],
    ['INCRBYFLOAT', 'count:2', '1.25'],
    ['INCRBYFLOAT', 'count:2', '3e3'],
  ],
  ...[
    ['SETBIT', 'b:1', 1000, 1],
    ['BITFIELD', 'b:1', 'INCRBY', 'u8', 8, 77],
    ['BITOP', 'NOT', 'b:2', 'b:1'],
  ],
  ...[
    ['PFADD', 'own:hll', 'a', 'b', 'c'],
    ['PFMERGE', 'own:merged', 'own:hll'],
  ],
  ...[
    ['EXPIRE', 'm:1', 5000],
    ['PEXPIREAT', 'm:2', '9223372036854775807'],
    ['EXPIREAT', 'm:4', 4_102_444_800],
    ['PERSIST', 's:2'],
  ],
  ...[
    ['GETEX', 'm:5', 'PXAT', '9007199254740993'],
    ['GETDEL', 'e:3'],
    ['EXPIREAT', 'e:2', 1],
  ],
  ...[
    ['COPY', 'm:3', 'm:6'],
    ['COPY', 'm:1', 'c:1', 'DB', 3],
    ['MOVE', 'm:4', 2],
    ['RENAME', 's:3', 'r:1'],
    ['RENAMENX', 'count:1', 'r:2'],
    ['RENAME', 'm:6', 'r:3'],
  ],
  ...[
    ['SET', 'd:1', 'v'],
    ['SET', 'd:2', 'v'],
    ['DEL', 'd:1', 'absent', 'd:2'],
    ['SET', 'd:1', 'again'],
  ],
  ...[
    ['SELECT', 5],
    ['SET', 'flushed', 'v'],
    ['SET', 'flushed:large', 'x'.repeat(40_000)],
    ['FLUSHDB'],
    ['SET', 'after', 'v', 'PX', 5_000_000],
  ],
  ...[
    ['SELECT', 6],
    ['SET', 'six', 'v'],
    ['SWAPDB', 6, 7],
    ['SET', 'swapped', 'v'],
    ['UNLINK', 'six'],
  ],
  ['SELECT', 0],
];

/** Runs a command of every kind; none of them may fail. */
export async function runEveryKind(t: Test, server: ServerHandle): Promise<void> {
  const client = await connect(t, server);
  const replies = await client.pipeline(EVERY_KIND);
  const failed = replies.findIndex(({ kind }) => kind === 'error');
  const name = EVERY_KIND[failed]?.join(' ') ?? '';
  t.equal(failed, -1, `every kind of command is executed ${name}`);
}

/** Runs random commands on connections that take turns, each batch after the other. */
export async function runAtRandom(t: Test, server: ServerHandle, seed: number, commands: number) {
  const clients = Array.from({ length: CONNECTIONS }, () => connect(t, server));
  const open = await Promise.all(clients);
  const plan = { seed, commands, connections: CONNECTIONS, families: FAMILIES };
  let batch: (readonly Buffer[])[] = [];
  let turn = 0;
  const send = async (): Promise<void> => {
    await open[turn]!.exchange(encodeCommands(batch), batch.length);
    batch = [];
  };
  for (const { args, connection, silent, procedure } of planCommands(plan)) {
    if (silent || procedure !== undefined) continue;
    if (connection !== turn || batch.length === BATCH) await send();
    turn = connection;
    batch.push(args);
  }
  await send();
  for (const client of open) client.destroy();
}

/** What the server holds now, in all databases. */
export async function imageOf(t: Test, server: ServerHandle): Promise<ServerState> {
  const client = await connect(t, server);
  const image = await readServerState(client, READERS);
  client.destroy();
  return image;
}

/** Says in which keys two images differ. */
export function differences(before: ServerState, after: ServerState): string[] {
  return compareStates(before, after, [FORM]).map(({ what }) => what);
}

/** How many keys there are, in all databases. */
export function keysIn(image: ServerState): number {
  return [...image.values()].reduce((sum, keys) => sum + keys.size, 0);
}
