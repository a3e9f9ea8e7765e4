// The TDIGEST commands that ask: quantiles, ranks, means, and what a digest is like.

import { type Centroids, centroidsOf, digestFacts, type SketchMemory } from '@forgekv/datatypes';
import { TYPE_T_DIGEST } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { doubleAt, integerAt } from './sketch-arguments.ts';
import { openSketch } from './sketch-value.ts';
import { ERR_NO_DIGEST } from './t-digest.ts';

/** What RANK answers when there are no observations. */
const NO_RANK = -2;

/** Reads a digest, and lets `act` reply what it says. */
function ask(c: CommandContext, act: (memory: SketchMemory) => void): Outcome {
  const memory = openSketch(c, 1, TYPE_T_DIGEST);
  if (typeof memory === 'number') return c.refuse(memory);
  c.countRead(memory === null ? 0 : 1);
  if (memory === null) return c.fail(ERR_NO_DIGEST);
  act(memory);
  return DONE;
}

/**
 * The same for a reply with an element for each argument from the third on.
 * @param problem with an argument, '': none
 */
function askEach(
  c: CommandContext,
  read: (index: number) => number,
  problem: (value: number) => string,
  element: (centroids: Centroids, value: number) => void,
): Outcome {
  return ask(c, (memory) => {
    const { argc } = c.request;
    for (let i = 2; i < argc; i++) {
      const found = problem(read(i));
      if (found === '') continue;
      c.fail(found);
      return;
    }
    const centroids = centroidsOf(memory);
    c.reply.array(argc - 2);
    for (let i = 2; i < argc; i++) element(centroids, read(i));
  });
}

/** TDIGEST.QUANTILE key quantile [quantile ...]. */
export function tDigestQuantile(c: CommandContext): Outcome {
  return askEach(
    c,
    (index) => doubleAt(c, index),
    (share) => {
      if (Number.isNaN(share)) return 'ERR T-Digest: error parsing quantile';
      return share < 0 || share > 1 ? 'ERR T-Digest: quantile should be in [0,1]' : '';
    },
    (centroids, share) => c.reply.double(centroids.quantile(share)),
  );
}

/** TDIGEST.CDF key value [value ...]. */
export function tDigestCdf(c: CommandContext): Outcome {
  return askEach(
    c,
    (index) => doubleAt(c, index),
    (value) => (Number.isNaN(value) ? 'ERR T-Digest: error parsing cdf' : ''),
    (centroids, value) => c.reply.double(centroids.below(value)),
  );
}

/** TDIGEST.RANK key value [value ...]. */
export function tDigestRank(c: CommandContext): Outcome {
  return askRank(c, false);
}

/** TDIGEST.REVRANK key value [value ...]. */
export function tDigestRevRank(c: CommandContext): Outcome {
  return askRank(c, true);
}

function askRank(c: CommandContext, isReverse: boolean): Outcome {
  return askEach(
    c,
    (index) => doubleAt(c, index),
    (value) => (Number.isNaN(value) ? 'ERR T-Digest: error parsing value' : ''),
    (centroids, value) => c.reply.integer(rankOf(centroids, value, isReverse)),
  );
}

function rankOf(centroids: Centroids, value: number, isReverse: boolean): number {
  const { weight, least, greatest } = centroids;
  if (weight === 0) return NO_RANK;
  if (value < least) return isReverse ? weight : -1;
  if (value > greatest) return isReverse ? -1 : weight;
  const below = centroids.below(value) * weight;
  if (isReverse) return Math.round(weight - Math.round(below));
  // Half of those that are equal: a half is rounded down.
  return Math.ceil(below - 0.5);
}

/** TDIGEST.BYRANK key rank [rank ...]. */
export function tDigestByRank(c: CommandContext): Outcome {
  return askByRank(c, false);
}

/** TDIGEST.BYREVRANK key rank [rank ...]. */
export function tDigestByRevRank(c: CommandContext): Outcome {
  return askByRank(c, true);
}

function askByRank(c: CommandContext, isReverse: boolean): Outcome {
  return askEach(
    c,
    (index) => integerAt(c, index),
    (rank) => {
      if (Number.isNaN(rank)) return 'ERR T-Digest: error parsing rank';
      return rank < 0 ? 'ERR T-Digest: rank needs to be non negative' : '';
    },
    (centroids, rank) => c.reply.double(valueAt(centroids, rank, isReverse)),
  );
}

function valueAt(centroids: Centroids, rank: number, isReverse: boolean): number {
  const { weight, least, greatest } = centroids;
  if (weight === 0) return Number.NaN;
  if (rank === 0) return isReverse ? greatest : least;
  if (rank >= weight) return isReverse ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return centroids.quantile((isReverse ? weight - rank - 1 : rank) / weight);
}

/** TDIGEST.TRIMMED_MEAN key low_cut_quantile high_cut_quantile. */
export function tDigestTrimmedMean(c: CommandContext): Outcome {
  return ask(c, (memory) => {
    const low = doubleAt(c, 2);
    const high = doubleAt(c, 3);
    const problem = cutProblem(low, high);
    if (problem === '') c.reply.double(centroidsOf(memory).trimmedMean(low, high));
    else c.fail(`ERR T-Digest: ${problem}`);
  });
}

function cutProblem(low: number, high: number): string {
  if (Number.isNaN(low)) return 'error parsing low_cut_percentile';
  if (Number.isNaN(high)) return 'error parsing high_cut_percentile';
  if (low < 0 || low > 1 || high < 0 || high > 1) {
    return 'low_cut_percentile and high_cut_percentile should be in [0,1]';
  }
  return low >= high ? 'low_cut_percentile should be lower than high_cut_percentile' : '';
}

/** TDIGEST.MIN key. */
export function tDigestMin(c: CommandContext): Outcome {
  return ask(c, (memory) => replyEnd(c, digestFacts(memory).least));
}

/** TDIGEST.MAX key. */
export function tDigestMax(c: CommandContext): Outcome {
  return ask(c, (memory) => replyEnd(c, digestFacts(memory).greatest));
}

/** The least and the greatest are infinite when there are no observations. */
function replyEnd(c: CommandContext, value: number): void {
  c.reply.double(Number.isFinite(value) ? value : Number.NaN);
}

/** TDIGEST.INFO key. */
export function tDigestInfo(c: CommandContext): Outcome {
  return ask(c, (memory) => {
    const facts = digestFacts(memory);
    const fields: [name: string, value: number][] = [
      ['Compression', facts.compression],
      ['Capacity', facts.capacity],
      ['Merged nodes', facts.merged],
      ['Unmerged nodes', facts.unmerged],
      ['Merged weight', facts.mergedWeight],
      ['Unmerged weight', facts.unmerged],
      ['Observations', facts.mergedWeight + facts.unmerged],
      ['Total compressions', facts.compressions],
      ['Memory usage', facts.bytes],
    ];
    c.reply.map(fields.length);
    for (const [name, value] of fields) {
      c.reply.simple(name);
      c.reply.integer(value);
    }
  });
}
