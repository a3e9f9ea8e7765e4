// Accounts on many shards between which money moves: as strings, in packed hashes and in large
// ones. Whatever happens, all that a transaction sees or leaves behind adds up to the same.

import { ConnectionError, type Prng, type Reply, type RespClient } from '@forgekv/testkit';
import { keyOnShard } from './servers.ts';

const ACCOUNTS = 24;
const FIRST_BALANCE = 1000;
/** Fields that make a hash large. */
const PADDING_FIELDS = 600;

type Command = readonly string[];

interface Account {
  readonly key: string;
  readonly isHash: boolean;
}

/**
 * Moves ARGV[1] from one account to another: keys as far as they are declared, or else arguments.
 * One that cannot have its second account gives back what it took.
 */
const TRANSFER = `
local function add(key, isHash, amount)
  if isHash == '1' then return redis.pcall('hincrby', key, 'balance', amount) end
  return redis.pcall('incrby', key, amount)
end
local from, to = KEYS[1] or ARGV[4], KEYS[2] or ARGV[5]
local taken = add(from, ARGV[2], -ARGV[1])
if type(taken) == 'table' then return taken end
local given = add(to, ARGV[3], ARGV[1])
if type(given) == 'table' then
  add(from, ARGV[2], ARGV[1])
  return given
end
return 'moved'`;
/** So many texts of it, each of which a worker has to learn about. */
const TEXTS = 30;

const TOTAL = `
local sum = 0
for i = 1, #ARGV, 2 do
  if ARGV[i + 1] == '1' then sum = sum + redis.call('hget', ARGV[i], 'balance')
  else sum = sum + redis.call('get', ARGV[i]) end
end
return sum`;

export class Accounts {
  readonly #accounts: readonly Account[] = Array.from({ length: ACCOUNTS }, (_, i) => ({
    key: keyOnShard((i * 11) % 64, `account:${i}:`),
    isHash: i % 3 !== 0,
  }));

  get sum(): number {
    return ACCOUNTS * FIRST_BALANCE;
  }

  /** Makes the accounts, every third of them in a large hash. */
  async create(client: RespClient): Promise<void> {
    for (const [i, { key, isHash }] of this.#accounts.entries()) {
      if (isHash) await client.must('HSET', key, 'balance', String(FIRST_BALANCE));
      else await client.must('SET', key, String(FIRST_BALANCE));
      if (i % 3 !== 1) continue;
      const padding = Array.from({ length: PADDING_FIELDS }, (_, f) => [`f${f}`, 'padding']);
      await client.must('HSET', key, ...padding.flat());
    }
  }

  /** All balances in one transaction; what they add up to. */
  async total(client: RespClient): Promise<number> {
    const reads = this.#accounts.map((account) => readOf(account));
    const replies = await client.pipeline([['MULTI'], ...reads, ['EXEC']]);
    const exec = replies.at(-1)!;
    if (exec.kind !== 'array') throw new Error(`EXEC answered ${exec.kind}`);
    return exec.items.reduce((sum, reply) => sum + numberOf(reply), 0);
  }

  /** Moves money between two accounts by increments, in one transaction, half of them piped. */
  async transfer(client: RespClient, prng: Prng): Promise<void> {
    const [from, to] = this.#pickTwo(prng);
    const amount = prng.between(1, 50);
    const commands = [['MULTI'], addTo(from, -amount), addTo(to, amount), ['EXEC']];
    if (prng.below(2) === 0) await client.pipeline(commands);
    else for (const command of commands) await client.command(...command);
  }

  /**
   * Moves money by reading under WATCH and writing what was worked out.
   * @returns false: somebody was faster, and nothing was done
   */
  async transferWatched(client: RespClient, prng: Prng): Promise<boolean> {
    const [from, to] = this.#pickTwo(prng);
    const amount = prng.between(1, 50);
    const seen = await client.pipeline([['WATCH', from.key, to.key], readOf(from), readOf(to)]);
    const replies = await client.pipeline([
      ['MULTI'],
      setTo(from, numberOf(seen[1]!) - amount),
      setTo(to, numberOf(seen[2]!) + amount),
      ['EXEC'],
    ]);
    return replies[3]!.kind === 'array';
  }

  /**
   * Moves money by a script that declares both accounts, one or none.
   * @returns its reply
   */
  transferByScript(client: RespClient, prng: Prng): Promise<Reply> {
    const pair = this.#pickTwo(prng);
    const text = `${TRANSFER} -- ${prng.below(TEXTS)}`;
    const declared = Math.min(2, prng.below(5));
    const keys = pair.map(({ key }) => key);
    const hashes = pair.map(({ isHash }) => (isHash ? '1' : '0'));
    const [amount, count] = [String(prng.between(1, 50)), String(declared)];
    return client.command(
      ...['EVAL', text, count, ...keys.slice(0, declared), amount, ...hashes, ...keys],
    );
  }

  /** All balances as a script sees them. */
  async totalByScript(client: RespClient): Promise<number> {
    const names = this.#accounts.flatMap(({ key, isHash }) => [key, isHash ? '1' : '0']);
    const reply = await client.command('EVAL', TOTAL, '0', ...names);
    if (reply.kind !== 'integer') throw new Error(`the sum is ${reply.kind}`);
    return Number(reply.value);
  }

  #pickTwo(prng: Prng): [Account, Account] {
    const from = prng.below(ACCOUNTS);
    const to = (from + prng.between(1, ACCOUNTS - 1)) % ACCOUNTS;
    return [this.#accounts[from]!, this.#accounts[to]!];
  }
}

function readOf({ key, isHash }: Account): Command {
  return isHash ? ['HGET', key, 'balance'] : ['GET', key];
}

function addTo({ key, isHash }: Account, amount: number): Command {
  return isHash ? ['HINCRBY', key, 'balance', String(amount)] : ['INCRBY', key, String(amount)];
}

function setTo({ key, isHash }: Account, balance: number): Command {
  return isHash ? ['HSET', key, 'balance', String(balance)] : ['SET', key, String(balance)];
}

function numberOf(reply: Reply): number {
  if (reply.kind !== 'bulk') throw new Error(`a balance is ${reply.kind}`);
  return Number(reply.bytes.toString());
}

/** Runs until the connection is lost: for tests that take it away. */
export async function untilCut(work: () => Promise<unknown>): Promise<void> {
  try {
    for (;;) await work();
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
  }
}
