// The server at the other end, as a client like any other.

import { Redis } from 'ioredis';
import { MigrationError } from './migration-error.ts';

export type Command = readonly [name: string, ...args: (string | number | Buffer)[]];
/** A reply: an error, or what ioredis makes of it, with buffers. */
export type Reply = Error | unknown;

const CONNECT_MS = 10_000;

export class Target {
  readonly #redis: Redis;

  /**
   * Connects.
   * @param url redis://user:password@host:port, rediss:// for TLS, or the path of a unix socket
   * @param password used when the URL has none
   * @throws MigrationError when that is not possible
   */
  static async connect(url: string, password: string | undefined): Promise<Target> {
    // A lost connection is the end: what was on its way may have been executed.
    const options = {
      ...{
        protocol: 2 as const,
        lazyConnect: true,
        connectTimeout: CONNECT_MS,
        maxRetriesPerRequest: 0,
        db: 0,
      },
      retryStrategy: () => null,
      ...(password === undefined || /\/\/[^@]*:[^@]*@/.test(url) ? {} : { password }),
    };
    const redis = new Redis(url, options);
    let reason = '';
    redis.on('error', (error: Error) => {
      reason = error.message;
    });
    try {
      await redis.connect();
    } catch (error) {
      redis.disconnect();
      const told = reason || (error instanceof Error ? error.message : String(error));
      throw new MigrationError(`cannot connect to ${withoutPassword(url)}: ${told}`);
    }
    return new Target(redis);
  }

  private constructor(redis: Redis) {
    this.#redis = redis;
  }

  close(): void {
    this.#redis.disconnect();
  }

  /** Sends commands at once and returns their replies. @throws MigrationError: connection lost */
  async all(commands: readonly Command[]): Promise<Reply[]> {
    const pipeline = this.#redis.pipeline();
    for (const [name, ...args] of commands) pipeline.callBuffer(name, ...args);
    try {
      const results = (await pipeline.exec()) ?? [];
      const lost = results.find(([error]) => error !== null && error.name !== 'ReplyError');
      if (lost !== undefined) throw lost[0];
      return results.map(([error, value]) => error ?? value);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new MigrationError(`the connection to the server is lost: ${reason}`);
    }
  }

  /** Sends one command. @throws MigrationError when it is refused */
  async one(...command: Command): Promise<unknown> {
    const [reply] = await this.all([command]);
    if (reply instanceof Error) throw new MigrationError(`${command[0]}: ${reply.message}`);
    return reply;
  }
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/.*@/, '//');
}
