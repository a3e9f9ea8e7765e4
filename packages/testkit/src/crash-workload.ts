/**
 * The random commands of a kill test: on a bounded set of keys, each connection on its own ones and
 * on a few that all share. It knows nothing of replies; what may come of them is in
 * `crash-oracle.ts`.
 */
import type { CrashCommand } from './crash-oracle.ts';
import { CrashUnit, type UnitOp } from './crash-unit.ts';
import type { CommandArg } from './encode-command.ts';
import { Prng, type Weighted } from './random-commands/prng.ts';

const TEXTS_PER_CONNECTION = 24;
const COUNTERS_PER_CONNECTION = 8;
const GROUPS_PER_CONNECTION = 6;
const KEYS_PER_GROUP = 4;
const SHARED_COUNTERS = 16;
/** Most batches are small, a few fill a read of the server's several times. */
const MOST_COMMANDS_PER_BATCH: Weighted<number> = [
  [3, 8],
  [4, 48],
  [2, 240],
];
/** Longer values are replaced instead of appended to. */
const APPEND_UP_TO_BYTES = 4096;
/** Times to live are long and so far apart that the time left tells which EXPIRE set it. */
const FIRST_TTL_S = 1_000_000;
const TTL_STEP_S = 10_000;
const TTL_STEPS = 50_000;

type Action = UnitOp['kind'] | 'shared';

const TEXT_ACTIONS: Weighted<Action> = [
  [34, 'set'],
  [12, 'append'],
  [8, 'delete'],
  [6, 'expire'],
];
const COUNTER_ACTIONS: Weighted<Action> = [
  [14, 'incr'],
  [2, 'delete'],
  [2, 'expire'],
];
const GROUP_ACTIONS: Weighted<Action> = [
  [12, 'set'],
  [3, 'delete'],
];
const TARGETS: Weighted<CrashUnit['kind'] | 'read' | 'shared'> = [
  [60, 'text'],
  [18, 'counter'],
  [15, 'group'],
  [12, 'read'],
  [9, 'shared'],
];
/** Padding: mostly short, sometimes longer than what a server keeps in one piece. */
const PADDING_BYTES: Weighted<number> = [
  [80, 64],
  [17, 1000],
  [3, 20_000],
];

/** All keys of a run, and the next commands of each connection. */
export class CrashWorkload {
  readonly owned: readonly (readonly CrashUnit[])[];
  readonly shared: readonly string[];
  readonly #prngs: readonly Prng[];
  readonly #versions: number[];

  constructor(connections: number, seed: number) {
    const all = Array.from({ length: connections }, (_, connection) => connection);
    this.owned = all.map(unitsOf);
    this.shared = Array.from({ length: SHARED_COUNTERS }, (_, index) => `shared:${index}`);
    this.#prngs = all.map((connection) => new Prng(seed + 7919 * (connection + 1)));
    this.#versions = all.map(() => 0);
  }

  /**
   * The next commands of a connection, for one write. Each is handed to `issue` before the
   * next one is chosen, since what makes sense depends on what has been sent.
   * @param nowS the present time, in seconds since 1970
   */
  nextBatch(
    connection: number,
    nowS: number,
    issue: (command: CrashCommand) => void,
  ): (readonly CommandArg[])[] {
    const prng = this.#prngs[connection] as Prng;
    const count = prng.between(1, prng.weighted(MOST_COMMANDS_PER_BATCH));
    return Array.from({ length: count }, () => {
      const command = this.#choose(connection, prng, nowS);
      issue(command);
      return toArguments(command);
    });
  }

  #choose(connection: number, prng: Prng, nowS: number): CrashCommand {
    const target = prng.weighted(TARGETS);
    if (target === 'shared') return { shared: prng.pick(this.shared) };
    if (target === 'read') return { unit: prng.pick(this.owned.flat()), op: { kind: 'get' } };
    const units = this.owned[connection] as readonly CrashUnit[];
    const unit = prng.pick(units.filter(({ kind }) => kind === target));
    const version = (this.#versions[connection] as number) + 1;
    this.#versions[connection] = version;
    return { unit, op: chooseOp(unit, prng, version, nowS) };
  }
}

function unitsOf(connection: number): CrashUnit[] {
  const some = (count: number, make: (index: number) => CrashUnit) =>
    Array.from({ length: count }, (_, index) => make(index));
  const key = (name: string) => `own:${connection}:${name}`;
  return [
    ...some(TEXTS_PER_CONNECTION, (index) => new CrashUnit('text', [key(`text${index}`)])),
    ...some(COUNTERS_PER_CONNECTION, (index) => new CrashUnit('counter', [key(`count${index}`)])),
    ...some(GROUPS_PER_CONNECTION, (index) => {
      const keys = Array.from({ length: KEYS_PER_GROUP }, (_, part) =>
        key(`group${index}:${part}`),
      );
      return new CrashUnit('group', keys);
    }),
  ];
}

function chooseOp(unit: CrashUnit, prng: Prng, version: number, nowS: number): UnitOp {
  const actions = { text: TEXT_ACTIONS, counter: COUNTER_ACTIONS, group: GROUP_ACTIONS };
  const action = prng.weighted(actions[unit.kind]);
  switch (action) {
    case 'incr':
    case 'delete':
      return { kind: action };
    case 'expire': {
      const seconds = FIRST_TTL_S + (version % TTL_STEPS) * TTL_STEP_S;
      return { kind: 'expire', seconds, deadlineS: nowS + seconds };
    }
    case 'append': {
      const isLong = (unit.latest.value ?? '').length > APPEND_UP_TO_BYTES;
      if (!isLong) return { kind: 'append', text: `+${version}` };
      return { kind: 'set', value: newValue(prng, version) };
    }
    default:
      return { kind: 'set', value: newValue(prng, version) };
  }
}

/** A value that says which change wrote it. */
function newValue(prng: Prng, version: number): string {
  const padding = String.fromCharCode(97 + (version % 26));
  return `${padding.repeat(prng.below(prng.weighted(PADDING_BYTES)))}#${version}`;
}

function toArguments(command: CrashCommand): readonly CommandArg[] {
  if ('shared' in command) return ['INCR', command.shared];
  const { unit, op } = command;
  const [key] = unit.keys as [string];
  switch (op.kind) {
    case 'set':
      if (unit.kind === 'group') return ['MSET', ...unit.keys.flatMap((one) => [one, op.value])];
      return ['SET', key, op.value];
    case 'append':
      return ['APPEND', key, op.text];
    case 'incr':
      return ['INCR', key];
    case 'delete':
      return ['DEL', ...unit.keys];
    case 'expire':
      return ['EXPIRE', key, op.seconds];
    case 'get':
      return ['GET', key];
  }
}
