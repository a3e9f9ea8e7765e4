// Results as Markdown tables, padded so that they read well in a terminal too.

import type { Comparison, ServerSummary } from './compare.ts';
import { relativeNoise, type Spread } from './spread.ts';

/**
 * A Markdown table.
 * @param headers one title per column; a title ending in `:` makes a column aligned to the right
 * @param rows cells; `|` and line breaks in them are made harmless
 */
export function markdownTable(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const rightward = headers.map((header) => header.endsWith(':'));
  const titles = headers.map((header, at) =>
    safeCell(rightward[at] ? header.slice(0, -1) : header),
  );
  const body = rows.map((row) => titles.map((_, at) => safeCell(row[at] ?? '')));
  const widths = titles.map((title, at) =>
    Math.max(3, title.length, ...body.map((row) => row[at]!.length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells
      .map((cell, at) => (rightward[at] ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)))
      .join(' | ')} |`;
  const rule = widths.map((width, at) =>
    rightward[at] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [line(titles), line(rule), ...body.map(line)].join('\n');
}

/** Every scenario and server with absolute figures. Failures follow the table, one line each. */
export function comparisonToMarkdown(comparison: Comparison): string {
  const headers = [
    'load',
    'server',
    'ops/s:',
    'min..max:',
    'ratio:',
    'ratio min..max:',
    'CPU µs/op:',
    'after µs/op:',
    'p50 ms:',
    'p99 ms:',
    'max ms:',
  ];
  const rows = comparison.scenarios.flatMap(({ scenario, servers }) =>
    servers.map((server) => [scenario, server.server, ...figures(server)]),
  );
  const failures = comparison.scenarios.flatMap(({ scenario, servers }) =>
    servers.flatMap((server) =>
      server.failures.map((failure) => `* ${scenario}, ${server.server}: failed, ${failure}`),
    ),
  );
  const table = markdownTable(headers, rows);
  return failures.length === 0 ? table : `${table}\n\n${failures.join('\n')}`;
}

/** Only the ratios, one row per scenario and one column per server but the baseline. */
export function ratiosToMarkdown(comparison: Comparison): string {
  const names = comparison.scenarios[0]?.servers.map((server) => server.server) ?? [];
  const others = names.filter((name) => name !== comparison.baseline);
  const rows = comparison.scenarios.map(({ scenario, servers }) => [
    scenario,
    ...others.map((name) => {
      const ratio = servers.find((server) => server.server === name)?.ratio;
      if (ratio === undefined) return 'failed';
      return `${formatFigure(ratio.median, 2)} ± ${formatFigure(relativeNoise(ratio) * 100, 0)} %`;
    }),
  ]);
  const title = `load (${comparison.baseline} = 1.00)`;
  return markdownTable([title, ...others.map((name) => `${name}:`)], rows);
}

/** A number with so many decimals and commas between thousands, or a dash. */
export function formatFigure(value: number | undefined, decimals: number): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  return value.toLocaleString('en-US', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
}

function figures(server: ServerSummary): string[] {
  const middle = (spread: Spread | undefined, decimals: number): string =>
    formatFigure(spread?.median, decimals);
  const range = (spread: Spread | undefined, decimals: number): string =>
    spread === undefined
      ? '–'
      : `${formatFigure(spread.min, decimals)}..${formatFigure(spread.max, decimals)}`;
  return [
    server.opsPerSecond === undefined ? 'failed' : middle(server.opsPerSecond, 0),
    range(server.opsPerSecond, 0),
    middle(server.ratio, 2),
    range(server.ratio, 2),
    middle(server.cpuMicrosPerOp, 2),
    middle(server.settleMicrosPerOp, 2),
    middle(server.p50Ms, 3),
    middle(server.p99Ms, 3),
    formatFigure(server.maxMs?.max, 1),
  ];
}

function safeCell(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|');
}
