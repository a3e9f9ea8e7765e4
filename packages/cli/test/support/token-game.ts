// Tokens that move between large lists of several workers, scores between large sorted sets, and
// counters in large hashes: by scripts and transactions that run on other workers than those that
// have the values, by plain commands, and behind WATCH, all at once. What all of it has to add up
// to, at any moment and after a kill -9.

import { describeReply, type Prng, type Reply, type RespClient } from '@forgekv/testkit';
import { untilCut } from './accounts.ts';
import { keyOnShard } from './servers.ts';

const PADDING = 'x'.repeat(40);
const TOKENS_EACH = 60;
const FIELDS_EACH = 60;

/** Keys on all workers, whichever way shards are given to them. */
function keysOn(first: number, name: string): readonly string[] {
  return [0, 17, 34, 51].map((shard) => keyOnShard((shard + first) % 64, `${name}:`));
}

const HOMES = keysOn(0, 'home');
const LISTS = keysOn(5, 'tokens');
const BOOKS = keysOn(9, 'book');
const RANKS = keysOn(13, 'rank');

/** One text; what it is given are its keys, or arguments that it does not declare. */
const MOVE = `
local function at(i) return KEYS[i] or ARGV[i - #KEYS] end
redis.call('incr', at(1))
local token = redis.call(ARGV[#ARGV], at(2))
if token then redis.call('rpush', at(3), token) end
redis.call('hincrby', at(4), 'done', 1)
redis.call('hincrby', at(4), 'seen', 1)
redis.call('zincrby', at(5), -1, 'score')
redis.call('zincrby', at(6), 1, 'score')
return redis.call('hget', at(4), 'done')`;

/** What clients were told that they did, and what they did not hear about. */
interface Count {
  told: number;
  unheard: number;
}

export class TokenGame {
  /** Moves, and changes of what is watched. */
  readonly #moves: Count = { told: 0, unheard: 0 };
  readonly #seen: Count = { told: 0, unheard: 0 };
  /** Texts of errors. */
  readonly errors = new Set<string>();

  async begin(client: RespClient): Promise<void> {
    const each = (count: number, of: (i: number) => string[]): string[] =>
      Array.from({ length: count }, (_, i) => of(i)).flat();
    for (const [i, list] of LISTS.entries()) {
      await client.must('RPUSH', list, ...each(TOKENS_EACH, (n) => [`${PADDING}${i}:${n}`]));
      const fields = each(FIELDS_EACH, (n) => [`f${n}`, PADDING]);
      await client.must('HSET', BOOKS[i]!, 'done', '0', 'seen', '0', ...fields);
      const members = each(FIELDS_EACH, (n) => ['0', `${PADDING}${n}`]);
      await client.must('ZADD', RANKS[i]!, '0', 'score', ...members);
      await client.must('SET', HOMES[i]!, '0');
    }
  }

  /** Plays until the connection is lost, or so many times. */
  async play(client: RespClient, prng: Prng, times = Infinity): Promise<void> {
    let left = times;
    const turn = async (): Promise<void> => {
      const kind = prng.below(10);
      if (kind < 5) await this.#move(client, prng);
      else if (kind < 7) await this.#transact(client, prng);
      else if (kind < 8) await this.#watch(client, prng);
      else await client.command('LMOVE', prng.pick(LISTS), prng.pick(LISTS), 'LEFT', 'RIGHT');
    };
    await untilCut(async () => {
      if (left-- > 0) return turn();
      throw new Done();
    }).catch((error: unknown) => {
      if (!(error instanceof Done)) throw error;
    });
  }

  async #count<T>(count: Count, act: () => Promise<T | null>): Promise<T | null> {
    count.unheard++;
    const result = await act();
    count.unheard--;
    if (result !== null) count.told++;
    return result;
  }

  async #move(client: RespClient, prng: Prng): Promise<void> {
    const lists = [prng.pick(LISTS), prng.pick(LISTS)];
    const keys = [prng.pick(HOMES), ...lists, prng.pick(BOOKS), prng.pick(RANKS), prng.pick(RANKS)];
    const pop = prng.below(2) === 0 ? 'lpop' : 'rpop';
    const declared = prng.pick([keys.length, keys.length, 1]);
    const words = ['EVAL', MOVE, String(declared), ...keys, pop];
    await this.#count(this.#moves, () =>
      this.#count(this.#seen, async () => this.#done(await client.command(...words))),
    );
  }

  async #transact(client: RespClient, prng: Prng): Promise<void> {
    const book = prng.pick(BOOKS);
    const block = [
      ['MULTI'],
      ['HINCRBY', book, 'done', '1'],
      ['LMOVE', prng.pick(LISTS), prng.pick(LISTS), 'RIGHT', 'LEFT'],
      ['ZINCRBY', prng.pick(RANKS), '2', 'score'],
      ['ZINCRBY', prng.pick(RANKS), '-2', 'score'],
      ['INCR', prng.pick(HOMES)],
      ['EXEC'],
    ];
    await this.#count(this.#moves, async () => this.#done((await client.pipeline(block)).at(-1)!));
  }

  async #watch(client: RespClient, prng: Prng): Promise<void> {
    const book = prng.pick(BOOKS);
    const seen = (
      await client.pipeline([
        ['WATCH', book],
        ['HGET', book, 'seen'],
      ])
    ).at(-1)!;
    const next = String(numberOf(seen) + 1);
    await this.#count(this.#seen, async () => {
      const block = [['MULTI'], ['HSET', book, 'seen', next], ['EXEC']];
      const reply = (await client.pipeline(block)).at(-1)!;
      return reply.kind === 'null' ? null : this.#done(reply);
    });
  }

  #done(reply: Reply): Reply | null {
    const errors = reply.kind === 'array' ? reply.items : [reply];
    for (const each of errors) if (each.kind === 'error') this.errors.add(each.text);
    return reply.kind === 'error' ? null : reply;
  }

  /** What does not add up at this moment, seen by one transaction; '': all does. */
  async look(client: RespClient): Promise<string> {
    const reads = [
      ...HOMES.map((key) => ['GET', key]),
      ...BOOKS.map((key) => ['HGET', key, 'done']),
      ...LISTS.map((key) => ['LLEN', key]),
      ...RANKS.map((key) => ['ZSCORE', key, 'score']),
    ];
    const reply = (await client.pipeline([['MULTI'], ...reads, ['EXEC']])).at(-1)!;
    if (reply.kind !== 'array') return describeReply(reply);
    const sum = (from: number): number =>
      reply.items.slice(from, from + 4).reduce((total, item) => total + numberOf(item), 0);
    const [homes, done, tokens, score] = [sum(0), sum(4), sum(8), sum(12)];
    if (homes !== done) return `${homes} at home, ${done} in the books`;
    if (tokens !== LISTS.length * TOKENS_EACH) return `${tokens} tokens`;
    return score === 0 ? '' : `the scores add up to ${score}`;
  }

  /** What is wrong while nobody plays; goes on from there. */
  async check(client: RespClient): Promise<string[]> {
    const problems: string[] = [await this.look(client)];
    const found = new Set<string>();
    for (const list of LISTS) {
      const reply = await client.command('LRANGE', list, '0', '-1');
      if (reply.kind === 'array') for (const item of reply.items) found.add(describeReply(item));
    }
    if (found.size !== LISTS.length * TOKENS_EACH) problems.push(`${found.size} different tokens`);
    const sum = async (field: string): Promise<number> => {
      const replies = await client.pipeline(BOOKS.map((key) => ['HGET', key, field]));
      return replies.reduce((total, reply) => total + numberOf(reply), 0);
    };
    for (const [name, count, is] of [
      ['done', this.#moves, await sum('done')],
      ['seen', this.#seen, await sum('seen')],
    ] as const) {
      const { told, unheard } = count;
      if (is < told || is > told + unheard)
        problems.push(`${name}: ${is}, told ${told}+${unheard}`);
      Object.assign(count, { told: is, unheard: 0 });
    }
    return problems.filter((problem) => problem !== '');
  }
}

class Done extends Error {}

function numberOf(reply: Reply): number {
  if (reply.kind === 'integer') return Number(reply.value);
  return reply.kind === 'bulk' ? Number(reply.bytes.toString()) : NaN;
}
