// The sections of INFO about the process and its connections.

import { arch, machine, release, type } from 'node:os';
import type { CommandContext } from '../context.ts';
import type { ServerServices } from '../services.ts';
import type { InfoLine } from './info-section.ts';
import { REDIS_VERSION } from './versions.ts';

const SECONDS_PER_DAY = 86400;
/** The use clock of Redis has 24 bits. */
const LRU_CLOCK_MASK = 0xffffff;
const ARCHES_OF_32_BITS = ['arm', 'ia32', 'mips', 'mipsel'];

/** # Server */
export function serverLines(c: CommandContext, { facts }: ServerServices): InfoLine[] {
  const { config } = c;
  const upSeconds = Math.max(0, Math.floor((c.nowMs - facts.startedAtMs) / 1000));
  const hz = config.integer('hz');
  const useClock = Math.floor((c.nowMs - c.table.arena.epochMs) / 1000);
  return [
    ['redis_version', REDIS_VERSION],
    ['forgekv_version', facts.version],
    // A build from a git checkout does not know its commit.
    ['redis_git_sha1', '00000000'],
    ['redis_git_dirty', 0],
    ['redis_build_id', 0],
    ['redis_mode', 'standalone'],
    ['os', `${type()} ${release()} ${machine()}`],
    ['arch_bits', ARCHES_OF_32_BITS.includes(arch()) ? 32 : 64],
    ['monotonic_clock', 'process.hrtime'],
    ['multiplexing_api', 'libuv'],
    ['node_version', process.version],
    ['process_id', facts.pid],
    ['process_supervised', supervisor(config.word('supervised'))],
    ['run_id', facts.runId],
    ['tcp_port', config.integer('port') || config.integer('tls-port')],
    ['server_time_usec', c.nowMs * 1000],
    ['uptime_in_seconds', upSeconds],
    ['uptime_in_days', Math.floor(upSeconds / SECONDS_PER_DAY)],
    ['hz', hz],
    ['configured_hz', hz],
    ['lru_clock', useClock & LRU_CLOCK_MASK],
    ['executable', facts.executable],
    ['config_file', facts.configFile],
    ['io_threads_active', facts.fronts > 1 ? 1 : 0],
    ...listenerLines(c),
  ];
}

/** Who is told how the server is; only systemd can be. @param kind the directive `supervised` */
function supervisor(kind: string): string {
  const isTold = (kind === 'systemd' || kind === 'auto') && process.env.NOTIFY_SOCKET !== undefined;
  return isTold ? 'systemd' : 'no';
}

/** What the server listens on; the ports are those of the configuration. */
function listenerLines({ config }: CommandContext): InfoLine[] {
  const listeners: string[] = [];
  const port = config.integer('port');
  if (port !== 0) {
    const addresses = config.list('bind').map((address) => `bind=${address}`);
    listeners.push(['name=tcp', ...addresses, `port=${port}`].join(','));
  }
  const socket = config.text('unixsocket');
  if (socket !== '') listeners.push(`name=unix,bind=${socket}`);
  return listeners.map((text, i) => [`listener${i}`, text]);
}

/** # Clients */
export function clientLines(
  { config, table }: CommandContext,
  services: ServerServices,
): InfoLine[] {
  return [
    ['connected_clients', services.connectionCount()],
    ['cluster_connections', 0],
    ['maxclients', config.integer('maxclients')],
    // The timeouts of waits are not counted.
    ['blocked_clients', services.stats.get('blockedClients')],
    ['tracking_clients', services.stats.get('trackingClients')],
    ['pubsub_clients', services.stats.get('listeningClients')],
    ['watching_clients', services.stats.get('watchingClients')],
    ['clients_in_timeout_table', 0],
    ['total_watched_keys', services.stats.get('watchedKeys')],
    ['total_blocking_keys', table.awaited.keys],
    ['total_blocking_keys_on_nokey', 0],
  ];
}

/** # CPU: seconds of the whole process, whichever thread asks. It starts no children. */
export function cpuLines(): InfoLine[] {
  const { system, user } = process.cpuUsage();
  return [
    ['used_cpu_sys', (system / 1e6).toFixed(6)],
    ['used_cpu_user', (user / 1e6).toFixed(6)],
    ['used_cpu_sys_children', (0).toFixed(6)],
    ['used_cpu_user_children', (0).toFixed(6)],
  ];
}
