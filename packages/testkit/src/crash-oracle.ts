/**
 * The outside log of a kill -9 test: what was sent, what was answered, and, after the server has
 * started again, whether what it holds can be explained. It sees replies and found keys only.
 *
 *   own keys       changed by one connection: the last acknowledged state, plus the effect of any
 *                  number of its commands in flight, in order; never less than somebody was shown.
 *   groups         the same, with several keys that change in one command: all or nothing.
 *   shared keys    INCR by all connections: from acknowledged to acknowledged + in flight, and not
 *                  below the highest reply.
 */
import { type CrashUnit, type FoundKey, shorten, type UnitOp } from './crash-unit.ts';
import { describeReply, type Reply } from './reply.ts';

/** A command of the workload: to a unit, or INCR of a shared key. */
export type CrashCommand =
  | { readonly unit: CrashUnit; readonly op: UnitOp }
  | { readonly shared: string };

export type ViolationKind =
  /** An acknowledged write is not there, or one that somebody was shown. */
  | 'lost'
  /** One of the keys that change together did not. */
  | 'torn'
  /** There is something that nobody wrote. */
  | 'invented'
  /** A reply that cannot be, or none. */
  | 'reply'
  /** The server did not start again. */
  | 'start'
  /** A command happened though an earlier one of its connection did not (strict order only). */
  | 'order';

export interface CrashViolation {
  readonly kind: ViolationKind;
  readonly what: string;
}

/** What was found out about the commands in flight at a crash. */
export interface CrashResolution {
  readonly inFlight: number;
  /** So many of them have happened, at least. */
  readonly applied: number;
  /** Connections whose commands in flight happened out of order. */
  readonly reordered: number;
}

export interface CrashOracleOptions {
  /** The units that each connection changes. */
  readonly owned: readonly (readonly CrashUnit[])[];
  readonly shared: readonly string[];
  /** What was in flight on one connection must be a prefix of what was sent, over all keys. */
  readonly strictOrder?: boolean;
}

interface InFlight {
  readonly command: CrashCommand;
  /** The reply as `describeReply` says it; undefined when it depends on others. */
  readonly reply: string | undefined;
}

interface SharedCounter {
  acknowledged: number;
  inFlight: number;
  highest: number;
}

const MOST_VIOLATIONS = 20;

/** One server's past, as its clients know it. */
export class CrashOracle {
  readonly violations: CrashViolation[] = [];
  /** Commands that were answered, reads not counted. */
  acknowledgedWrites = 0;
  readonly #owned: readonly (readonly CrashUnit[])[];
  readonly #shared: ReadonlyMap<string, SharedCounter>;
  readonly #isStrict: boolean;
  readonly #inFlight: InFlight[][];
  readonly #sent: number[];

  constructor({ owned, shared, strictOrder = false }: CrashOracleOptions) {
    this.#owned = owned;
    this.#shared = new Map(
      shared.map((key) => [key, { acknowledged: 0, inFlight: 0, highest: 0 }]),
    );
    this.#isStrict = strictOrder;
    this.#inFlight = owned.map(() => []);
    this.#sent = owned.map(() => 0);
  }

  /** Every key there can be. */
  get keys(): string[] {
    return [...this.#owned.flat().flatMap(({ keys }) => keys), ...this.#shared.keys()];
  }

  /** A command is about to be sent. Only the owner of a unit may change it. */
  issue(connection: number, command: CrashCommand): void {
    const position = (this.#sent[connection] as number) + 1;
    this.#sent[connection] = position;
    if ('shared' in command) {
      this.#counter(command.shared).inFlight++;
      this.#queue(connection).push({ command, reply: undefined });
      return;
    }
    const { unit, op } = command;
    this.#queue(connection).push({ command, reply: expectedReply(unit, op) });
    if (op.kind !== 'get') unit.issue(position, op);
  }

  /** The oldest command in flight on this connection was answered. */
  acknowledge(connection: number, reply: Reply): void {
    const next = this.#queue(connection).shift();
    if (next === undefined) throw new Error(`connection ${connection}: nothing was in flight`);
    const { command } = next;
    if ('shared' in command) {
      this.#acknowledgeShared(command.shared, reply);
      return;
    }
    const { unit, op } = command;
    if (op.kind === 'get') {
      if (reply.kind === 'bulk') unit.shown(reply.bytes.toString('latin1'));
      else if (reply.kind !== 'null') this.#badReply(unit.keys[0] as string, op.kind, reply);
      return;
    }
    unit.acknowledge();
    this.acknowledgedWrites++;
    const got = describeReply(reply);
    if (got !== next.reply) this.#badReply(unit.keys[0] as string, op.kind, reply, next.reply);
  }

  /**
   * Compares what was found after a start, key by key, with what must and may be there, and goes on
   * from what was found.
   * @param found of every key of `keys`, what the server says
   * @param keyCount how many keys the server has, as DBSIZE says
   * @param nowS the time of looking, in seconds since 1970
   */
  resolve(found: ReadonlyMap<string, FoundKey>, keyCount: number, nowS: number): CrashResolution {
    const inFlight = this.#inFlight.reduce((sum, queue) => sum + writesIn(queue), 0);
    let applied = 0;
    let reordered = 0;
    for (const [connection, units] of this.#owned.entries()) {
      const explained = units.map((unit) => this.#explain(unit, found, nowS));
      if (!isPrefix(units, explained)) {
        reordered++;
        if (this.#isStrict) this.report('order', `connection ${connection}: not a prefix`);
      }
      for (const [index, unit] of units.entries()) {
        const [count = 0] = explained[index] as number[];
        applied += count;
        unit.settle(count);
      }
      this.#inFlight[connection] = [];
    }
    for (const [key, counter] of this.#shared) applied += this.#settleShared(key, counter, found);
    const existing = [...found.values()].filter(({ value }) => value !== null).length;
    if (existing !== keyCount) {
      this.report('invented', `DBSIZE is ${keyCount}, of our keys ${existing} are there`);
    }
    return { inFlight, applied, reordered };
  }

  /** Notes what must not be; the first ones are kept. */
  report(kind: ViolationKind, what: string): void {
    if (this.violations.length < MOST_VIOLATIONS) this.violations.push({ kind, what });
  }

  #explain(unit: CrashUnit, found: ReadonlyMap<string, FoundKey>, nowS: number): number[] {
    const keys = unit.keys.map((key) => foundKey(found, key));
    const counts = unit.explanations(keys, nowS);
    if (counts.length > 0) return counts;
    const [first] = keys as [FoundKey];
    const isTorn = keys.some(({ value, error }) => value !== first.value || error !== first.error);
    const texts = keys.map(({ value, ttl, error }) => `${error ?? shorten(value)} ttl ${ttl}`);
    const what = `${unit.keys.join(', ')}: found ${texts.join(', ')}; ${unit.describe()}`;
    const isInvented = first.value !== null && unit.isInvented(first.value);
    this.report(isTorn ? 'torn' : isInvented ? 'invented' : 'lost', what);
    return [];
  }

  #settleShared(key: string, counter: SharedCounter, found: ReadonlyMap<string, FoundKey>): number {
    const { acknowledged, inFlight, highest } = counter;
    const { value, error } = foundKey(found, key);
    const count = Number(value ?? '0');
    const most = acknowledged + inFlight;
    const least = Math.max(acknowledged, highest);
    const what = `${key}: found ${error ?? shorten(value)}, must be ${least} to ${most}`;
    if (error !== undefined || !(count >= least)) this.report('lost', what);
    else if (count > most) this.report('invented', what);
    counter.acknowledged = count;
    counter.highest = count;
    counter.inFlight = 0;
    return Math.max(0, count - acknowledged);
  }

  #acknowledgeShared(key: string, reply: Reply): void {
    const counter = this.#counter(key);
    counter.acknowledged++;
    counter.inFlight--;
    this.acknowledgedWrites++;
    const count = reply.kind === 'integer' ? Number(reply.value) : 0;
    const isPossible = count > 0 && count <= counter.acknowledged + counter.inFlight;
    if (!isPossible) this.#badReply(key, 'incr', reply);
    else counter.highest = Math.max(counter.highest, count);
  }

  #badReply(key: string, kind: string, reply: Reply, expected = 'something else'): void {
    this.report('reply', `${kind} ${key}: ${describeReply(reply)} instead of ${expected}`);
  }

  #counter(key: string): SharedCounter {
    const counter = this.#shared.get(key);
    if (counter === undefined) throw new Error(`${key} is not a shared key`);
    return counter;
  }

  #queue(connection: number): InFlight[] {
    const queue = this.#inFlight[connection];
    if (queue === undefined) throw new Error(`there is no connection ${connection}`);
    return queue;
  }
}

function writesIn(queue: readonly InFlight[]): number {
  return queue.filter(({ command }) => 'shared' in command || command.op.kind !== 'get').length;
}

function foundKey(found: ReadonlyMap<string, FoundKey>, key: string): FoundKey {
  const one = found.get(key);
  if (one === undefined) throw new Error(`nobody looked at ${key}`);
  return one;
}

/** What the owner of a unit must be answered: nobody else changes it. */
function expectedReply({ keys, latest }: CrashUnit, op: UnitOp): string {
  const exists = latest.value !== null;
  switch (op.kind) {
    case 'set':
      return '+"OK"';
    case 'append':
      return `(integer) ${(latest.value ?? '').length + op.text.length}`;
    case 'incr':
      return `(integer) ${Number(latest.value ?? '0') + 1}`;
    case 'delete':
      return `(integer) ${exists ? keys.length : 0}`;
    case 'expire':
      return `(integer) ${exists ? 1 : 0}`;
    case 'get':
      return '';
  }
}

/**
 * Whether one moment explains all units of a connection: every command sent before it has happened,
 * and none after it. Units that nothing explains are violations already and do not count.
 */
function isPrefix(units: readonly CrashUnit[], explained: readonly (readonly number[])[]): boolean {
  const open = units
    .map(({ positions }, index) => ({ positions, counts: explained[index] as number[] }))
    .filter(({ positions, counts }) => positions.length > 0 && counts.length > 0);
  const moments = [0, ...open.flatMap(({ positions }) => positions)];
  return moments.some((moment) =>
    open.every(({ positions, counts }) =>
      counts.includes(positions.filter((position) => position <= moment).length),
    ),
  );
}
