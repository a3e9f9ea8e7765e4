/**
 * Pipelined pairs: a client writes a key, then another, in one stream, and observers that read the
 * second key and then the first must never see the second write without the first, wherever each of
 * the commands is executed. Nor may what an observer sees of a key ever go back.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { encodeCommands } from './encode-command.ts';
import { keyOnShard } from './key-slots.ts';
import { Prng } from './random-commands/prng.ts';
import { describeReply, isErrorReply, type Reply } from './reply.ts';
import type { RespClient } from './resp-client.ts';

type Command = readonly string[];

/** How numbers are written to one kind of key, and read back. */
interface NumberedKey {
  readonly write: (key: string, n: number) => Command;
  readonly read: (key: string) => Command;
  /** Keeps it small; sent now and then. */
  readonly trim?: (key: string) => Command;
}

const DIGITS = 10;
const PADDING = 'x'.repeat(200);
const text = (n: number): string => String(n).padStart(DIGITS, '0');

const KINDS = {
  string: {
    write: (key, n) => ['SET', key, text(n)],
    read: (key) => ['GETRANGE', key, '0', String(DIGITS - 1)],
  },
  'large string': {
    write: (key, n) => ['SET', key, text(n) + PADDING],
    read: (key) => ['GETRANGE', key, '0', String(DIGITS - 1)],
  },
  list: {
    write: (key, n) => ['LPUSH', key, text(n)],
    read: (key) => ['LINDEX', key, '0'],
    trim: (key) => ['LTRIM', key, '0', '9'],
  },
  hash: {
    write: (key, n) => ['HSET', key, `field:${n % 50}`, PADDING, 'n', text(n)],
    read: (key) => ['HGET', key, 'n'],
  },
} as const satisfies Record<string, NumberedKey>;
type Kind = keyof typeof KINDS;

/** The kinds of the first and of the second key of every pair. */
export interface PairMode {
  readonly name: string;
  readonly kinds: readonly [first: Kind, second: Kind];
}

const modeOf = (first: Kind, second: Kind): PairMode => ({
  name: `${first}, then ${second}`,
  kinds: [first, second],
});

/** With `--hot-value-max-bytes 64`, the two of most pairs are executed in different places. */
export const PAIR_MODES: readonly PairMode[] = [
  modeOf('string', 'string'),
  modeOf('large string', 'string'),
  modeOf('string', 'large string'),
  modeOf('list', 'hash'),
  modeOf('hash', 'list'),
];

export interface PairOptions {
  readonly mode: PairMode;
  readonly pairs: number;
  readonly seed: number;
  readonly writer: RespClient;
  /** Each looks at all keys, again and again. */
  readonly observers: readonly RespClient[];
}

export interface PairResult {
  readonly pairs: number;
  /** Pairs of keys that were read, and how many of them had changed since. */
  readonly observations: number;
  readonly changes: number;
  /** What cannot be, at most a few. */
  readonly disorders: readonly string[];
}

const PAIR_KEYS = 16;
/** Pairs the writer has on the way. */
const WINDOW = 500;
const MOST_CHUNK_BYTES = 20_000;
const MOST_DISORDERS = 10;

/** On different shards and, with several workers, on different workers. */
const KEYS: readonly (readonly [string, string])[] = Array.from({ length: PAIR_KEYS }, (_, i) => [
  keyOnShard((i * 5) % 64, 'a'),
  keyOnShard((i * 5 + 31) % 64, 'b'),
]);

/** Writes pairs while observers look; the keys are emptied first. */
export async function runPairs(options: PairOptions): Promise<PairResult> {
  const { writer, observers, mode, pairs, seed } = options;
  const kinds = mode.kinds.map((kind): NumberedKey => KINDS[kind]);
  await writer.must('DEL', ...KEYS.flat());
  await writer.pipeline(KEYS.flatMap(([a, b]) => [kinds[0]!.write(a, 0), kinds[1]!.write(b, 0)]));
  const watch = new PairWatch(kinds);
  const looking = Promise.all(observers.map((client, i) => watch.look(client, i)));
  // A rejection is seen when it is awaited below.
  looking.catch(() => {});
  try {
    await writePairs(writer, kinds, pairs, new Prng(seed));
  } finally {
    watch.isOver = true;
  }
  await looking;
  const { observations, changes, disorders } = watch;
  return { pairs, observations, changes, disorders };
}

/** For a person. */
export function formatPairs({ pairs, observations, changes, disorders }: PairResult): string {
  const summary = `${pairs} pairs, ${observations} observations, ${changes} of them new`;
  return [summary, ...disorders].join('\n');
}

async function writePairs(
  client: RespClient,
  [first, second]: readonly NumberedKey[],
  pairs: number,
  prng: Prng,
): Promise<void> {
  for (let n = 1; n <= pairs; ) {
    const commands: Command[] = [];
    for (const end = Math.min(n + WINDOW, pairs + 1); n < end; n++) {
      const [a, b] = KEYS[n % PAIR_KEYS]!;
      commands.push(first!.write(a, n), second!.write(b, n));
    }
    for (const [a, b] of KEYS) {
      if (first!.trim !== undefined) commands.push(first!.trim(a));
      if (second!.trim !== undefined) commands.push(second!.trim(b));
    }
    const replies = client.exchange(Buffer.alloc(0), commands.length);
    replies.catch(() => {});
    await sendInChunks(client, encodeCommands(commands), prng);
    const wrong = (await replies).find(({ reply }) => isErrorReply(reply));
    if (wrong !== undefined) throw new Error(describeReply(wrong.reply));
  }
}

/** So that a pair is torn apart by reads, too. */
async function sendInChunks(client: RespClient, bytes: Buffer, prng: Prng): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const end = at + prng.between(1, MOST_CHUNK_BYTES);
    client.send(bytes.subarray(at, end));
    at = end;
    await nextTurn();
  }
}

class PairWatch {
  observations = 0;
  changes = 0;
  readonly disorders: string[] = [];
  isOver = false;
  readonly #reads: readonly Command[];

  constructor([first, second]: readonly NumberedKey[]) {
    this.#reads = KEYS.flatMap(([a, b]) => [second!.read(b), first!.read(a)]);
  }

  async look(client: RespClient, observer: number): Promise<void> {
    const last = KEYS.map(() => [0, 0]);
    while (!this.isOver) {
      const replies = await client.pipeline(this.#reads);
      for (const [i, [a, b]] of KEYS.entries()) {
        const [second, first] = [replies[2 * i]!, replies[2 * i + 1]!].map(numberOf);
        const [lastSecond, lastFirst] = last[i]!;
        this.observations++;
        if (second !== lastSecond) this.changes++;
        if (first! < second!) this.#report(`${b} is ${second}, and behind it ${a} is ${first}`);
        if (first! < lastFirst!)
          this.#report(`${observer}: ${a} goes from ${lastFirst} to ${first}`);
        if (second! < lastSecond!) {
          this.#report(`${observer}: ${b} goes from ${lastSecond} to ${second}`);
        }
        last[i] = [second!, first!];
      }
    }
  }

  #report(what: string): void {
    if (this.disorders.length < MOST_DISORDERS) this.disorders.push(what);
  }
}

function numberOf(reply: Reply): number {
  if (reply.kind !== 'bulk') throw new Error(describeReply(reply));
  return Number(reply.bytes.toString());
}
