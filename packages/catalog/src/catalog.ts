// The whole catalog: every family with the group and the module it belongs to. Order is the order
// of command ids and of COMMAND's reply.
import type { CommandFamily, CommandGroup } from './command-spec.ts';
import { aclFamily } from './families/acl.ts';
import { bitmapFamily } from './families/bitmap.ts';
import { bloomFamily } from './families/bloom.ts';
import { clientFamily } from './families/client.ts';
import { clusterFamily } from './families/cluster.ts';
import { commandFamily } from './families/command.ts';
import { configFamily } from './families/config.ts';
import { connectionFamily } from './families/connection.ts';
import { countMinFamily } from './families/count-min.ts';
import { cuckooFamily } from './families/cuckoo.ts';
import { debugFamily } from './families/debug.ts';
import { expiryFamily } from './families/expiry.ts';
import { functionFamily } from './families/function.ts';
import { genericFamily } from './families/generic.ts';
import { geoFamily } from './families/geo.ts';
import { hashFamily } from './families/hash.ts';
import { hashExpiryFamily } from './families/hash-expiry.ts';
import { hyperloglogFamily } from './families/hyperloglog.ts';
import { jsonFamily } from './families/json.ts';
import { jsonArrayFamily } from './families/json-array.ts';
import { listFamily } from './families/list.ts';
import { observabilityFamily } from './families/observability.ts';
import { pubsubFamily } from './families/pubsub.ts';
import { replicationFamily } from './families/replication.ts';
import { scriptFamily } from './families/script.ts';
import { serverFamily } from './families/server.ts';
import { setFamily } from './families/set.ts';
import { sortedSetFamily } from './families/sorted-set.ts';
import { sortedSetRangeFamily } from './families/sorted-set-range.ts';
import { streamFamily } from './families/stream.ts';
import { streamGroupFamily } from './families/stream-group.ts';
import { stringFamily } from './families/string.ts';
import { tDigestFamily } from './families/t-digest.ts';
import { topKFamily } from './families/top-k.ts';
import { transactionFamily } from './families/transaction.ts';

/** A family file and what all its commands have in common. */
export interface CatalogFamily {
  readonly group: CommandGroup;
  /** Name of the module as MODULE LIST shows it; absent for the core. */
  readonly module?: string;
  readonly commands: CommandFamily;
}

export const CATALOG: readonly CatalogFamily[] = [
  { group: 'string', commands: stringFamily },
  { group: 'bitmap', commands: bitmapFamily },
  { group: 'generic', commands: genericFamily },
  { group: 'generic', commands: expiryFamily },
  { group: 'hash', commands: hashFamily },
  { group: 'hash', commands: hashExpiryFamily },
  { group: 'list', commands: listFamily },
  { group: 'set', commands: setFamily },
  { group: 'sorted-set', commands: sortedSetFamily },
  { group: 'sorted-set', commands: sortedSetRangeFamily },
  { group: 'hyperloglog', commands: hyperloglogFamily },
  { group: 'geo', commands: geoFamily },
  { group: 'stream', commands: streamFamily },
  { group: 'stream', commands: streamGroupFamily },
  { group: 'pubsub', commands: pubsubFamily },
  { group: 'transactions', commands: transactionFamily },
  { group: 'scripting', commands: scriptFamily },
  { group: 'scripting', commands: functionFamily },
  { group: 'connection', commands: connectionFamily },
  { group: 'connection', commands: clientFamily },
  { group: 'server', commands: serverFamily },
  { group: 'server', commands: aclFamily },
  { group: 'server', commands: commandFamily },
  { group: 'server', commands: configFamily },
  { group: 'server', commands: observabilityFamily },
  { group: 'server', commands: debugFamily },
  { group: 'server', commands: replicationFamily },
  { group: 'cluster', commands: clusterFamily },
  { group: 'module', module: 'ReJSON', commands: jsonFamily },
  { group: 'module', module: 'ReJSON', commands: jsonArrayFamily },
  { group: 'module', module: 'bf', commands: bloomFamily },
  { group: 'module', module: 'bf', commands: cuckooFamily },
  { group: 'module', module: 'bf', commands: countMinFamily },
  { group: 'module', module: 'bf', commands: topKFamily },
  { group: 'module', module: 'bf', commands: tDigestFamily },
];
