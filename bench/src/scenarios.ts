// The loads, as data: what is sent, how deep the pipeline, how many generators and connections.

import { JSON_OPERATIONS, type JsonOperation } from './json-load.ts';

export type Operation =
  | StringOperation
  | CollectionOperation
  | LargeOperation
  | PublishOperation
  | TransactionOperation
  | ScriptOperation
  | StreamOperation
  | SketchOperation
  | JsonOperation
  | WaitOperation;

export type StringOperation = 'SET' | 'GET' | 'SET:GET 1:10' | 'INCR' | 'MSET 10';

/** On small hashes, lists, sets and sorted sets. */
export type CollectionOperation =
  | 'HSET'
  | 'HGET'
  | 'LPUSH+LPOP'
  | 'SADD'
  | 'ZADD'
  | 'ZRANGEBYSCORE';

/** On one sorted set of as many members as there are random keys. */
export type LargeOperation = 'ZADD to one' | 'ZRANK of one' | 'ZRANGE of one';

/** To that many subscribers of one channel. */
export type PublishOperation = 'PUBLISH to 100';
export const SUBSCRIBERS = 100;

/** On small values, and on large ones, which lie on several threads. */
export type TransactionOperation = 'MULTI of 4' | 'MULTI of 4 large';
/** Scripts of one shard's key: of one call and of twenty, by their text, and one by its digest. */
export type ScriptOperation = 'EVAL of 1' | 'EVAL of 20' | 'EVALSHA INCR';
/** On one stream of some thousand entries, and on one per connection. */
export type StreamOperation = 'XADD' | 'XREADGROUP+XACK';
/** On small filters and on one of a million items; and on bits of strings, to compare with. */
export type SketchOperation =
  | 'SETBIT'
  | 'GETBIT'
  | 'BF.ADD'
  | 'BF.EXISTS'
  | 'BF.ADD to one'
  | 'BF.EXISTS in one';
/** One waits for what another pushes. */
export type WaitOperation = 'BLPOP ping-pong';

export interface Scenario {
  /** Unique, such as `GET p16 2x20`. */
  readonly name: string;
  readonly operation: Operation;
  readonly pipeline: number;
  /** Generator processes, each with `connections` connections. */
  readonly generators: number;
  readonly connections: number;
  readonly valueBytes: number;
  /** Random keys 0..keyspace-1, all of which exist before the load starts. */
  readonly keyspace: number;
}

const VALUE_BYTES = 64;
const OPERATIONS: readonly StringOperation[] = ['SET', 'GET', 'SET:GET 1:10', 'INCR', 'MSET 10'];
const COLLECTION_OPERATIONS: readonly CollectionOperation[] = [
  'HSET',
  'HGET',
  'LPUSH+LPOP',
  'SADD',
  'ZADD',
  'ZRANGEBYSCORE',
];
const LARGE_OPERATIONS: readonly LargeOperation[] = [
  'ZADD to one',
  'ZRANK of one',
  'ZRANGE of one',
];
const PIPELINES = [1, 16];
const SHAPES = [
  { generators: 1, connections: 10 },
  { generators: 2, connections: 20 },
];
const QUICK_NAMES = ['SET p16 2x20', 'GET p16 2x20', 'GET p1 2x20', 'SET:GET 1:10 p1 2x20'];

/** Every load of the main comparison. */
export function allScenarios(keyspace: number): Scenario[] {
  return OPERATIONS.flatMap((operation) =>
    PIPELINES.flatMap((pipeline) =>
      SHAPES.map((shape) => ({
        name: `${operation} p${pipeline} ${shape.generators}x${shape.connections}`,
        operation,
        pipeline,
        ...shape,
        valueBytes: VALUE_BYTES,
        keyspace,
      })),
    ),
  );
}

/** The few loads of a smoke run. */
export function quickScenarios(keyspace: number): Scenario[] {
  return allScenarios(keyspace).filter(({ name }) => QUICK_NAMES.includes(name));
}

/**
 * What a trip through the rings costs: the same loads as in the main comparison, with a ForgeKV
 * that sends every command to a shard worker (`--debug-force-hop yes`) beside the ordinary one.
 */
export function forcedHopScenarios(keyspace: number): Scenario[] {
  return allScenarios(keyspace)
    .filter(({ name }) => name === 'SET p16 2x20' || name === 'GET p16 2x20')
    .map((scenario) => ({ ...scenario, name: `forced hop ${scenario.name}` }));
}

/** Small collections, pipelined. */
export function collectionScenarios(keyspace: number): Scenario[] {
  return COLLECTION_OPERATIONS.map((operation) => ({
    name: `${operation} p16 2x20`,
    operation,
    pipeline: 16,
    generators: 2,
    connections: 20,
    valueBytes: VALUE_BYTES,
    // A tenth: every key has several elements.
    keyspace: Math.ceil(keyspace / 10),
  }));
}

/** One sorted set of a million members or so, which is in the heap of a worker. */
export function largeScenarios(keyspace: number): Scenario[] {
  return LARGE_OPERATIONS.map((operation) => ({
    name: `${operation} p16 2x20`,
    ...{ operation, pipeline: 16, generators: 2, connections: 20, valueBytes: VALUE_BYTES },
    keyspace,
  }));
}

/** One publisher, and everybody gets everything before it goes on. */
export function publishScenarios(keyspace: number): Scenario[] {
  return PIPELINES.map((pipeline) => ({
    name: `PUBLISH to ${SUBSCRIBERS} p${pipeline}`,
    operation: 'PUBLISH to 100',
    ...{ pipeline, generators: 1, connections: 1, valueBytes: VALUE_BYTES, keyspace },
  }));
}

/** Transactions of four commands; one of them counts as one operation. */
export function transactionScenarios(keyspace: number): Scenario[] {
  const operations: readonly TransactionOperation[] = ['MULTI of 4', 'MULTI of 4 large'];
  return operations.flatMap((operation) =>
    PIPELINES.map((pipeline) => ({
      name: `${operation} p${pipeline} 1x20`,
      ...{ operation, pipeline, generators: 1, connections: 20 },
      ...{ valueBytes: VALUE_BYTES, keyspace },
    })),
  );
}

/** Scripts; one of them counts as one operation. */
export function scriptScenarios(keyspace: number): Scenario[] {
  const operations: readonly ScriptOperation[] = ['EVAL of 1', 'EVAL of 20', 'EVALSHA INCR'];
  return operations.map((operation) => ({
    name: `${operation} p16 2x20`,
    ...{ operation, pipeline: 16, generators: 2, connections: 20, valueBytes: VALUE_BYTES },
    keyspace,
  }));
}

/** What is added to a stream, and what a group reads of it and acknowledges. */
export function streamScenarios(keyspace: number): Scenario[] {
  return [
    ...PIPELINES.map((pipeline) => ({
      name: `XADD p${pipeline} 2x20`,
      ...{ operation: 'XADD' as const, pipeline, generators: 2, connections: 20 },
      ...{ valueBytes: VALUE_BYTES, keyspace },
    })),
    {
      ...{ name: 'XREADGROUP+XACK p16 1x20', operation: 'XREADGROUP+XACK', pipeline: 16 },
      ...{ generators: 1, connections: 20, valueBytes: VALUE_BYTES, keyspace },
    },
  ];
}

/** What filters cost beside single bits. Redis has none without a module. */
export function sketchScenarios(keyspace: number): Scenario[] {
  const operations: readonly SketchOperation[] = [
    ...(['SETBIT', 'GETBIT', 'BF.ADD', 'BF.EXISTS', 'BF.ADD to one', 'BF.EXISTS in one'] as const),
  ];
  return operations.map((operation) => ({
    ...{ name: `${operation} p16 2x20`, operation, pipeline: 16, generators: 2, connections: 20 },
    ...{ valueBytes: VALUE_BYTES, keyspace },
  }));
}

/** Documents of 1 KB, and a change of one of 100 KB beside the same of a small one. */
export function jsonScenarios(keyspace: number): Scenario[] {
  return JSON_OPERATIONS.map((operation) => ({
    name: `${operation} p16 2x20`,
    ...{ operation, pipeline: 16, generators: 2, connections: 20, valueBytes: VALUE_BYTES },
    keyspace,
  }));
}

/** How long it takes to wake one up that waits. */
export function waitScenarios(keyspace: number): Scenario[] {
  return [
    {
      ...{ name: 'BLPOP ping-pong', operation: 'BLPOP ping-pong', pipeline: 1, keyspace },
      ...{ generators: 1, connections: 1, valueBytes: VALUE_BYTES },
    },
  ];
}

/** The kinds of keys a set of loads needs to find when it starts. */
export type KeyKind = 'values' | 'counters' | 'memtier values' | 'documents' | CollectionKind;

/** Small collections, one key each, and large ones, one element each. */
export type CollectionKind = 'hashes' | 'sorted sets' | LargeKind;

export type LargeKind = 'fields' | 'members' | 'scores' | 'filters';

const KEYS_OF: Readonly<Record<Operation, KeyKind[]>> = {
  SET: ['values'],
  GET: ['values'],
  'SET:GET 1:10': ['values'],
  INCR: ['counters'],
  'MSET 10': ['values'],
  HSET: ['hashes'],
  HGET: ['hashes'],
  'LPUSH+LPOP': [],
  SADD: [],
  ZADD: [],
  ZRANGEBYSCORE: ['sorted sets'],
  'ZADD to one': ['scores'],
  'ZRANK of one': ['scores'],
  'ZRANGE of one': ['scores'],
  'PUBLISH to 100': [],
  'MULTI of 4': [],
  'MULTI of 4 large': [],
  'EVAL of 1': [],
  'EVAL of 20': [],
  'EVALSHA INCR': [],
  'BLPOP ping-pong': [],
  XADD: [],
  'XREADGROUP+XACK': [],
  SETBIT: ['values'],
  GETBIT: ['values'],
  'BF.ADD': ['filters'],
  'BF.EXISTS': ['filters'],
  'BF.ADD to one': [],
  'BF.EXISTS in one': [],
  'JSON.SET 1 KB': [],
  'JSON.GET 1 KB': ['documents'],
  'JSON.NUMINCRBY 1 KB': ['documents'],
  'JSON.NUMINCRBY 100 KB': ['documents'],
};

/** Which keys to write before these loads. @param mixByMemtier memtier makes names of its own */
export function keysNeeded(scenarios: readonly Scenario[], mixByMemtier: boolean): KeyKind[] {
  const kinds = scenarios.flatMap(({ operation }): KeyKind[] => {
    if (operation === 'SET:GET 1:10' && mixByMemtier) return ['memtier values'];
    return KEYS_OF[operation];
  });
  return [...new Set(kinds)];
}
