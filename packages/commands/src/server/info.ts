// INFO: which sections are meant, and their text.

import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';
import type { Request } from '../request.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';
import { commandStatLines, errorStatLines, latencyStatLines } from './info-commands.ts';
import { keyspaceLines, replicationLines, statLines } from './info-data.ts';
import { forgekvLines } from './info-forgekv.ts';
import { memoryLines } from './info-memory.ts';
import { persistenceLines } from './info-persistence.ts';
import { clientLines, cpuLines, serverLines } from './info-process.ts';
import { type InfoLine, type InfoSection, renderSections } from './info-section.ts';

/** In the order of Redis, whatever the order they are asked for in. */
const SECTIONS: readonly InfoSection[] = [
  { title: 'Server', byDefault: true, lines: serverLines },
  { title: 'Clients', byDefault: true, lines: clientLines },
  { title: 'Memory', byDefault: true, lines: memoryLines },
  { title: 'Persistence', byDefault: true, lines: persistenceLines },
  { title: 'Stats', byDefault: true, lines: statLines },
  { title: 'Replication', byDefault: true, lines: replicationLines },
  { title: 'CPU', byDefault: true, lines: cpuLines },
  // A line for each module, of which there are none yet.
  { title: 'Modules', byDefault: true, lines: () => [] },
  { title: 'Commandstats', byDefault: false, lines: commandStatLines },
  { title: 'Errorstats', byDefault: true, lines: errorStatLines },
  { title: 'Latencystats', byDefault: false, lines: latencyStatLines },
  { title: 'Cluster', byDefault: true, lines: () => [['cluster_enabled', 0]] },
  { title: 'Keyspace', byDefault: true, lines: keyspaceLines },
  { title: 'Forgekv', byDefault: true, lines: forgekvLines },
];

/** INFO [section ...]. Names nobody knows are passed over, as in Redis. */
export function info(c: CommandContext, _: Session, services: ServerServices): Outcome {
  const wanted = SECTIONS.filter((section) => isWanted(section, c.request));
  c.reply.verbatim(renderSections(wanted, c, services));
  return DONE;
}

/** Every line of every section, as INFO EVERYTHING shows it at this moment. */
export function infoLines(c: CommandContext, services: ServerServices): InfoLine[] {
  return SECTIONS.flatMap(({ lines }) => lines(c, services));
}

function isWanted(section: InfoSection, request: Request): boolean {
  if (request.argc === 1) return section.byDefault;
  const name = section.title.toLowerCase();
  for (let i = 1; i < request.argc; i++) {
    if (request.is(i, name) || request.is(i, 'all') || request.is(i, 'everything')) return true;
    if (section.byDefault && request.is(i, 'default')) return true;
  }
  return false;
}
