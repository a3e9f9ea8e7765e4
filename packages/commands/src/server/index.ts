// The handlers of the families about the server as a whole, by command.

import type {
  CommandNames,
  commandFamily,
  configFamily,
  HandlersOf,
  observabilityFamily,
  serverFamily,
} from '@forgekv/catalog';
import { type Handler, keyed, onFront } from '../handler.ts';
import { command, count, docs, getKeys, getKeysAndFlags, info as infoOf, list } from './command.ts';
import { configGet, configResetStat, configRewrite, configSet } from './config.ts';
import { helpOn } from './help.ts';
import { info } from './info.ts';
import { lolwut } from './lolwut.ts';
import { memoryUsage } from './memory.ts';
import { monitor } from './monitor.ts';
import { moduleList, role } from './role.ts';
import { bgSave, lastSave, rewriteLog, save } from './save.ts';
import { shutdown } from './shutdown.ts';
import { time } from './time.ts';

/** About all keys, so they are in `keyspace-commands`. */
type KeyspaceCommand = 'DBSIZE' | 'FLUSHALL' | 'FLUSHDB' | 'SWAPDB';

export const serverHandlers = {
  BGREWRITEAOF: onFront(rewriteLog),
  BGSAVE: onFront(bgSave),
  INFO: onFront(info),
  LASTSAVE: onFront(lastSave),
  LOLWUT: onFront(lolwut),
  ROLE: onFront(role),
  SAVE: onFront(save),
  SHUTDOWN: onFront(shutdown),
  TIME: onFront(time),
} satisfies HandlersOf<typeof serverFamily, Handler, KeyspaceCommand>;

export const commandHandlers = {
  COMMAND: onFront(command),
  'COMMAND|COUNT': onFront(count),
  'COMMAND|DOCS': onFront(docs),
  'COMMAND|GETKEYS': onFront(getKeys),
  'COMMAND|GETKEYSANDFLAGS': onFront(getKeysAndFlags),
  'COMMAND|HELP': onFront(helpOn('command')),
  'COMMAND|INFO': onFront(infoOf),
  'COMMAND|LIST': onFront(list),
} satisfies HandlersOf<typeof commandFamily, Handler>;

export const configHandlers = {
  'CONFIG|GET': onFront(configGet),
  'CONFIG|HELP': onFront(helpOn('config')),
  'CONFIG|RESETSTAT': onFront(configResetStat),
  'CONFIG|REWRITE': onFront(configRewrite),
  'CONFIG|SET': onFront(configSet),
} satisfies HandlersOf<typeof configFamily, Handler>;

type PendingObservability =
  | `${'LATENCY' | 'SLOWLOG'}|${string}`
  | `MEMORY|${'DOCTOR' | 'MALLOC-STATS' | 'PURGE' | 'STATS'}`;

export const observabilityHandlers = {
  'MEMORY|HELP': onFront(helpOn('memory')),
  'MEMORY|USAGE': keyed(memoryUsage),
  'MODULE|HELP': onFront(helpOn('module')),
  'MODULE|LIST': onFront(moduleList),
  MONITOR: onFront(monitor),
} satisfies HandlersOf<
  typeof observabilityFamily,
  Handler,
  Extract<CommandNames<typeof observabilityFamily>, PendingObservability>
>;
