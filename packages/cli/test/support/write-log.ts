// Writes keys, each once, and remembers what the server said about each: what must be there after a
// crash, what must not, and what may. The many other commands are the kill loop's.

import {
  ConnectionError,
  describeReply,
  RespClient,
  type RespClientOptions,
  type ServerHandle,
} from '@forgekv/testkit';

const TIMEOUT_MS = 20_000;
const KEYS_PER_LOOK = 50;

export class WriteLog {
  readonly #options: RespClientOptions;
  readonly #valueBytes: number;
  readonly #prefix: string;
  #client: RespClient | undefined;
  #count = 0;
  /** Keys by what became of their write. */
  readonly acknowledged: string[] = [];
  readonly refused: string[] = [];
  /** The connection ended before there was a reply. */
  readonly unknown: string[] = [];
  /** Texts of all errors. */
  readonly errors = new Set<string>();

  /** @param prefix of its keys: those of logs beside each other differ */
  constructor(server: Pick<ServerHandle, 'port'>, valueBytes: number, prefix = '') {
    this.#prefix = prefix;
    this.#options = { port: server.port, timeoutMs: TIMEOUT_MS };
    this.#valueBytes = valueBytes;
  }

  /** Writes one more key; true when that was acknowledged. */
  async write(): Promise<boolean> {
    const key = this.#keyOf(++this.#count);
    try {
      this.#client ??= await RespClient.connect(this.#options);
      const reply = await this.#client.command('SET', key, this.#valueOf(key));
      if (reply.kind !== 'error') {
        this.acknowledged.push(key);
        return true;
      }
      this.refused.push(key);
      this.errors.add(reply.text);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.unknown.push(key);
      this.#client?.destroy();
      this.#client = undefined;
    }
    return false;
  }

  #keyOf(index: number): string {
    return `${this.#prefix}key:${index}`;
  }

  #valueOf(key: string): string {
    return `${key}=`.padEnd(this.#valueBytes, 'x');
  }

  /** Returns what the server holds that cannot be, and what it lacks; empty = all is well. */
  async violations(): Promise<string[]> {
    const must = new Set(this.acknowledged);
    const may = new Set(this.unknown);
    const keys = Array.from({ length: this.#count }, (_, i) => this.#keyOf(i + 1));
    const wrong: string[] = [];
    const client = await RespClient.connect(this.#options);
    for (let at = 0; at < keys.length; at += KEYS_PER_LOOK) {
      const some = keys.slice(at, at + KEYS_PER_LOOK);
      const replies = await client.pipeline(some.map((key) => ['GET', key]));
      for (const [i, key] of some.entries()) {
        const reply = replies[i]!;
        const isThere = reply.kind === 'bulk' && reply.bytes.toString() === this.#valueOf(key);
        const isAbsent = reply.kind === 'null';
        const isRight = must.has(key) ? isThere : isAbsent || (may.has(key) && isThere);
        if (!isRight) wrong.push(`${key}: ${describeReply(reply).slice(0, 40)}`);
      }
    }
    client.destroy();
    return wrong;
  }

  close(): void {
    this.#client?.destroy();
    this.#client = undefined;
  }
}
