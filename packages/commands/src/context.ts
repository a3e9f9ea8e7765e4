// What a command function sees: its arguments, the keyspace, the clock, and the reply. The
// same class on fronts and workers; what differs is which values are within reach.
//
// The one rule: a command first opens every key it will touch, then acts. `open` and
// `openValue` answer NOT_HERE when this thread cannot serve the key (its shard is gated, the
// key may be cold, its value is large and elsewhere), and the function returns that outcome
// having changed nothing; the dispatcher sends the untouched request to the key's worker.
// Every shard a command touches is locked by the dispatcher before the function is called.

import { invariant, Random } from '@forgekv/base';
import type { Config } from '@forgekv/config';
import type { ReplyWriter } from '@forgekv/protocol';
import { CollectionAccess } from './collection-access.ts';
import { ERR_KEY_TOO_LONG, WRONG_TYPE } from './errors.ts';
import { serializedValue } from './generic/dump-forms.ts';
import type { KeyModules } from './key-access.ts';
import { type KeyPages, NO_KEY_PAGES } from './key-pages.ts';
import type { LargeValue } from './large-values.ts';
import {
  AWAITS,
  DONE,
  FULL,
  KEY_TOO_LONG,
  NOT_HERE,
  OTHER_TYPE,
  type Outcome,
  SLICED,
  UNREADABLE,
} from './outcome.ts';
import { PackingLimits } from './packing-limits.ts';
import { ELEMENT_BYTES, type SlicedWork } from './sliced-work.ts';
import type { WatchedKey } from './transaction/watched-keys.ts';

/** In place of an argument index: see `countRead`. */
export const NOTED = -1;

export interface ContextModules extends KeyModules {
  readonly reply: ReplyWriter;
  readonly config: Config;
}

/** One per thread, reused for every command. */
export class CommandContext extends CollectionAccess {
  readonly config: Config;
  reply: ReplyWriter;
  /** When collections are packed. */
  readonly limits = new PackingLimits();
  /** Work of more elements is put off; on workers, while they serve clients. */
  sliceElements = Infinity;
  /** What was put off by the command that has answered SLICED. */
  sliced: SlicedWork | null = null;
  /** What was prepared for the command that is executed again. */
  prepared: SlicedWork | null = null;
  /** What WATCH noted since it was taken. */
  watched: readonly WatchedKey[] | null = null;
  /** For walks over whole databases. */
  pages: KeyPages = NO_KEY_PAGES;
  /** For RANDOMKEY and the like, not for secrets. */
  random: Random;

  constructor(modules: ContextModules) {
    const random = new Random(Math.floor(Math.random() * 2 ** 32));
    super(modules, { hasher: modules.table.hasher, random });
    this.random = random;
    this.config = modules.config;
    this.reply = modules.reply;
    this.configure();
  }

  /** Takes over what CONFIG SET may have changed. */
  configure(): void {
    const { config } = this;
    this.hotValueMaxBytes = config.integer('hot-value-max-bytes');
    this.maxStringBytes = config.bytes('proto-max-bulk-len');
    this.limits.configure(config);
    // What is replayed was told of when it was done.
    const classes = this.events.configure(config.text('notify-keyspace-events'));
    this.eventClasses = this.log === null ? 0 : classes;
  }

  override get mostCopiedBytes(): number {
    return this.sliceElements * ELEMENT_BYTES;
  }

  protected override isBeingRead(value: LargeValue): boolean {
    return this.sliced?.collections.includes(value) === true;
  }

  protected override serialized(entry: number): Buffer {
    return serializedValue(this, entry);
  }

  /**
   * Does work of about so many elements, all of it or, when that is too much for one go, later.
   * @param counted reads that were counted; they are counted again after AWAITS
   * @returns DONE, SLICED or AWAITS: nothing was done, the command runs again
   */
  perform(work: SlicedWork, elements: number, counted = 0): Outcome {
    if (elements <= this.sliceElements) {
      while (!work.step(this) && !this.reply.overflowed);
      return DONE;
    }
    for (const collection of work.collections) {
      if (!this.large.queueFor(collection)) continue;
      this.stats.hits -= counted;
      return AWAITS;
    }
    work.detach();
    this.sliced = work;
    return SLICED;
  }

  /** Takes what WATCH noted. */
  takeWatched(): readonly WatchedKey[] {
    const { watched } = this;
    this.watched = null;
    return watched ?? [];
  }

  /** Takes what was put off. */
  takeSliced(): SlicedWork {
    const { sliced } = this;
    invariant(sliced !== null, 'a command that goes on later says how');
    this.sliced = null;
    return sliced;
  }

  /**
   * Counts a read of the key at an argument index for the keyspace hits and misses; once per key,
   * when nothing can refuse it.
   * @param index NOTED: that it is missing was noted before
   */
  countRead(entry: number, index: number = 1): void {
    if (entry === 0) {
      this.stats.misses++;
      if (index !== NOTED) this.noteMiss(index);
    } else {
      this.stats.hits++;
    }
  }

  /** Ends the notes of a command: publishes them, but for those it will make again. */
  endNotes(outcome: Outcome): void {
    const isDone = outcome === DONE || (outcome === SLICED && !this.sliced!.isPreparation);
    if (!isDone) this.forgetNotes();
    this.publishNotes();
  }

  /**
   * Ends a command whose `open` or `reserve` answered something below 0; nothing was written
   * before.
   */
  refuse(answer: number): Outcome {
    if (answer === KEY_TOO_LONG) return this.fail(ERR_KEY_TOO_LONG);
    if (answer === OTHER_TYPE) return this.wrongType();
    if (answer === UNREADABLE) return this.fail(this.unreadable);
    if (answer === AWAITS) return AWAITS;
    return answer === FULL ? FULL : NOT_HERE;
  }

  /** Writes an error reply and ends the command. */
  fail(text: string): Outcome {
    this.reply.error(text);
    return DONE;
  }

  wrongType(): Outcome {
    return this.fail(WRONG_TYPE);
  }
}
