// What clients of channels say to a server, step by step: the same steps to Redis and to ForgeKV
// must make the same bytes come to each of them.

import type { Random } from '@forgekv/base';

/** One step: who sends what; all frames it leads to are awaited before the next. */
export type Step = readonly [client: string, ...commands: readonly string[]];

export interface Transcript {
  readonly name: string;
  /** Clients that say HELLO 3 first. */
  readonly resp3?: readonly string[];
  readonly steps: readonly Step[];
}

/** Commands are split at spaces; `''` is an empty argument. */
export const TRANSCRIPTS: readonly Transcript[] = [
  {
    name: 'what a RESP2 subscriber may say',
    steps: [
      ['a', 'SUBSCRIBE x y x'],
      ['a', 'GET k', 'CLIENT ID', 'nope', 'GET', 'CLIENT nope', 'HELLO 3', 'PUBLISH x y'],
      ['a', 'PING', 'PING hi', 'PING hi you', 'ping'],
      ['a', 'PSUBSCRIBE p*', 'SSUBSCRIBE s', 'UNSUBSCRIBE z', 'UNSUBSCRIBE x', 'UNSUBSCRIBE'],
      ['a', 'UNSUBSCRIBE', 'PUNSUBSCRIBE', 'PUNSUBSCRIBE', 'PING', 'SUNSUBSCRIBE q'],
      ['a', 'SUNSUBSCRIBE', 'SUNSUBSCRIBE', 'PING', 'GET k'],
      ['a', 'SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE', 'PUBLISH x', 'SPUBLISH x', 'PUBLISH x y z'],
    ],
  },
  {
    name: 'messages',
    steps: [
      ['a', 'SUBSCRIBE x y'],
      ['b', 'PSUBSCRIBE ?', 'SUBSCRIBE x'],
      ['c', 'SSUBSCRIBE x'],
      ['p', 'PUBLISH x 1', 'PUBLISH y 2', 'PUBLISH z 3', 'PUBLISH zz 4', 'SPUBLISH x 5'],
      ['p', 'SET k 1', 'PUBLISH x 6', 'INCR k', 'PUBLISH x 7', 'GET k'],
      ['a', 'UNSUBSCRIBE x'],
      ['p', 'PUBLISH x 8', 'PUBLISH y 9'],
      ['b', 'PUNSUBSCRIBE ?'],
      ['p', 'PUBLISH x 10', 'PUBLISH y 11', "PUBLISH y ''"],
      ['a', "SUBSCRIBE ''", 'PSUBSCRIBE [a-c]*'],
      ['p', "PUBLISH '' 12", 'PUBLISH abc 13', 'PUBLISH dbc 14'],
      ['c', 'SUNSUBSCRIBE x', 'GET k'],
      ['p', 'SPUBLISH x 15'],
    ],
  },
  {
    name: 'RESP3: messages are pushes',
    resp3: ['a', 'b'],
    steps: [
      ['a', 'SUBSCRIBE x', 'PSUBSCRIBE x*', 'SSUBSCRIBE x', 'GET k', 'PING'],
      ['b', 'SUBSCRIBE x', 'PUBLISH x 1', 'GET k', 'PUBLISH x 2', 'SPUBLISH x 3', 'PUBLISH no 4'],
      ['c', 'SUBSCRIBE x'],
      ['a', 'SET k v', 'PUBLISH x 5', 'GET k', 'PUBLISH x 6', 'DEL k'],
      ['a', 'UNSUBSCRIBE', 'UNSUBSCRIBE', 'PUNSUBSCRIBE nobody', 'SUNSUBSCRIBE', 'PUNSUBSCRIBE'],
      ['b', 'PUBLISH x 7', 'UNSUBSCRIBE x y', 'PUBLISH x 8'],
    ],
  },
  {
    name: 'RESET, QUIT, and going back to RESP2',
    resp3: ['b', 'c'],
    steps: [
      ['a', 'SUBSCRIBE x', 'PSUBSCRIBE *', 'SSUBSCRIBE s', 'RESET', 'GET k'],
      ['p', 'PUBLISH x 1', 'SPUBLISH s 1', 'PUBSUB CHANNELS', 'PUBSUB NUMPAT'],
      ['b', 'SUBSCRIBE x'],
      ['c', 'SUBSCRIBE x', 'PING'],
      ['p', 'PUBLISH x 2'],
      ['c', 'QUIT'],
      ['p', 'PUBLISH x 3'],
    ],
  },
  {
    name: 'CLIENT REPLY does not hold messages back',
    resp3: ['b'],
    steps: [
      ['a', 'CLIENT REPLY OFF', 'SUBSCRIBE x', 'PING'],
      ['p', 'PUBLISH x 1'],
      ['a', 'UNSUBSCRIBE', 'PING', 'CLIENT REPLY ON', 'PING'],
      ['b', 'CLIENT REPLY OFF', 'SUBSCRIBE x', 'PUBLISH x 2', 'PING', 'UNSUBSCRIBE'],
      ['b', 'CLIENT REPLY ON', 'CLIENT REPLY SKIP', 'SUBSCRIBE y', 'PING'],
      ['b', 'CLIENT REPLY SKIP', 'PUBLISH y 3', 'PING'],
    ],
  },
  {
    name: 'in transactions',
    steps: [
      ['a', 'SUBSCRIBE x', 'MULTI', 'EXEC'],
      ['p', 'MULTI', 'PUBLISH x 1', 'SET k 1', 'PUBLISH x 2', 'PUBLISH y 3', 'EXEC'],
      ['p', 'MULTI', 'SPUBLISH x 4', 'PUBLISH x 5', 'PUBSUB NUMSUB x', 'EXEC'],
      ['p', 'MULTI', 'PUBLISH x 6', 'DISCARD', 'PUBLISH x 7'],
      ['p', 'MULTI', 'PUBLISH x', 'PUBLISH x 8', 'EXEC'],
      ['b', 'MULTI', 'SUBSCRIBE x', 'EXEC', 'PING', 'GET k'],
      ['p', 'PUBLISH x 9', 'DEL k'],
    ],
  },
  {
    name: 'PUBSUB',
    resp3: ['r'],
    steps: [
      ['p', 'PUBSUB NUMSUB', 'PUBSUB NUMSUB a b a', 'PUBSUB NUMPAT', 'PUBSUB CHANNELS'],
      ['p', 'PUBSUB CHANNELS a b', 'PUBSUB SHARDCHANNELS a b', 'PUBSUB NUMPAT x', 'PUBSUB FOO'],
      ['p', 'PUBSUB', 'PUBSUB SHARDNUMSUB', 'PUBSUB SHARDNUMSUB x y', 'PUBSUB SHARDCHANNELS'],
      ['a', 'SUBSCRIBE one', 'PSUBSCRIBE t* two', 'SSUBSCRIBE three'],
      ['b', 'SUBSCRIBE one', 'PSUBSCRIBE t*'],
      [
        'p',
        'PUBSUB NUMSUB one two three',
        'PUBSUB NUMPAT',
        'PUBSUB CHANNELS',
        'PUBSUB CHANNELS t*',
      ],
      ['r', 'PUBSUB NUMSUB one two', 'PUBSUB SHARDNUMSUB three', 'PUBSUB SHARDCHANNELS th*'],
      ['p', 'PUBSUB CHANNELS o?e', 'PUBSUB SHARDCHANNELS x'],
      ['b', 'PUNSUBSCRIBE', 'UNSUBSCRIBE'],
      ['p', 'PUBSUB NUMSUB one', 'PUBSUB NUMPAT'],
      ['c', "SUBSCRIBE ''"],
      ['p', 'PUBSUB CHANNELS *', "PUBSUB CHANNELS ''", "PUBSUB NUMSUB ''"],
    ],
  },
];

/** A command of a step as arguments. */
export function argumentsOf(command: string): string[] {
  return command.split(' ').map((word) => (word === "''" ? '' : word));
}

const NAMES = ['x', 'y', 'xyz', "''"];
/** Only one: Redis serves several in no order. */
const PATTERN = 'x*';

/**
 * Random steps whose replies are determined: where Redis has an order of its own, of the names of
 * UNSUBSCRIBE or CHANNELS, there is one name at most.
 */
export function randomTranscript(random: Random, steps: number): Transcript {
  const clients = ['a', 'b', 'c', 'd'];
  const command = (): string => {
    const name = random.pick(NAMES);
    const names = `${name} ${random.pick(NAMES)}`;
    switch (random.below(14)) {
      case 0:
      case 1:
        return `SUBSCRIBE ${random.chance(0.3) ? names : name}`;
      case 2:
        return `PSUBSCRIBE ${PATTERN}`;
      case 3:
        return `SSUBSCRIBE ${name}`;
      case 4:
        return `UNSUBSCRIBE ${random.chance(0.3) ? names : name}`;
      case 5:
        return random.chance(0.5) ? 'PUNSUBSCRIBE' : `PUNSUBSCRIBE ${PATTERN}`;
      case 6:
        return `SUNSUBSCRIBE ${name}`;
      case 7:
        return `SPUBLISH ${name} sharded`;
      case 8:
        return random.pick([`PUBSUB NUMSUB ${names}`, 'PUBSUB NUMPAT', `PUBSUB CHANNELS ${name}`]);
      case 9:
        return random.pick(['PING', 'GET k', 'SET k 1', 'RESET', 'CLIENT REPLY ON', 'NOPE']);
      default:
        return `PUBLISH ${name} ${random.uint32()}`;
    }
  };
  return {
    name: 'random',
    resp3: ['c', 'd'],
    steps: Array.from({ length: steps }, () => {
      const commands = Array.from({ length: 1 + random.below(3) }, command);
      return [random.pick(clients), ...commands] as const;
    }),
  };
}
