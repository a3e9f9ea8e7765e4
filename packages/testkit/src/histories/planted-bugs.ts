/**
 * Histories with a lie in them: what a server with a bug would have answered. A checker that does
 * not refuse every one of these is worth nothing.
 */
import type { Operation, Plain } from './operation.ts';

export interface PlantedBug {
  readonly name: string;
  readonly history: readonly Operation[];
}

/** Every kind of lie that this (linearizable) history has room for. */
export function plantBugs(history: readonly Operation[]): PlantedBug[] {
  const bugs: readonly (readonly [string, Lie | undefined])[] = [
    ['a stale read', staleRead(history)],
    ['a lost increment', repeatedReply(history, 'INCR')],
    ['an element popped twice', repeatedReply(history, 'LPOP')],
    ['a torn read of accounts', changedBalance(history)],
    ['a write that is gone', forgottenWrite(history)],
  ];
  return bugs.flatMap(([name, lie]) => {
    if (lie === undefined) return [];
    const [index, reply] = lie;
    const told = history.map((operation, i) => (i === index ? { ...operation, reply } : operation));
    return [{ name, history: told }];
  });
}

/** An operation, by its index, and what is said instead of its reply. */
type Lie = readonly [index: number, reply: Plain];

interface Reading {
  readonly index: number;
  readonly operation: Operation;
  readonly value: string;
}

/** Answers to one command that are not nil, per first key. */
function answersTo(history: readonly Operation[], name: string): Map<string, Reading[]> {
  const found = new Map<string, Reading[]>();
  for (const [index, operation] of history.entries()) {
    const { commands, isBlock, reply } = operation;
    const [command, key] = commands[0]!;
    if (isBlock || command !== name || reply === undefined || reply === null) continue;
    const readings = found.get(key!) ?? [];
    found.set(key!, readings);
    readings.push({ index, operation, value: String(reply) });
  }
  return found;
}

/** The third of three reads, one after the other, sees what the first saw, long replaced. */
function staleRead(history: readonly Operation[]): Lie | undefined {
  for (const [key, readings] of answersTo(history, 'GET')) {
    if (!key.startsWith('register:')) continue;
    for (const first of readings) {
      const second = after(first, readings).find(({ value }) => value !== first.value);
      if (second === undefined) continue;
      const [third] = after(second, readings);
      if (third !== undefined) return [third.index, first.value];
    }
  }
  return undefined;
}

/** Two that must differ are the same. */
function repeatedReply(history: readonly Operation[], name: string): Lie | undefined {
  for (const readings of answersTo(history, name).values()) {
    const [first, second] = readings;
    if (second !== undefined) return [second.index, first!.operation.reply!];
  }
  return undefined;
}

function changedBalance(history: readonly Operation[]): Lie | undefined {
  const index = history.findIndex(({ commands, isBlock, reply }) => {
    const [command, key] = commands[0]!;
    return !isBlock && command === 'MGET' && key?.startsWith('account:') && Array.isArray(reply);
  });
  if (index < 0) return undefined;
  const [first, ...others] = history[index]!.reply as readonly Plain[];
  return [index, [String(Number(first) + 1), ...others]];
}

/** The last read of a register finds nothing, though nobody has deleted what was there before. */
function forgottenWrite(history: readonly Operation[]): Lie | undefined {
  for (const [key, readings] of answersTo(history, 'GET')) {
    if (!key.startsWith('watched:') && !key.startsWith('counter:')) continue;
    const last = readings.at(-1)!;
    if (readings.some((reading) => after(reading, [last]).length > 0)) return [last.index, null];
  }
  return undefined;
}

/** Those that were called when this one had its answer. */
function after({ operation }: Reading, readings: readonly Reading[]): Reading[] {
  return readings.filter((other) => other.operation.calledAt > operation.returnedAt);
}
