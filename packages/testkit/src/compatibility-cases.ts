/**
 * The cases of resp-compatibility as data: commands with the replies a Redis of some version gives.
 * Where the file comes from is in `cases/README.md`; running them is `compatibility.ts`.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A reply as JSON says it: text for simple and bulk strings, null for every kind of nothing. */
export type ExpectedReply = string | number | null | readonly ExpectedReply[];

export interface CompatibilityStep {
  /** The command in one line, as a person would type it. */
  readonly line: string;
  readonly expected: ExpectedReply;
}

/** Commands on an empty server, and what each must answer. */
export interface CompatibilityCase {
  /** The family of commands it is about: `string`, `sorted-set`, ... */
  readonly family: string;
  readonly name: string;
  /** The first version of Redis that answers so. */
  readonly since: string;
  readonly steps: readonly CompatibilityStep[];
  /** The elements of arrays may come in any order. */
  readonly anyOrder: boolean;
  /** Texts that are numbers are compared as numbers. */
  readonly floats: boolean;
  /** The lines contain escapes such as `\xff`; elsewhere a backslash is a backslash. */
  readonly escapes: boolean;
}

const FILE = fileURLToPath(new URL('../../cases/resp-compatibility.json', import.meta.url));

/** Reads all cases. @throws Error naming the first case that makes no sense. */
export function readCompatibilityCases(path = FILE): CompatibilityCase[] {
  const families: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (!isRecord(families)) throw new Error(`${path}: not an object of families`);
  return Object.entries(families).flatMap(([family, cases]) => {
    if (!Array.isArray(cases)) throw new Error(`${path}: ${family} is not a list`);
    return cases.map((one: unknown) => toCase(family, one));
  });
}

function toCase(family: string, json: unknown): CompatibilityCase {
  if (!isRecord(json)) throw new Error(`${family}: a case is not an object`);
  const { name, since, steps, anyOrder = false, floats = false, escapes = false } = json;
  const flags = [anyOrder, floats, escapes].every((flag) => typeof flag === 'boolean');
  const isWhole = typeof name === 'string' && typeof since === 'string' && Array.isArray(steps);
  if (!isWhole || steps.length === 0 || !flags || !/^\d+\.\d+\.\d+$/.test(since)) {
    throw new Error(`${family}: not a case: ${JSON.stringify(json)}`);
  }
  return {
    family,
    name,
    since,
    steps: steps.map(toStep),
    anyOrder: anyOrder === true,
    floats: floats === true,
    escapes: escapes === true,
  };
}

function toStep(json: unknown): CompatibilityStep {
  const [line, expected] = Array.isArray(json) ? json : [];
  if (typeof line !== 'string' || !isExpected(expected)) {
    throw new Error(`not a command and a reply: ${JSON.stringify(json)}`);
  }
  return { line, expected };
}

function isExpected(json: unknown): json is ExpectedReply {
  if (Array.isArray(json)) return json.every(isExpected);
  return typeof json === 'string' || Number.isInteger(json) || json === null;
}

function isRecord(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** Negative, 0 or positive as version `a` is before, the same as, or after `b` (`6.0.6`). */
export function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let part = 0; part < 3; part++) {
    const gap = (left[part] ?? 0) - (right[part] ?? 0);
    if (gap !== 0) return gap;
  }
  return 0;
}
