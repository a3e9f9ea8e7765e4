// Directives of replication and of Redis Cluster. Names, defaults and bounds are those of
// redis-server 7.0 and 7.2; none of them has an effect in this version.

import { INT_MAX, INT32_MAX, KIB, MIB, PORTS } from './bounds.ts';
import { boolean, integer, list, memory, oneOf, string, type Traits } from './directive.ts';

const AT_START: Traits = { change: 'start' };
const COUNT = [0, INT32_MAX] as const;
const SECONDS = [1, INT32_MAX] as const;

export const replicationDirectives = [
  list('replicaof', 'replica-of', [], { change: 'start', aliases: ['slaveof'] }),
  string('masteruser', '', { secret: true }),
  string('masterauth', '', { secret: true }),
  boolean('replica-serve-stale-data', true, { aliases: ['slave-serve-stale-data'] }),
  boolean('replica-read-only', true, { aliases: ['slave-read-only'] }),
  boolean('replica-lazy-flush', false, { aliases: ['slave-lazy-flush'] }),
  boolean('replica-ignore-maxmemory', true, { aliases: ['slave-ignore-maxmemory'] }),
  boolean('replica-ignore-disk-write-errors', false),
  boolean('replica-announced', true),
  string('replica-announce-ip', '', { aliases: ['slave-announce-ip'] }),
  integer('replica-announce-port', 0, PORTS, { aliases: ['slave-announce-port'] }),
  integer('replica-priority', 100, COUNT, { aliases: ['slave-priority'] }),
  integer('min-replicas-to-write', 0, COUNT, { aliases: ['min-slaves-to-write'] }),
  integer('min-replicas-max-lag', 10, COUNT, { aliases: ['min-slaves-max-lag'] }),
  boolean('repl-diskless-sync', true),
  integer('repl-diskless-sync-delay', 5, COUNT),
  integer('repl-diskless-sync-max-replicas', 0, COUNT),
  oneOf('repl-diskless-load', ['disabled', 'on-empty-db', 'swapdb'], 'disabled'),
  boolean('repl-disable-tcp-nodelay', false),
  integer('repl-ping-replica-period', 10, SECONDS, { aliases: ['repl-ping-slave-period'] }),
  integer('repl-timeout', 60, SECONDS),
  memory('repl-backlog-size', MIB, [1, INT_MAX], { clamp: [16 * KIB, INT_MAX] }),
  integer('repl-backlog-ttl', 3600, [0, INT_MAX]),
  oneOf('propagation-error-behavior', ['ignore', 'panic', 'panic-on-replicas'], 'ignore'),
] as const;

export const clusterDirectives = [
  boolean('cluster-enabled', false, AT_START),
  string('cluster-config-file', 'nodes.conf', AT_START),
  integer('cluster-node-timeout', 15000, [0, INT_MAX]),
  integer('cluster-port', 0, PORTS, AT_START),
  integer('cluster-replica-validity-factor', 10, COUNT, {
    aliases: ['cluster-slave-validity-factor'],
  }),
  boolean('cluster-replica-no-failover', false, { aliases: ['cluster-slave-no-failover'] }),
  integer('cluster-migration-barrier', 1, COUNT),
  boolean('cluster-allow-replica-migration', true),
  boolean('cluster-require-full-coverage', true),
  boolean('cluster-allow-reads-when-down', false),
  boolean('cluster-allow-pubsubshard-when-down', true),
  memory('cluster-link-sendbuf-limit', 0, [0, INT_MAX]),
  string('cluster-announce-ip', ''),
  integer('cluster-announce-port', 0, PORTS),
  integer('cluster-announce-tls-port', 0, PORTS),
  integer('cluster-announce-bus-port', 0, PORTS),
  string('cluster-announce-hostname', '', { rule: 'hostname' }),
  string('cluster-announce-human-nodename', '', { rule: 'hostname' }),
  oneOf('cluster-preferred-endpoint-type', ['ip', 'hostname', 'unknown-endpoint'], 'ip'),
] as const;
