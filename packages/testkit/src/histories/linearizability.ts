/**
 * Decides whether a history is linearizable: whether there is an order of its operations, one after
 * the other, that respects who was answered before whom was called, and in which every reply is
 * what the model would have said. Operations without an answer may be left out.
 *
 * Herlihy and Wing (1990) define it. The search is that of Wing and Gong (1993), with Lowe's memory
 * of what was tried (2017): two orders of the same operations that end in the same state have the
 * same future. It is local, so operations that share no key are judged apart. Beyond it, operations
 * of one connection must be in its order, also where a pipeline makes them overlap: if the later of
 * two has happened, so has the earlier, answered or not.
 */
import {
  describeState,
  EMPTY_STATE,
  isReadOnly,
  keysOf,
  type ModelState,
  stepModel,
} from './keyspace-model.ts';
import { describeOperation, type Operation } from './operation.ts';

export interface CheckLimits {
  /** Operations tried per group of keys before it gives up. Default a million. */
  readonly maxSteps?: number;
}

export interface HistoryVerdict {
  /** `gave-up`: no violation was found, but not everything was tried either. */
  readonly kind: 'linearizable' | 'violation' | 'gave-up';
  readonly operations: number;
  /** Groups of keys that were judged apart. */
  readonly groups: number;
  /** Operations tried. */
  readonly steps: number;
  /** For a person: where the longest order that was found cannot go on. */
  readonly explanation: readonly string[];
}

const DEFAULT_MAX_STEPS = 1_000_000;
const MOST_EXPLAINED = 20;
const BITS_PER_CHARACTER = 16;

/** Judges a history that began with no keys. */
export function checkHistory(
  history: readonly Operation[],
  { maxSteps = DEFAULT_MAX_STEPS }: CheckLimits = {},
): HistoryVerdict {
  const groups = groupByKeys(history);
  let steps = 0;
  let gaveUp: Search | undefined;
  for (const group of groups) {
    const search = new Search(group, maxSteps);
    const kind = search.run();
    steps += search.steps;
    if (kind === 'violation') {
      const explanation = search.explain();
      return { kind, operations: history.length, groups: groups.length, steps, explanation };
    }
    if (kind === 'gave-up') gaveUp ??= search;
  }
  const kind = gaveUp === undefined ? 'linearizable' : 'gave-up';
  const explanation = gaveUp?.explain() ?? [];
  return { kind, operations: history.length, groups: groups.length, steps, explanation };
}

/** The verdict for a person. */
export function formatVerdict(verdict: HistoryVerdict): string {
  const { kind, operations, groups, steps, explanation } = verdict;
  const summary = `${kind}: ${operations} operations, ${groups} groups, ${steps} steps`;
  return [summary, ...explanation].join('\n');
}

/** Groups of operations that are connected by keys, each in the order of calls. */
export function groupByKeys(history: readonly Operation[]): Operation[][] {
  const parents = new Map<string, string>();
  const rootOf = (key: string): string => {
    let root = key;
    for (let next = parents.get(root); next !== undefined; next = parents.get(root)) root = next;
    if (root !== key) parents.set(key, root);
    return root;
  };
  const keysIn = ({ commands, seen }: Operation): string[] =>
    [...commands, ...seen.map(({ command }) => command)].flatMap((command) => keysOf(command));
  for (const operation of history) {
    const [one, ...others] = keysIn(operation);
    for (const other of others) {
      const [a, b] = [rootOf(one!), rootOf(other)];
      if (a !== b) parents.set(a, b);
    }
  }
  const groups = new Map<string, Operation[]>();
  for (const operation of history) {
    const root = rootOf(keysIn(operation)[0]!);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [operation]);
    else group.push(operation);
  }
  return [...groups.values()].map((group) => group.sort((a, b) => a.calledAt - b.calledAt));
}

/** One place in the search: what was put in order so far, and what may come next. */
interface Frame {
  readonly state: ModelState;
  /** The operation that led here; -1 at the start. */
  readonly chosen: number;
  /** All before this one are done or cannot happen any more. */
  readonly first: number;
  readonly last: number;
  /** The latest call that is done: what could happen only before it cannot any more. */
  readonly frontier: number;
  readonly candidates: readonly number[];
  next: number;
}

class Search {
  steps = 0;
  readonly #operations: readonly Operation[];
  readonly #maxSteps: number;
  readonly #done: Uint8Array;
  readonly #isRead: readonly boolean[];
  /** The connection's operation before each; -1 = none. */
  readonly #before: readonly number[];
  readonly #tried = new Set<string>();
  readonly #frames: Frame[] = [];
  #answersLeft: number;
  #doneCount = 0;
  #deepest = { doneCount: -1, state: EMPTY_STATE, candidates: [] as readonly number[] };

  /** @param operations in the order of calls */
  constructor(operations: readonly Operation[], maxSteps: number) {
    this.#operations = operations;
    this.#maxSteps = maxSteps;
    this.#done = new Uint8Array(operations.length);
    this.#isRead = operations.map(isReadOnly);
    this.#answersLeft = operations.filter(({ reply }) => reply !== undefined).length;
    const last = new Map<number, number>();
    this.#before = operations.map(({ client }, i) => {
      const before = last.get(client) ?? -1;
      last.set(client, i);
      return before;
    });
  }

  run(): HistoryVerdict['kind'] {
    this.#enter(EMPTY_STATE, -1, 0, -1, -1);
    while (this.#answersLeft > 0) {
      const frame = this.#frames.at(-1);
      if (frame === undefined) return 'violation';
      const chosen = frame.candidates[frame.next++];
      if (chosen === undefined) {
        this.#frames.pop();
        if (frame.chosen >= 0) this.#mark(frame.chosen, false);
        continue;
      }
      if (++this.steps > this.#maxSteps) return 'gave-up';
      this.#try(frame, chosen);
    }
    return 'linearizable';
  }

  explain(): string[] {
    const { doneCount, state, candidates } = this.#deepest;
    return [
      `${doneCount} of ${this.#operations.length} fit, up to the state ${describeState(state)}`,
      'and then none of these:',
      ...candidates.slice(0, MOST_EXPLAINED).map((i) => describeOperation(this.#operations[i]!)),
    ];
  }

  #try(frame: Frame, chosen: number): void {
    const operation = this.#operations[chosen]!;
    const state = stepModel(frame.state, operation);
    if (state === undefined) return;
    const frontier = Math.max(frame.frontier, operation.calledAt);
    // What changes nothing and fits may as well come now: any order in which it comes later is as
    // good with it here. Unless that rules out what might have happened before it.
    if (this.#isRead[chosen] && !this.#rulesOut(frame, frontier)) {
      frame.next = frame.candidates.length;
    }
    this.#mark(chosen, true);
    const last = Math.max(frame.last, chosen);
    let { first } = frame;
    while (first < this.#operations.length && this.#isOver(first, frontier)) first++;
    const key = this.#keyOf(first, last, state);
    if (this.#tried.has(key)) {
      this.#mark(chosen, false);
      return;
    }
    this.#tried.add(key);
    this.#enter(state, chosen, first, last, frontier);
  }

  #enter(state: ModelState, chosen: number, first: number, last: number, frontier: number): void {
    const candidates = this.#candidates(first, frontier);
    this.#frames.push({ state, chosen, first, last, frontier, candidates, next: 0 });
    if (this.#doneCount > this.#deepest.doneCount) {
      this.#deepest = { doneCount: this.#doneCount, state, candidates };
    }
  }

  #mark(i: number, isDone: boolean): void {
    this.#done[i] = isDone ? 1 : 0;
    this.#doneCount += isDone ? 1 : -1;
    if (this.#operations[i]!.reply !== undefined) this.#answersLeft += isDone ? -1 : 1;
  }

  /** True when it is done, or has no answer and cannot happen any more. */
  #isOver(i: number, frontier: number): boolean {
    if (this.#done[i] === 1) return true;
    const { reply, returnedAt } = this.#operations[i]!;
    return reply === undefined && returnedAt < frontier;
  }

  /** True when something without an answer could happen at this frame, but not at `frontier`. */
  #rulesOut(frame: Frame, frontier: number): boolean {
    return frame.candidates.some((i) => {
      const { reply, returnedAt } = this.#operations[i]!;
      return reply === undefined && returnedAt < frontier;
    });
  }

  /** What may come next: everything called before the first answer among what is left. */
  #candidates(first: number, frontier: number): number[] {
    const found: number[] = [];
    let firstAnswerAt = Infinity;
    for (let i = first; i < this.#operations.length; i++) {
      const { calledAt, returnedAt, reply } = this.#operations[i]!;
      if (calledAt > firstAnswerAt) break;
      if (this.#isOver(i, frontier)) continue;
      if (reply !== undefined) firstAnswerAt = Math.min(firstAnswerAt, returnedAt);
      const before = this.#before[i]!;
      if (before < 0 || this.#done[before] === 1) found.push(i);
    }
    return found.sort((a, b) => this.#dueAt(a) - this.#dueAt(b));
  }

  /** Answered first is tried first; without an answer last. */
  #dueAt(i: number): number {
    const { reply, returnedAt } = this.#operations[i]!;
    return reply === undefined ? Number.MAX_VALUE : returnedAt;
  }

  #keyOf(first: number, last: number, state: ModelState): string {
    let bits = '';
    for (let at = first; at <= last; at += BITS_PER_CHARACTER) {
      let word = 0;
      for (let i = at; i < at + BITS_PER_CHARACTER; i++) word = (word << 1) | (this.#done[i] ?? 0);
      bits += String.fromCharCode(word);
    }
    return `${first} ${bits} ${describeState(state)}`;
  }
}
