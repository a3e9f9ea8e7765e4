/**
 * Several connections to each of two servers, driven together: the same commands go to both, and
 * only when both have answered come the next ones. It compares nothing.
 */
import { encodeCommands } from './encode-command.ts';
import { EventTap, eventDifference } from './event-tap.ts';
import type { Endpoint } from './open-socket.ts';
import type { PlannedCommand } from './random-commands/command-generator.ts';
import type { RawReply, Reply } from './reply.ts';
import { ConnectionError, RespClient } from './resp-client.ts';

/** What both servers said to one command; undefined for a command that gets no reply. */
export interface ReplyPair {
  readonly command: PlannedCommand;
  readonly left: RawReply | undefined;
  readonly right: RawReply | undefined;
}

/** The outcome of a batch; `failure` says which side broke, after the pairs that did arrive. */
export interface BatchOutcome {
  readonly pairs: readonly ReplyPair[];
  readonly failure?: string | undefined;
  /** How the events of the batch differ. */
  readonly eventDifference?: string | undefined;
}

export interface LockstepOptions {
  readonly left: Endpoint;
  readonly right: Endpoint;
  readonly connections: number;
  readonly resp: 2 | 3;
  readonly timeoutMs: number;
  /** Keyspace notifications are compared, too: with one connection, or others' come between. */
  readonly events?: boolean;
}

interface SideOutcome {
  readonly replies: readonly RawReply[];
  readonly failure?: string;
}

const MAX_SCAN_CALLS = 100_000;
const NO_RAW = Buffer.alloc(0);

/** The connections to both servers; a batch goes to both, its replies come back in pairs. */
export class Lockstep {
  readonly #options: LockstepOptions;
  #left: RespClient[] = [];
  #right: RespClient[] = [];
  #taps: readonly EventTap[] = [];

  private constructor(options: LockstepOptions) {
    this.#options = options;
  }

  /** Connects to both servers and empties them. @throws Error when one cannot be reached. */
  static async open(options: LockstepOptions): Promise<Lockstep> {
    const lockstep = new Lockstep(options);
    try {
      await lockstep.reset();
      return lockstep;
    } catch (error) {
      lockstep.close();
      throw error;
    }
  }

  /** Fresh connections, both servers empty. */
  async reset(): Promise<void> {
    this.close();
    const { left, right } = this.#options;
    this.#left = await this.#connect(left);
    this.#right = await this.#connect(right);
    await this.#left[0]?.must('FLUSHALL');
    await this.#right[0]?.must('FLUSHALL');
    if (this.#options.events !== true) return;
    const { timeoutMs } = this.#options;
    this.#taps = [await EventTap.open(left, timeoutMs), await EventTap.open(right, timeoutMs)];
  }

  /**
   * Sends a batch, all of one connection, to both servers and waits for both. A command with a
   * procedure must be a batch of its own.
   */
  async run(batch: readonly PlannedCommand[]): Promise<BatchOutcome> {
    const connection = batch[0]?.connection ?? 0;
    const side = (clients: readonly RespClient[]) =>
      runOn(clients[connection] as RespClient, batch);
    const [left, right] = await Promise.all([side(this.#left), side(this.#right)]);
    const failures = [
      left.failure && `left server: ${left.failure}`,
      right.failure && `right server: ${right.failure}`,
    ].filter((text) => text !== undefined);
    if (failures.length === 0) {
      let at = 0;
      const pairs = batch.map((command) =>
        command.silent
          ? { command, left: undefined, right: undefined }
          : { command, left: left.replies[at], right: right.replies[at++] },
      );
      // Nobody knows whether what is not answered has been executed.
      const isOpen = batch.at(-1)?.silent === true;
      return isOpen ? { pairs } : { pairs, eventDifference: await this.#compareEvents() };
    }
    const pairs = batch
      .filter((command) => !command.silent)
      .map((command, at) => ({ command, left: left.replies[at], right: right.replies[at] }))
      .slice(0, Math.min(left.replies.length, right.replies.length) + 1);
    return { pairs, failure: failures.join('; ') };
  }

  async #compareEvents(): Promise<string | undefined> {
    const [left, right] = await Promise.all(this.#taps.map((tap) => tap.take()));
    return left && right && eventDifference(left, right);
  }

  close(): void {
    for (const tap of this.#taps) tap.close();
    this.#taps = [];
    for (const client of [...this.#left, ...this.#right]) client.destroy();
  }

  async #connect(endpoint: Endpoint): Promise<RespClient[]> {
    const { resp, timeoutMs } = this.#options;
    const clients: RespClient[] = [];
    for (let count = 0; count < this.#options.connections; count++) {
      clients.push(await RespClient.connect({ ...endpoint, resp, timeoutMs }));
    }
    return clients;
  }
}

async function runOn(client: RespClient, batch: readonly PlannedCommand[]): Promise<SideOutcome> {
  try {
    const [first] = batch;
    if (first?.procedure === 'scan-walk') return { replies: [await walk(client, first)] };
    if (first?.procedure === 'random-key') return { replies: [await randomKey(client, first)] };
    const bytes = encodeCommands(batch.map(({ args }) => args));
    return { replies: await client.exchange(bytes, batch.filter(({ silent }) => !silent).length) };
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    return { replies: error.received, failure: error.message };
  }
}

function synthetic(reply: Reply): RawReply {
  return { reply, raw: NO_RAW };
}

/**
 * SCAN, or SSCAN of a key, from cursor 0 until it is 0 again; answers the distinct keys or members
 * as one array, or the first reply that is not a page. They may be returned twice, as Redis
 * documents.
 */
async function walk(client: RespClient, command: PlannedCommand): Promise<RawReply> {
  const cursorAt = command.label === 'SCAN' ? 1 : 2;
  const before = command.args.slice(0, cursorAt) as [Buffer, ...Buffer[]];
  const options = command.args.slice(cursorAt + 1);
  const found = new Map<string, Reply>();
  let cursor: Uint8Array = Buffer.from('0');
  for (let calls = 0; calls < MAX_SCAN_CALLS; calls++) {
    const reply = await client.command(...before, cursor, ...options);
    if (reply.kind !== 'array') return synthetic(reply);
    const [next, page] = reply.items;
    if (next?.kind !== 'bulk' || page?.kind !== 'array') return synthetic(reply);
    for (const key of page.items) {
      if (key.kind !== 'bulk') return synthetic(reply);
      found.set(key.bytes.toString('latin1'), key);
    }
    cursor = next.bytes;
    if (next.bytes.toString() === '0')
      return synthetic({ kind: 'array', items: [...found.values()] });
  }
  return synthetic({ kind: 'error', text: `TESTKIT no end after ${MAX_SCAN_CALLS} SCAN calls` });
}

/** RANDOMKEY; a key it names is replaced by the answer to EXISTS, which must be the same. */
async function randomKey(client: RespClient, command: PlannedCommand): Promise<RawReply> {
  const reply = await client.command(...command.args);
  if (reply.kind !== 'bulk') return synthetic(reply);
  const exists = await client.command('EXISTS', reply.bytes);
  return synthetic({ kind: 'array', items: [{ kind: 'simple', text: 'a key' }, exists] });
}
