// The handlers of the families about the server as a whole, by command.

import type {
  clusterFamily,
  commandFamily,
  configFamily,
  debugFamily,
  HandlersOf,
  observabilityFamily,
  replicationFamily,
  serverFamily,
} from '@forgekv/catalog';
import { debugObject } from '../generic/debug-object.ts';
import { type Handler, keyed, onFront, onWorker } from '../handler.ts';
import { noCluster, replicaOf } from './cluster.ts';
import { command, count, docs, getKeys, getKeysAndFlags, info as infoOf, list } from './command.ts';
import { configGet, configResetStat, configRewrite, configSet } from './config.ts';
import {
  debugChangeReplicationId,
  debugError,
  debugLog,
  debugPackedThreshold,
  debugProtocol,
  debugSetActiveExpire,
  debugSleep,
  debugStringMatch,
} from './debug.ts';
import { helpOn } from './help.ts';
import { info } from './info.ts';
import {
  latencyDoctor,
  latencyGraphOf,
  latencyHistogram,
  latencyHistory,
  latencyLatest,
  latencyReset,
} from './latency.ts';
import { lolwut } from './lolwut.ts';
import { memoryUsage } from './memory.ts';
import { memoryBigKeys, memoryHotKeys } from './memory-keys.ts';
import { mallocStats, memoryDoctor, memoryPurge, memoryStats } from './memory-stats.ts';
import { monitor } from './monitor.ts';
import { moduleList, role } from './role.ts';
import { bgSave, lastSave, rewriteLog, save } from './save.ts';
import { shutdown } from './shutdown.ts';
import { slowlogGet, slowlogLen, slowlogReset } from './slowlog.ts';
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

export const debugHandlers = {
  'DEBUG|CHANGE-REPL-ID': onFront(debugChangeReplicationId),
  'DEBUG|ERROR': onFront(debugError),
  'DEBUG|HELP': onFront(helpOn('debug')),
  'DEBUG|LOG': onFront(debugLog),
  'DEBUG|OBJECT': keyed(debugObject),
  'DEBUG|PROTOCOL': onFront(debugProtocol),
  'DEBUG|QUICKLIST-PACKED-THRESHOLD': onFront(debugPackedThreshold),
  'DEBUG|SET-ACTIVE-EXPIRE': onFront(debugSetActiveExpire),
  'DEBUG|SLEEP': onFront(debugSleep),
  'DEBUG|STRINGMATCH-LEN': onFront(debugStringMatch),
} satisfies HandlersOf<typeof debugFamily, Handler>;

export const clusterHandlers = {
  ASKING: onFront(noCluster),
  'CLUSTER|ADDSLOTS': onFront(noCluster),
  'CLUSTER|ADDSLOTSRANGE': onFront(noCluster),
  'CLUSTER|BUMPEPOCH': onFront(noCluster),
  'CLUSTER|COUNT-FAILURE-REPORTS': onFront(noCluster),
  'CLUSTER|COUNTKEYSINSLOT': onFront(noCluster),
  'CLUSTER|DELSLOTS': onFront(noCluster),
  'CLUSTER|DELSLOTSRANGE': onFront(noCluster),
  'CLUSTER|FAILOVER': onFront(noCluster),
  'CLUSTER|FLUSHSLOTS': onFront(noCluster),
  'CLUSTER|FORGET': onFront(noCluster),
  'CLUSTER|GETKEYSINSLOT': onFront(noCluster),
  'CLUSTER|HELP': onFront(noCluster),
  'CLUSTER|INFO': onFront(noCluster),
  'CLUSTER|KEYSLOT': onFront(noCluster),
  'CLUSTER|LINKS': onFront(noCluster),
  'CLUSTER|MEET': onFront(noCluster),
  'CLUSTER|MYID': onFront(noCluster),
  'CLUSTER|NODES': onFront(noCluster),
  'CLUSTER|REPLICAS': onFront(noCluster),
  'CLUSTER|REPLICATE': onFront(noCluster),
  'CLUSTER|RESET': onFront(noCluster),
  'CLUSTER|SAVECONFIG': onFront(noCluster),
  'CLUSTER|SET-CONFIG-EPOCH': onFront(noCluster),
  'CLUSTER|SETSLOT': onFront(noCluster),
  'CLUSTER|SHARDS': onFront(noCluster),
  'CLUSTER|SLAVES': onFront(noCluster),
  'CLUSTER|SLOTS': onFront(noCluster),
  READONLY: onFront(noCluster),
  READWRITE: onFront(noCluster),
} satisfies HandlersOf<typeof clusterFamily, Handler>;

export const replicationHandlers = {
  REPLICAOF: onFront(replicaOf),
  SLAVEOF: onFront(replicaOf),
} satisfies HandlersOf<typeof replicationFamily, Handler>;

export const observabilityHandlers = {
  'LATENCY|DOCTOR': onFront(latencyDoctor),
  'LATENCY|GRAPH': onFront(latencyGraphOf),
  'LATENCY|HELP': onFront(helpOn('latency')),
  'LATENCY|HISTOGRAM': onFront(latencyHistogram),
  'LATENCY|HISTORY': onFront(latencyHistory),
  'LATENCY|LATEST': onFront(latencyLatest),
  'LATENCY|RESET': onFront(latencyReset),
  'MEMORY|BIGKEYS': onWorker(memoryBigKeys),
  'MEMORY|DOCTOR': onFront(memoryDoctor),
  'MEMORY|HELP': onFront(helpOn('memory')),
  'MEMORY|HOTKEYS': onFront(memoryHotKeys),
  'MEMORY|MALLOC-STATS': onFront(mallocStats),
  'MEMORY|PURGE': onFront(memoryPurge),
  'MEMORY|STATS': onFront(memoryStats),
  'MEMORY|USAGE': keyed(memoryUsage),
  'MODULE|HELP': onFront(helpOn('module')),
  'MODULE|LIST': onFront(moduleList),
  MONITOR: onFront(monitor),
  'SLOWLOG|GET': onFront(slowlogGet),
  'SLOWLOG|HELP': onFront(helpOn('slowlog')),
  'SLOWLOG|LEN': onFront(slowlogLen),
  'SLOWLOG|RESET': onFront(slowlogReset),
} satisfies HandlersOf<typeof observabilityFamily, Handler>;
