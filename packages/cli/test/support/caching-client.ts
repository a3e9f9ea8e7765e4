// A client with a cache of its own that the server keeps right: it reads at random, remembers what
// it was told, and forgets what it is told has changed.

import type { Random } from '@forgekv/base';
import { type CommandArg, encodeCommands, type Reply } from '@forgekv/testkit';
import type { FrameClient } from './frame-client.ts';

/** How a client wants to be told. */
export const CACHING_MODES = ['', 'NOLOOP', 'OPTIN', 'BCAST PREFIX k', 'BCAST NOLOOP'] as const;

/** Version of a value, 0: there is none, -1: it is empty, as APPEND makes it. */
export function versionOf(reply: Reply | undefined): number {
  if (reply?.kind !== 'bulk') return 0;
  return reply.bytes.length === 0 ? -1 : Number.parseInt(reply.bytes.toString('latin1', 0, 12), 10);
}

/** What a reply is to: keys in its order. */
interface Asked {
  readonly keys: readonly string[];
  /** The least version each may have: that of a write that was acknowledged before. */
  readonly least: readonly number[];
  readonly kind: 'value' | 'values' | 'other';
}

export class CachingClient {
  readonly cache = new Map<string, number>();
  invalidations = 0;
  /** Empty as long as nothing was found. */
  problem = '';
  readonly #client: FrameClient;
  readonly #random: Random;
  readonly #mode: string;
  readonly #asked: Asked[] = [];
  /** An invalidation in so many is overlooked, 0: none. */
  readonly #overlooks: number;

  constructor(client: FrameClient, random: Random, mode: string, overlooks = 0) {
    this.#client = client;
    this.#random = random;
    this.#mode = mode;
    this.#overlooks = overlooks;
  }

  async begin(): Promise<void> {
    await this.#client.call('CLIENT', 'TRACKING', 'ON', ...this.#mode.split(' ').filter(Boolean));
  }

  /** Sends a few commands. @param acknowledged versions of writes that were */
  ask(keys: readonly string[], acknowledged: ReadonlyMap<string, number>): void {
    const commands: CommandArg[][] = [];
    const random = this.#random;
    const add = (command: readonly CommandArg[], kind: Asked['kind'], ...read: string[]): void => {
      commands.push([...command, ...read]);
      const least = read.map((key) => acknowledged.get(key) ?? 0);
      this.#asked.push({ keys: read, least, kind });
    };
    for (let i = random.below(4); i >= 0; i--) {
      const key = random.pick(keys);
      if (this.#mode === 'OPTIN') add(['CLIENT', 'CACHING', 'YES'], 'other');
      const what = random.below(10);
      if (what < 6) add(['GET'], 'value', key);
      else if (what < 8) add(['MGET'], 'values', key, random.pick(keys));
      else if (what < 9) {
        add(['MULTI'], 'other');
        commands.push(['GET', key], ['MGET', key, random.pick(keys)]);
        const [, , second] = commands.at(-1) as string[];
        this.#asked.push({ keys: [], least: [], kind: 'other' });
        this.#asked.push({ keys: [], least: [], kind: 'other' });
        commands.push(['EXEC']);
        const least = [key, second!].map((name) => acknowledged.get(name) ?? 0);
        this.#asked.push({ keys: [key, second!], least, kind: 'values' });
      } else add(['PING'], 'other');
    }
    this.#client.sendBytes(encodeCommands(commands));
  }

  /** Takes what has come; resolves when everything asked for has, or at once. */
  async take(isComplete: boolean): Promise<void> {
    for (const { reply } of this.#client.take()) this.#take(reply);
    while (isComplete && this.#asked.length > 0) this.#take(await this.#client.next());
  }

  #take(reply: Reply): void {
    if (reply.kind === 'push') {
      this.#invalidate(reply.items[1]!);
      return;
    }
    const { keys, least, kind } = this.#asked.shift()!;
    if (reply.kind === 'error') this.problem ||= reply.text;
    if (kind === 'other') return;
    let values: readonly Reply[] = [reply];
    if (kind === 'values' && reply.kind === 'array') {
      // EXEC of a GET and an MGET, or an MGET.
      const [, inner] = reply.items;
      values = inner?.kind === 'array' ? inner.items : reply.items;
    }
    for (const [i, key] of keys.entries()) this.#read(key, versionOf(values[i]), least[i]!);
  }

  #read(key: string, version: number, least: number): void {
    if (version > 0 && version < least) {
      this.problem ||= `${key} was ${version} when ${least} had been acknowledged`;
    }
    this.cache.set(key, version);
  }

  #invalidate(keys: Reply): void {
    this.invalidations++;
    if (this.#overlooks > 0 && this.#random.below(this.#overlooks) === 0) return;
    if (keys.kind !== 'array') this.cache.clear();
    else for (const key of keys.items) if (key.kind === 'bulk') this.cache.delete(`${key.bytes}`);
  }
}
