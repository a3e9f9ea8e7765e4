// Clients that write in such a way that a copy of the data shows whether it is the state of one
// moment: each knows what it has been told, and what it does later builds on what it did before.
//
// A round of client i: INCR count:i, MSET of three keys, INCR shared; then, told the answers, SET
// seen:i to what INCR shared said. Every fifth round a large value. One more client fills database
// 1 with keys of an epoch, empties it, and begins the next.

import { type CommandArg, type Endpoint, type Reply, RespClient } from '@forgekv/testkit';

const LARGE_EVERY = 5;
const LARGE_BYTES = 3000;
const KEYS_PER_EPOCH = 40;
const TIMEOUT_MS = 20_000;

interface Writer {
  /** Rounds that were begun, and those that were answered. */
  begun: number;
  answered: number;
}

export class MomentWriters {
  readonly #writers: Writer[];
  #running: Promise<unknown> = Promise.resolve();
  #hasEnded = false;

  constructor(count: number) {
    this.#writers = Array.from({ length: count }, () => ({ begun: 0, answered: 0 }));
  }

  /** Begins on a server; goes on from what earlier ones did there. */
  start(server: Endpoint): void {
    this.#hasEnded = false;
    const writers = this.#writers.map((writer, i) => this.#write(server, writer, i));
    this.#running = Promise.all([...writers, this.#fillEpochs(server)]);
  }

  /** Resolves when all are answered; rejects with what went wrong with any of them. */
  async stop(): Promise<void> {
    this.#hasEnded = true;
    await this.#running;
  }

  get answered(): number[] {
    return this.#writers.map(({ answered }) => answered);
  }

  get begun(): number[] {
    return this.#writers.map(({ begun }) => begun);
  }

  async #write(server: Endpoint, writer: Writer, i: number): Promise<void> {
    const client = await RespClient.connect({ port: server.port ?? 0, timeoutMs: TIMEOUT_MS });
    try {
      while (!this.#hasEnded) {
        const round = ++writer.begun;
        const group = ['a', 'b', 'c'].flatMap((part) => [`group:${i}:${part}`, round]);
        const [counted, , shared] = await told(client, [
          ['INCR', `count:${i}`],
          ['MSET', ...group],
          ['INCR', 'shared'],
        ]);
        if (numberIn(counted) !== round) throw new Error(`count:${i} is not ${round}`);
        const next: CommandArg[][] = [['SET', `seen:${i}`, numberIn(shared)]];
        if (round % LARGE_EVERY === 0) next.push(['SET', `large:${i}`, largeValue(round)]);
        await told(client, next);
        writer.answered = round;
      }
    } finally {
      client.destroy();
    }
  }

  async #fillEpochs(server: Endpoint): Promise<void> {
    const client = await RespClient.connect({ port: server.port ?? 0, timeoutMs: TIMEOUT_MS });
    try {
      await told(client, [['SELECT', 1]]);
      for (let epoch = 1; !this.#hasEnded; epoch++) {
        await told(client, [['FLUSHDB']]);
        for (let n = 1; n <= KEYS_PER_EPOCH; n++) await told(client, [['SET', `${epoch}:${n}`, n]]);
      }
    } finally {
      client.destroy();
    }
  }
}

/**
 * Looks at a server that was started on a copy.
 * @param least rounds answered before the copy was asked for
 * @param most rounds begun when it was there
 * @returns what cannot be the state of a moment in between
 */
export async function violations(
  server: Endpoint,
  least: readonly number[],
  most: readonly number[],
): Promise<string[]> {
  const client = await RespClient.connect({ port: server.port ?? 0, timeoutMs: TIMEOUT_MS });
  try {
    const found: string[] = [];
    const shared = numberIn((await told(client, [['GET', 'shared']]))[0]);
    let rounds = 0;
    for (const [i, atLeast] of least.entries()) {
      const parts = ['a', 'b', 'c'].map((part) => `group:${i}:${part}`);
      const keys = [`count:${i}`, ...parts, `seen:${i}`];
      const replies = await told(
        client,
        keys.map((key) => ['GET', key]),
      );
      const [count = 0, a = 0, b = 0, c = 0, seen = 0] = replies.map(numberIn);
      const says = `client ${i} (${count} ${a} ${b} ${c}, seen ${seen} of ${shared})`;
      if (count < atLeast) found.push(`${says}: ${atLeast} were answered`);
      if (count > (most[i] ?? 0)) found.push(`${says}: ${most[i]} were begun`);
      if (a !== b || b !== c) found.push(`${says}: the group is not whole`);
      if (a !== count && a !== count - 1) found.push(`${says}: the group is of another round`);
      if (seen > shared) found.push(`${says}: it saw what is not there`);
      rounds += count;
      const [large] = await told(client, [['GET', `large:${i}`]]);
      const due = count - (count % LARGE_EVERY);
      const allowed = [due, due - LARGE_EVERY].map((round) => (round > 0 ? largeValue(round) : ''));
      if (!allowed.includes(textIn(large))) found.push(`${says}: the large value is another`);
    }
    if (shared > rounds || shared < rounds - least.length) {
      found.push(`shared is ${shared}, rounds are ${rounds}`);
    }
    found.push(...(await epochViolations(client)));
    return found;
  } finally {
    client.destroy();
  }
}

async function epochViolations(client: RespClient): Promise<string[]> {
  await told(client, [['SELECT', 1]]);
  const [reply] = await told(client, [['KEYS', '*']]);
  if (reply?.kind !== 'array') return ['KEYS has no answer'];
  const names = reply.items.map(textIn);
  const epochs = new Set(names.map((name) => name.split(':')[0]));
  const numbers = names.map((name) => Number(name.split(':')[1]));
  const isPrefix = numbers.every((n) => n >= 1 && n <= numbers.length);
  return epochs.size <= 1 && isPrefix ? [] : [`database 1 has ${names.sort().join(' ')}`];
}

function largeValue(round: number): string {
  return `${round} `.padEnd(LARGE_BYTES, 'x');
}

/** Answers; an error is thrown. */
async function told(
  client: RespClient,
  commands: readonly (readonly CommandArg[])[],
): Promise<Reply[]> {
  const replies = await client.pipeline(commands);
  const failed = replies.find(({ kind }) => kind === 'error');
  if (failed?.kind === 'error') throw new Error(failed.text);
  return replies;
}

function textIn(reply: Reply | undefined): string {
  return reply?.kind === 'bulk' ? reply.bytes.toString() : '';
}

/** 0 for a key that is not there. */
function numberIn(reply: Reply | undefined): number {
  if (reply?.kind === 'integer') return Number(reply.value);
  return Number(textIn(reply));
}
