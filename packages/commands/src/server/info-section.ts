// The parts INFO is made of, and the text they become.

import type { CommandContext } from '../context.ts';
import type { ServerServices } from '../services.ts';

/** One `name:value` line. */
export type InfoLine = readonly [name: string, value: string | number];

/** Collects the lines of a section at the moment of the call. */
export type InfoLines = (c: CommandContext, services: ServerServices) => readonly InfoLine[];

export interface InfoSection {
  /** As the header spells it; asked for in any letter case. */
  readonly title: string;
  /** False: only `all`, `everything` and its own name show it. */
  readonly byDefault: boolean;
  readonly lines: InfoLines;
}

/** Returns the sections as text, a blank line between two of them. */
export function renderSections(
  sections: readonly InfoSection[],
  c: CommandContext,
  services: ServerServices,
): string {
  const texts = sections.map(({ title, lines }) => {
    const body = lines(c, services).map(([name, value]) => `${name}:${value}\r\n`);
    return `# ${title}\r\n${body.join('')}`;
  });
  return texts.join('\r\n');
}

const UNITS = ['B', 'K', 'M', 'G', 'T', 'P'];

/** A size for people, as Redis writes it: `200B`, `1.45M`. */
export function humanBytes(bytes: number): string {
  let unit = 0;
  while (bytes >= 1024 && unit < UNITS.length - 1) {
    bytes /= 1024;
    unit++;
  }
  return `${unit === 0 ? bytes : bytes.toFixed(2)}${UNITS[unit]}`;
}

/** `part` of `whole` with two digits, `0.00%` of nothing. */
export function percent(part: number, whole: number): string {
  return `${(whole > 0 ? (part / whole) * 100 : 0).toFixed(2)}%`;
}
