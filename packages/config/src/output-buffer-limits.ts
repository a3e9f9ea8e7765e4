// The value of client-output-buffer-limit: three classes of clients, each with a hard and a soft
// limit. Stored as the twelve words CONFIG GET prints.

import { INT_MAX, INT32_MAX } from './bounds.ts';
import { parseMemory } from './numbers.ts';
import { accept, type Outcome, refuse } from './outcome.ts';

/** 0 switches a limit off. */
export interface OutputBufferLimit {
  /** A client holding more is disconnected at once. */
  readonly hardBytes: number;
  /** A client holding more for longer than `softSeconds` is disconnected. */
  readonly softBytes: number;
  readonly softSeconds: number;
}

export interface OutputBufferLimits {
  readonly normal: OutputBufferLimit;
  readonly replica: OutputBufferLimit;
  readonly pubsub: OutputBufferLimit;
}

/** Name of the class, hard limit, soft limit, seconds. */
export const WORDS_PER_CLASS = 4;

/** The class words in the order of the stored value. Redis: prints the old word `slave`. */
const CLASSES = ['normal', 'slave', 'pubsub'];

/** The stored value `current` with the classes named in `words` replaced. */
export function mergeOutputBufferLimits(
  words: readonly string[],
  current: readonly string[],
): Outcome<readonly string[]> {
  if (words.length % WORDS_PER_CLASS !== 0) {
    return refuse('Wrong number of arguments in buffer limit configuration.');
  }
  const merged = [...current];
  for (let at = 0; at < words.length; at += WORDS_PER_CLASS) {
    const [who = '', hard = '', soft = '', seconds = ''] = words.slice(at, at + WORDS_PER_CLASS);
    const word = who.toLowerCase();
    const index = CLASSES.indexOf(word === 'replica' ? 'slave' : word);
    if (index < 0) return refuse('Invalid client class specified in buffer limit configuration.');
    const hardBytes = within(parseMemory(hard), INT_MAX);
    const softBytes = within(parseMemory(soft), INT_MAX);
    const softSeconds = within(/^[0-9]{1,10}$/.test(seconds) ? Number(seconds) : -1, INT32_MAX);
    if (hardBytes === undefined || softBytes === undefined || softSeconds === undefined) {
      return refuse('Error in hard, soft or soft_seconds setting in buffer limit configuration.');
    }
    const numbers = [hardBytes, softBytes, softSeconds].map(String);
    merged.splice(index * WORDS_PER_CLASS + 1, numbers.length, ...numbers);
  }
  return accept(merged);
}

/** The stored value as numbers. */
export function readOutputBufferLimits(stored: readonly string[]): OutputBufferLimits {
  const limitAt = (index: number): OutputBufferLimit => {
    const from = index * WORDS_PER_CLASS + 1;
    const [hardBytes = 0, softBytes = 0, softSeconds = 0] = stored
      .slice(from, from + 3)
      .map(Number);
    return { hardBytes, softBytes, softSeconds };
  };
  return { normal: limitAt(0), replica: limitAt(1), pubsub: limitAt(2) };
}

function within(value: number | undefined, max: number): number | undefined {
  return value !== undefined && value >= 0 && value <= max ? value : undefined;
}
