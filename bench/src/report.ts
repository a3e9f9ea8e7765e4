// The report: one Markdown document from everything that was measured.

import {
  type Comparison,
  comparisonToMarkdown,
  formatFigure,
  markdownTable,
  ratiosToMarkdown,
} from 'redis-benchmark-wrapper';
import type { IdleFigures, RunningServer } from './servers.ts';

/** What is known about one server of a group. */
export interface ServerFacts {
  readonly server: RunningServer;
  readonly idle: IdleFigures;
  /** Resident bytes once all keys are in. */
  readonly filledRssBytes: number | undefined;
}

/** Servers that ran side by side, and how they compared. */
export interface GroupReport {
  readonly title: string;
  readonly facts: readonly ServerFacts[];
  readonly comparison: Comparison;
}

export interface ReportInput {
  readonly machine: readonly [string, string][];
  readonly groups: readonly GroupReport[];
  readonly notes: readonly string[];
  readonly method: readonly string[];
  readonly commandLine: string;
  readonly takenAt: Date;
  readonly tookSeconds: number;
}

/** The whole document. */
export function renderReport(input: ReportInput): string {
  const { machine, groups, notes, method } = input;
  const sections = [
    '# Benchmark results',
    `${input.takenAt.toISOString().slice(0, 16).replace('T', ' ')} UTC, ` +
      `${formatFigure(input.tookSeconds / 60, 1)} minutes, by \`${input.commandLine}\`.`,
    ...notes.map((note) => `**${note}**`),
    '## Machine',
    markdownTable(['what', 'value'], machine),
    ...groups.flatMap((group) => [
      `## ${group.title}: ratios`,
      ratiosToMarkdown(group.comparison),
      `## ${group.title}: figures`,
      comparisonToMarkdown(group.comparison),
      `## ${group.title}: servers`,
      serversTable(group.facts),
    ]),
    '## Method',
    method.map((line) => `* ${line}`).join('\n'),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** Versions, command lines, memory and processor time at rest. */
export function serversTable(facts: readonly ServerFacts[]): string {
  const headers = ['server', 'version', 'idle RSS MiB:', 'RSS with keys MiB:', 'idle CPU %:'];
  const rows = facts.map(({ server, idle, filledRssBytes }) => [
    server.name,
    server.version,
    mebibytes(idle.rssBytes),
    mebibytes(filledRssBytes),
    formatFigure(idle.cpuCores === undefined ? undefined : idle.cpuCores * 100, 1),
    `${server.niceness}`,
    `\`${server.commandLine}\``,
  ]);
  return markdownTable([...headers, 'niceness:', 'started as'], rows);
}

function mebibytes(bytes: number | undefined): string {
  return formatFigure(bytes === undefined ? undefined : bytes / 2 ** 20, 1);
}
