/**
 * What a kill test knows about the keys that one connection alone changes: the last acknowledged
 * state, and the states that commands in flight would lead to. It compares, it does not talk to
 * servers; who does what to which unit is decided in `crash-workload.ts`.
 */

/** What a unit's keys hold. A unit's keys always hold the same value, or none of them exists. */
export interface UnitState {
  readonly value: string | null;
  /** When it expires, in seconds since 1970; null is never. */
  readonly deadlineS: number | null;
}

/** A change, or a look at the unit's first key, which changes nothing. */
export type UnitOp =
  | { readonly kind: 'set'; readonly value: string }
  | { readonly kind: 'append'; readonly text: string }
  | { readonly kind: 'incr' | 'delete' | 'get' }
  | { readonly kind: 'expire'; readonly seconds: number; readonly deadlineS: number };

/** One key as it was found after a start. */
export interface FoundKey {
  readonly value: string | null;
  /** As TTL says: seconds, -1 never, -2 no key. */
  readonly ttl: number;
  /** Set when the server could not say; the key then holds nothing that was expected. */
  readonly error?: string;
}

interface Pending {
  /** Its number among the commands of the connection. */
  readonly position: number;
  readonly state: UnitState;
}

/** How far TTL may be off: the time between sending EXPIRE and its execution, and rounding. */
const DEADLINE_TOLERANCE_S = 120;
const NOTHING: UnitState = { value: null, deadlineS: null };

/** The state after a change. */
export function applyOp(state: UnitState, op: UnitOp): UnitState {
  switch (op.kind) {
    case 'set':
      return { value: op.value, deadlineS: null };
    case 'append':
      return { value: (state.value ?? '') + op.text, deadlineS: state.deadlineS };
    case 'incr':
      return { value: String(Number(state.value ?? '0') + 1), deadlineS: state.deadlineS };
    case 'delete':
      return NOTHING;
    case 'expire':
      return state.value === null ? state : { ...state, deadlineS: op.deadlineS };
    case 'get':
      return state;
  }
}

/** One or more keys that are changed together, by one connection. */
export class CrashUnit {
  readonly keys: readonly string[];
  readonly kind: 'text' | 'counter' | 'group';
  #acknowledged: UnitState = NOTHING;
  #pending: Pending[] = [];
  /** Somebody was shown the state after this command, so it must be there after a crash. */
  #shownPosition = -1;
  /** The highest number any of its values ended with. */
  #highestNumber = 0;

  constructor(kind: 'text' | 'counter' | 'group', keys: readonly string[]) {
    this.kind = kind;
    this.keys = keys;
  }

  /** The state when everything sent so far is done. */
  get latest(): UnitState {
    return this.#pending.at(-1)?.state ?? this.#acknowledged;
  }

  /** The numbers of the commands in flight. */
  get positions(): readonly number[] {
    return this.#pending.map(({ position }) => position);
  }

  /** A change is about to be sent. */
  issue(position: number, op: UnitOp): void {
    const state = applyOp(this.latest, op);
    this.#pending.push({ position, state });
    this.#highestNumber = Math.max(this.#highestNumber, lastNumber(state.value));
  }

  /** The oldest change in flight was answered. */
  acknowledge(): void {
    const done = this.#pending.shift();
    if (done === undefined) throw new Error(`${this.keys[0]}: nothing was in flight`);
    this.#acknowledged = done.state;
  }

  /**
   * Somebody read this value. It says which change wrote it, so that change must be there after a
   * crash, answered or not. Counters do not count: their values come again.
   */
  shown(value: string): void {
    if (this.kind === 'counter') return;
    const found = this.#pending.find(({ state }) => state.value === value);
    if (found === undefined || this.#acknowledged.value === value) return;
    this.#shownPosition = Math.max(this.#shownPosition, found.position);
  }

  /**
   * How many of the changes in flight may have happened, given what was found: every number that
   * explains it. None: acknowledged or shown writes are lost, or others were invented.
   */
  explanations(found: readonly FoundKey[], nowS: number): number[] {
    const states = [this.#acknowledged, ...this.#pending.map(({ state }) => state)];
    const must = this.#pending.filter(({ position }) => position <= this.#shownPosition).length;
    return [...states.keys()].filter(
      (count) =>
        count >= must && found.every((key) => isFound(states[count] as UnitState, key, nowS)),
    );
  }

  /** True when the value is newer than all that was ever sent. */
  isInvented(value: string): boolean {
    return !(lastNumber(value) <= this.#highestNumber);
  }

  /** After a crash: so many of the changes in flight have happened, the others never will. */
  settle(count: number): void {
    this.#acknowledged = this.#pending[count - 1]?.state ?? this.#acknowledged;
    this.#pending = [];
    this.#shownPosition = -1;
  }

  /** What may be there, for a person. */
  describe(): string {
    const text = ({ value, deadlineS }: UnitState) =>
      `${shorten(value)}${deadlineS === null ? '' : ` until ${deadlineS}`}`;
    const states = this.#pending.map(({ position, state }) => {
      return `#${position} ${text(state)}${position === this.#shownPosition ? ' (shown)' : ''}`;
    });
    return `acknowledged ${text(this.#acknowledged)}; in flight [${states.join(', ')}]`;
  }
}

function isFound({ value, deadlineS }: UnitState, found: FoundKey, nowS: number): boolean {
  if (found.error !== undefined || found.value !== value) return false;
  if (value === null) return found.ttl === -2;
  if (deadlineS === null) return found.ttl === -1;
  return found.ttl >= 0 && Math.abs(nowS + found.ttl - deadlineS) <= DEADLINE_TOLERANCE_S;
}

/** The number a value ends with; NaN when there is none. */
function lastNumber(value: string | null): number {
  return value === null ? 0 : Number.parseInt(/\d+$/.exec(value)?.[0] ?? '', 10);
}

/** A value for a message: its length and its end, which says which change wrote it. */
export function shorten(value: string | null): string {
  if (value === null) return 'nothing';
  return value.length <= 24 ? `"${value}"` : `"...${value.slice(-20)}" (${value.length} bytes)`;
}
