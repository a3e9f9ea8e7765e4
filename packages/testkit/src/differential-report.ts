/** Turns the outcome of a differential run into text a person can act on. */
import type { DifferentialResult, Mismatch } from './differential.ts';
import type { ReplyCounts } from './play-commands.ts';
import type { PlannedCommand } from './random-commands/command-generator.ts';
import { describeCommand, describeReply } from './reply.ts';

/** One mismatch: what was expected, what came, and how it came about. */
export function formatMismatch(mismatch: Mismatch): string {
  const { seed, index, command, left, right, difference, history, minimal } = mismatch;
  const lines = [`${mismatch.kind} mismatch at command ${index}, seed ${seed}: ${difference}`];
  if (command !== undefined) {
    lines.push(`  command    ${line(command)}`);
    lines.push(`  expected   ${left ? describeReply(left) : '(no reply)'}`);
    lines.push(`  got        ${right ? describeReply(right) : '(no reply)'}`);
  }
  if (minimal !== undefined) {
    lines.push(`  shortest sequence that shows it, from empty servers:`);
    lines.push(...minimal.map((one) => `    ${line(one)}`));
  } else if (history.length > 0) {
    lines.push('  before it, on the same keys:');
    lines.push(...history.map((one) => `    ${line(one)}`));
  }
  return lines.join('\n');
}

function line({ index, connection, args }: PlannedCommand): string {
  return `#${index} on connection ${connection}: ${describeCommand(args)}`;
}

/** The whole run: rate, totals, every mismatch. */
export function formatResult(result: DifferentialResult): string {
  const { seed, commands, commandsPerSecond, mismatches, aborted } = result;
  const total = totalCounts(result.counts);
  const share = Math.round((100 * total.error) / Math.max(1, total.ok + total.nil + total.error));
  const lines = [
    `seed ${seed}: ${commands} commands at ${commandsPerSecond}/s, ${mismatches.length} mismatches`,
    `  replies: ok ${total.ok}, nil ${total.nil}, error ${total.error} (${share} %)`,
    ...mismatches.map(formatMismatch),
  ];
  if (aborted !== undefined) lines.push(`run ended early: ${aborted}`);
  return lines.join('\n');
}

/** The sum over all labels. */
export function totalCounts(counts: ReadonlyMap<string, ReplyCounts>): ReplyCounts {
  const total = { ok: 0, nil: 0, error: 0, silent: 0 };
  for (const row of counts.values()) {
    total.ok += row.ok;
    total.nil += row.nil;
    total.error += row.error;
    total.silent += row.silent;
  }
  return total;
}

/** A table of the replies per command. */
export function formatCounts(counts: ReadonlyMap<string, ReplyCounts>): string {
  const rows = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  const cell = (value: number) => String(value).padStart(8);
  const lines = rows.map(
    ([label, { ok, nil, error, silent }]) =>
      `${label.padEnd(16)}${cell(ok)}${cell(nil)}${cell(error)}${cell(silent)}`,
  );
  return [`${'command'.padEnd(16)}      ok     nil   error  silent`, ...lines].join('\n');
}
