// Checks of values that are several words, by the rule a list directive names. Each turns words
// into the stored words, which CONFIG GET prints joined by blanks.

import type { ListRule } from './directive.ts';
import { parseInteger } from './numbers.ts';
import { accept, type Outcome, refuse, WRONG_ARGUMENT_COUNT } from './outcome.ts';
import { mergeOutputBufferLimits } from './output-buffer-limits.ts';

type Words = readonly string[];

/**
 * `current` is the value so far. `first` is true for CONFIG SET and for the first line of a
 * directive in a start, when the default has to give way; a further line may add to `current`.
 */
type Check = (words: Words, current: Words, first: boolean) => Outcome<Words>;

const CHECKS: Readonly<Record<ListRule, Check>> = {
  bind,
  save,
  'output-buffer-limits': mergeOutputBufferLimits,
  'oom-score': oomScore,
  'replica-of': replicaOf,
  percentiles,
  'shutdown-flags': shutdownFlags,
};

export function checkList(
  rule: ListRule,
  words: Words,
  current: Words,
  first: boolean,
): Outcome<Words> {
  return CHECKS[rule](words, current, first);
}

const MAX_BIND_ADDRESSES = 16;

/** No words: do not listen on TCP at all. The addresses are tried by whoever listens. */
function bind(words: Words): Outcome<Words> {
  if (words.length > MAX_BIND_ADDRESSES) return refuse('Too many bind addresses specified.');
  return words.includes('') ? refuse('Empty bind address.') : accept([...words]);
}

/** Pairs of seconds (at least 1) and changes; lines add up, `save ""` forgets what was before. */
function save(words: Words, current: Words, first: boolean): Outcome<Words> {
  if (words.length % 2 !== 0) return refuse('Invalid save parameters');
  const points: string[] = [];
  for (const [index, word] of words.entries()) {
    const value = /^\+?[0-9]{1,15}$/.test(word) ? Number(word) : -1;
    if (value < (index % 2 === 0 ? 1 : 0)) return refuse('Invalid save parameters');
    points.push(String(value));
  }
  return accept(first || words.length === 0 ? points : [...current, ...points]);
}

const OOM_SCORE_LIMIT = 2000;

function oomScore(words: Words): Outcome<Words> {
  if (words.length !== 3) return refuse(WRONG_ARGUMENT_COUNT);
  const scores: string[] = [];
  for (const word of words) {
    const score = /^[+-]?[0-9]{1,6}$/.test(word) ? Number(word) : Number.NaN;
    if (!(Math.abs(score) <= OOM_SCORE_LIMIT)) {
      return refuse('Invalid oom-score-adj-values, elements must be between -2000 and 2000.');
    }
    scores.push(String(score));
  }
  return accept(scores);
}

function replicaOf(words: Words): Outcome<Words> {
  if (words.length !== 2) return refuse(WRONG_ARGUMENT_COUNT);
  const [host = '', port = ''] = words;
  if (host.toLowerCase() === 'no' && port.toLowerCase() === 'one') return accept([]);
  const number = parseInteger(port);
  if (number === undefined || number < 0 || number > 65535) return refuse('Invalid master port');
  return accept([host, port]);
}

/** Redis: prints at most ten significant digits. */
const PERCENTILE_DIGITS = 10;

function percentiles(words: Words): Outcome<Words> {
  const values: string[] = [];
  for (const word of words) {
    if (!/^-?[0-9]{1,20}(\.[0-9]{0,20})?$/.test(word)) {
      return refuse('Invalid latency-tracking-info-percentiles parameters');
    }
    const value = Number(word);
    if (value < 0 || value > 100) {
      const range = 'should sit between [0.0,100.0]';
      return refuse(`latency-tracking-info-percentiles parameters ${range}`);
    }
    values.push(String(Number(value.toPrecision(PERCENTILE_DIGITS))));
  }
  return accept(values);
}

/** In the order they are printed; `default` stands for none of the others. */
const SHUTDOWN_FLAGS = ['save', 'nosave', 'now', 'force'];

function shutdownFlags(words: Words): Outcome<Words> {
  const wanted = new Set(words.map((word) => word.toLowerCase()));
  const given = wanted.size > 0;
  wanted.delete('default');
  const flags = SHUTDOWN_FLAGS.filter((flag) => wanted.has(flag));
  if (!given || flags.length !== wanted.size) {
    const choice = ['default', ...SHUTDOWN_FLAGS].join(', ');
    return refuse(`argument(s) must be one of the following: ${choice}`);
  }
  if (wanted.has('save') && wanted.has('nosave')) {
    return refuse("shutdown options SAVE and NOSAVE can't be used simultaneously");
  }
  return accept(flags.length === 0 ? ['default'] : flags);
}
