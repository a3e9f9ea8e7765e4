/** Turns the outcomes of compatibility cases into a table per family and version, and a list. */
import type { CompatibilityOutcome, Verdict } from './compatibility.ts';
import { compareVersions } from './compatibility-cases.ts';

/** The columns of the table: a case counts for every version from its own on. */
export const COMPATIBILITY_VERSIONS: readonly string[] = [
  ...['4.0.0', '5.0.0', '6.0.0', '6.2.0', '7.0.0', '7.2.0'],
];

/** Passed of all, per family and version. */
export function formatCompatibilityTable(outcomes: readonly CompatibilityOutcome[]): string {
  const row = (name: string, some: readonly CompatibilityOutcome[]) => {
    const cells = COMPATIBILITY_VERSIONS.map((version) => {
      const counted = some.filter((one) => compareVersions(one.case.since, version) <= 0);
      return `${withVerdict(counted, 'passed').length}/${counted.length}`.padStart(10);
    });
    return `${name.padEnd(14)}${cells.join('')}`;
  };
  const families = [...new Set(outcomes.map((one) => one.case.family))];
  return [
    `${'family'.padEnd(14)}${COMPATIBILITY_VERSIONS.map((one) => one.padStart(10)).join('')}`,
    ...families.map((name) =>
      row(
        name,
        outcomes.filter((one) => one.case.family === name),
      ),
    ),
    row('all', outcomes),
  ].join('\n');
}

/** The same table as Markdown, as it is in the README. */
export function compatibilityMarkdown(outcomes: readonly CompatibilityOutcome[]): string {
  const [head = [], ...rows] = formatCompatibilityTable(outcomes)
    .split('\n')
    .map((line) => line.trim().split(/\s{2,}/));
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string => {
    const padded = cells.map((cell, i) => {
      const width = widths[i] ?? 0;
      return i === 0 ? cell.padEnd(width) : cell.padStart(width);
    });
    return `| ${padded.join(' | ')} |`;
  };
  const rule = widths.map((width, i) =>
    i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

/** Those that ended so. */
export function withVerdict(
  outcomes: readonly CompatibilityOutcome[],
  verdict: Verdict,
): CompatibilityOutcome[] {
  return outcomes.filter((one) => one.verdict === verdict);
}

/** One case that did not pass, in three lines. */
export function formatCompatibilityFailure(outcome: CompatibilityOutcome): string {
  const { family, name, since } = outcome.case;
  return [
    `${family}: ${name} (since ${since}), at: ${outcome.line}`,
    `  expected  ${outcome.expected}`,
    `  got       ${outcome.got}`,
  ].join('\n');
}

/** The commands that the server does not know, each with the number of cases that need it. */
export function formatMissingCommands(outcomes: readonly CompatibilityOutcome[]): string {
  const counts = new Map<string, number>();
  for (const { line } of withVerdict(outcomes, 'missing')) {
    const [name = ''] = (line ?? '').toUpperCase().split(' ');
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => `${name} (${count})`).join(', ');
}
