// All families together: the one place that lists them.

import { aclHandlers } from './acl-family/index.ts';
import { bitmapHandlers } from './bitmap/index.ts';
import { clientHandlers, connectionHandlers } from './connection/index.ts';
import { expiryHandlers, genericHandlers } from './generic/index.ts';
import { geoHandlers } from './geo/index.ts';
import { hashExpiryHandlers, hashHandlers } from './hash/index.ts';
import { hyperloglogHandlers } from './hyperloglog/index.ts';
import { jsonArrayHandlers, jsonHandlers } from './json/index.ts';
import { keyspaceHandlers } from './keyspace-commands/index.ts';
import { listHandlers } from './list/index.ts';
import { pubsubHandlers } from './pubsub/index.ts';
import { CommandRegistry } from './registry.ts';
import { functionHandlers, scriptHandlers } from './script/index.ts';
import {
  clusterHandlers,
  commandHandlers,
  configHandlers,
  debugHandlers,
  observabilityHandlers,
  replicationHandlers,
  serverHandlers,
} from './server/index.ts';
import { setHandlers } from './set/index.ts';
import {
  bloomHandlers,
  countMinHandlers,
  cuckooHandlers,
  tDigestHandlers,
  topKHandlers,
} from './sketch/index.ts';
import { sortedSetHandlers, sortedSetRangeHandlers } from './sorted-set/index.ts';
import { streamGroupHandlers, streamHandlers } from './stream/index.ts';
import { stringHandlers } from './string/index.ts';
import { transactionHandlers } from './transaction/index.ts';

/**
 * Returns the registry of everything this version can do.
 * @param renames commands that clients and scripts find by another name, or with '' not at all
 */
export function createRegistry(
  renames: readonly (readonly [name: string, newName: string])[] = [],
): CommandRegistry {
  const registry = new CommandRegistry({
    ...aclHandlers,
    ...connectionHandlers,
    ...clientHandlers,
    ...commandHandlers,
    ...configHandlers,
    ...observabilityHandlers,
    ...debugHandlers,
    ...replicationHandlers,
    ...clusterHandlers,
    ...serverHandlers,
    ...keyspaceHandlers,
    ...pubsubHandlers,
    ...stringHandlers,
    ...transactionHandlers,
    ...bitmapHandlers,
    ...hyperloglogHandlers,
    ...setHandlers,
    ...listHandlers,
    ...hashHandlers,
    ...hashExpiryHandlers,
    ...sortedSetHandlers,
    ...sortedSetRangeHandlers,
    ...streamHandlers,
    ...streamGroupHandlers,
    ...bloomHandlers,
    ...cuckooHandlers,
    ...countMinHandlers,
    ...topKHandlers,
    ...tDigestHandlers,
    ...geoHandlers,
    ...jsonHandlers,
    ...jsonArrayHandlers,
    ...genericHandlers,
    ...expiryHandlers,
    ...scriptHandlers,
    ...functionHandlers,
  });
  if (renames.length > 0) registry.table.rename(renames);
  return registry;
}
