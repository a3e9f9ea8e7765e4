// Comparing with a real Redis where replies have scores: Redis 7.0 shows them with 17 digits, 7.2
// and this server as short as they can be. Everything else has to be the same.

import { doubleText } from '@forgekv/protocol';
import {
  type CommandArg,
  type Comparison,
  compareReplies,
  EXACT,
  type Reply,
} from '@forgekv/testkit';
import type { Test } from 'tap';
import type { BesideRedis } from './beside-redis.ts';

const BATCH = 200;
const MOST_REPORTED = 5;
const LONG_DECIMAL = /^-?\d+(\.\d{10,}|(\.\d+)?e[+-]\d+)(e[+-]\d+)?$/;

/** A reply with all long decimals as short as they can be. */
function shortened(reply: Reply): Reply {
  switch (reply.kind) {
    case 'bulk': {
      const text = reply.bytes.toString('latin1');
      // Redis: a small sorted set forgets the sign of zero, a large one keeps it; here, too, but
      // what is small is not the same where few bytes may be hot.
      if (text === '-0') return { ...reply, bytes: Buffer.from('0') };
      if (!LONG_DECIMAL.test(text)) return reply;
      return { ...reply, bytes: Buffer.from(doubleText(Number(text))) };
    }
    case 'double':
      return { ...reply, text: doubleText(numberOf(reply.text) + 0) };
    case 'array':
    case 'set':
    case 'push':
      return { ...reply, items: reply.items.map(shortened) };
    default:
      return reply;
  }
}

function numberOf(text: string): number {
  return Number(text.replace('inf', 'Infinity'));
}

/** Compares commands one by one, each as `how` says. */
export class BesideRedisScores {
  readonly #both: BesideRedis;
  readonly #t: Test;
  #compared = 0;
  #differences = 0;

  constructor(both: BesideRedis, t: Test) {
    this.#both = both;
    this.#t = t;
  }

  /** Runs commands on both and compares all replies. */
  async same(
    commands: readonly (readonly CommandArg[])[],
    how: (command: readonly CommandArg[]) => Comparison | null = () => EXACT,
  ): Promise<void> {
    const { redis, db } = this.#both;
    for (let at = 0; at < commands.length; at += BATCH) {
      const batch = commands.slice(at, at + BATCH);
      const expected = await redis.pipeline(batch);
      for (const [index, command] of batch.entries()) {
        const reply = db.reply(...command);
        const comparison = how(command);
        if (comparison === null) continue;
        this.#compared++;
        const difference = compareReplies(
          shortened(expected[index]!),
          shortened(reply),
          comparison,
        );
        if (difference === undefined) continue;
        const shown = command.map((arg) => JSON.stringify(String(arg)).slice(0, 80)).join(' ');
        if (++this.#differences <= MOST_REPORTED) this.#t.fail(`${shown}: ${difference}`);
      }
    }
  }

  /** Reports how much was compared. */
  report(seed: number): void {
    this.#t.equal(this.#differences, 0, `${this.#compared} replies, seed ${seed}`);
    this.#both.db.audit();
  }
}
