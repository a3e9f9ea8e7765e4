// Conversations of clients that wait for keys with two servers, which must say the same. A line is
//   a> COMMAND argument ...   a says it, and has its answer at once
//   a! COMMAND argument ...   a says it, and waits now, or has an answer that is not looked at yet
//   a=                        the answer to that
//   a-                        a still waits
//   sleep milliseconds
// `@a` is the id of a. What lines of `a=` say is awaited, so nothing depends on anybody's speed.

import { type CommandArg, describeReply, type Endpoint, RespClient } from '@forgekv/testkit';

const TIMEOUT_MS = 20_000;
const SHOWN_BYTES = 80;

/** One client of one server. */
class Waiting {
  readonly client: RespClient;
  readonly id: string;
  answer: Promise<string> | null = null;
  hasAnswer = false;

  constructor(client: RespClient, id: string) {
    this.client = client;
    this.id = id;
  }

  begin(words: readonly CommandArg[]): void {
    this.hasAnswer = false;
    this.answer = this.client.command(...words).then(
      (reply) => {
        this.hasAnswer = true;
        return describeReply(reply, SHOWN_BYTES);
      },
      () => {
        this.hasAnswer = true;
        return 'the connection is closed';
      },
    );
  }
}

class Side {
  readonly #port: number;
  readonly #resp: 2 | 3;
  readonly #clients = new Map<string, Waiting>();
  #observer: RespClient | null = null;

  constructor(port: number, resp: 2 | 3) {
    this.#port = port;
    this.#resp = resp;
  }

  async #of(name: string): Promise<Waiting> {
    const known = this.#clients.get(name);
    if (known !== undefined) return known;
    const options = { port: this.#port, timeoutMs: TIMEOUT_MS, resp: this.#resp };
    const client = await RespClient.connect(options);
    const id = await client.must('CLIENT', 'ID');
    const waiting = new Waiting(client, id.kind === 'integer' ? String(id.value) : '');
    this.#clients.set(name, waiting);
    return waiting;
  }

  async say(name: string, how: string, words: readonly string[]): Promise<string> {
    const waiting = await this.#of(name);
    if (how === '=') return (await waiting.answer) ?? 'it has said nothing';
    if (how === '-') return waiting.hasAnswer ? `answered: ${await waiting.answer}` : 'waits';
    const given: string[] = [];
    for (const word of words) {
      if (word.startsWith('@')) given.push((await this.#of(word.slice(1))).id);
      else given.push(word === "''" ? '' : word);
    }
    waiting.begin(given);
    if (how === '>') return waiting.answer!;
    await this.#untilBlocked(waiting);
    return 'begun';
  }

  async #untilBlocked(waiting: Waiting): Promise<void> {
    this.#observer ??= await RespClient.connect({ port: this.#port, timeoutMs: TIMEOUT_MS });
    for (const deadline = performance.now() + TIMEOUT_MS; performance.now() < deadline; ) {
      if (waiting.hasAnswer) return;
      const line = await this.#observer.must('CLIENT', 'LIST', 'ID', waiting.id);
      if (line.kind === 'bulk' && / flags=b /.test(line.bytes.toString())) return;
    }
  }

  end(): void {
    for (const { client } of this.#clients.values()) client.destroy();
    this.#observer?.destroy();
  }
}

/** @returns the lines to which the servers' answers differ, with both */
export async function converseWaiting(
  script: string,
  oracle: Endpoint,
  subject: Endpoint,
  resp: 2 | 3,
): Promise<string[]> {
  const sides = [new Side(oracle.port!, resp), new Side(subject.port!, resp)] as const;
  const different: string[] = [];
  for (const line of script.trim().split('\n')) {
    const [who, ...words] = line.trim().split(' ') as [string, ...string[]];
    if (who === 'sleep') {
      await new Promise((resolve) => setTimeout(resolve, Number(words[0])));
      continue;
    }
    const [name, how] = [who.slice(0, -1), who.slice(-1)];
    const [expected, got] = await Promise.all(sides.map((side) => side.say(name, how, words)));
    if (expected !== got) different.push(`${line.trim()}: expected ${expected}, got ${got}`);
  }
  for (const side of sides) side.end();
  return different;
}
