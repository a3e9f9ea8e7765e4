export type { ArgumentSpec, ArgumentType } from './argument-syntax.ts';
export { parseArguments } from './argument-syntax.ts';
export type { ArgReader, ArgText } from './argument-text.ts';
export { CATALOG, type CatalogFamily } from './catalog.ts';
export { commandDocs } from './command-docs.ts';
export * from './command-flags.ts';
export * from './command-spec.ts';
export { CommandTable } from './command-table.ts';
export { aclFamily } from './families/acl.ts';
export { bitmapFamily } from './families/bitmap.ts';
export { bloomFamily } from './families/bloom.ts';
export { clientFamily } from './families/client.ts';
export { clusterFamily } from './families/cluster.ts';
export { commandFamily } from './families/command.ts';
export { configFamily } from './families/config.ts';
export { connectionFamily } from './families/connection.ts';
export { countMinFamily } from './families/count-min.ts';
export { cuckooFamily } from './families/cuckoo.ts';
export { debugFamily } from './families/debug.ts';
export { expiryFamily } from './families/expiry.ts';
export { functionFamily } from './families/function.ts';
export { genericFamily } from './families/generic.ts';
export { geoFamily } from './families/geo.ts';
export { hashFamily } from './families/hash.ts';
export { hashExpiryFamily } from './families/hash-expiry.ts';
export { hyperloglogFamily } from './families/hyperloglog.ts';
export { jsonFamily } from './families/json.ts';
export { jsonArrayFamily } from './families/json-array.ts';
export { listFamily } from './families/list.ts';
export { observabilityFamily } from './families/observability.ts';
export { pubsubFamily } from './families/pubsub.ts';
export { replicationFamily } from './families/replication.ts';
export { scriptFamily } from './families/script.ts';
export { serverFamily } from './families/server.ts';
export { setFamily } from './families/set.ts';
export { sortedSetFamily } from './families/sorted-set.ts';
export { sortedSetRangeFamily } from './families/sorted-set-range.ts';
export { streamFamily } from './families/stream.ts';
export { streamGroupFamily } from './families/stream-group.ts';
export { stringFamily } from './families/string.ts';
export { tDigestFamily } from './families/t-digest.ts';
export { topKFamily } from './families/top-k.ts';
export { transactionFamily } from './families/transaction.ts';
export type { CommandNames, HandlersOf } from './handlers-of.ts';
export {
  commandCount,
  commandGetKeys,
  commandGetKeysAndFlags,
  commandInfo,
  commandList,
  type ListFilter,
  visibleIdOf,
} from './introspection.ts';
export { extractKeys, extractKeysAndFlags, type KeyUse } from './key-extraction.ts';
export { type IndexList, KEYS_INVALID } from './key-list.ts';
export type { ReplyTree } from './reply-tree.ts';
export { isRunnable, resolveCatalog, runnableNames } from './resolve-catalog.ts';
