/** The family of commands on whole databases: SELECT, SWAPDB, DBSIZE and, rarely, the flushes. */
import type { ArgumentSource } from './argument-source.ts';
import { type CommandFamily, type GeneratedCommand, generated } from './generated-command.ts';
import { database } from './generic-commands.ts';

/** Mostly back to 0, where the keys are. */
function makeSelect(source: ArgumentSource): GeneratedCommand {
  return generated(['SELECT', source.percent(60) ? '0' : database(source)]);
}

function makeSwap(source: ArgumentSource): GeneratedCommand {
  return generated(['SWAPDB', database(source), database(source)]);
}

function makeFlush(source: ArgumentSource): GeneratedCommand {
  const name = source.percent(70) ? 'FLUSHDB' : 'FLUSHALL';
  const options = source.percent(50) ? [] : [source.prng.pick(['ASYNC', 'SYNC', 'FOO', ''])];
  return generated([name, ...options]);
}

export const DATABASE_FAMILY: CommandFamily = {
  name: 'database',
  recipes: [
    { name: 'SELECT', weight: 14, make: makeSelect },
    { name: 'SWAPDB', weight: 4, make: makeSwap },
    { name: 'DBSIZE', weight: 10, make: () => generated(['DBSIZE']) },
    { name: 'FLUSHDB or FLUSHALL', weight: 1, make: makeFlush },
  ],
};
