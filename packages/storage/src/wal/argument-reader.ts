// Puts the staged arguments of an effect, see wal-staging.ts, back into its payload. Reads them
// from the log when the effect is applied, not before: nobody else needs them in memory.

import type { WalEffect } from './effect-cursor.ts';
import { LifeReader } from './life-reader.ts';
import { readReference, type StagedArgument } from './staged-parts.ts';
import type { WalDirectory, WalLife } from './wal-directory.ts';
import { WalDamageError } from './wal-errors.ts';
import { MAX_EFFECT_BYTES } from './wal-layout.ts';

interface Insertion {
  /** Where in the payload. */
  readonly at: number;
  readonly argument: StagedArgument;
}

export class ArgumentReader {
  readonly #directory: WalDirectory;
  readonly #life: WalLife;
  #reader: LifeReader | undefined;
  #insertions: Insertion[] = [];
  /** An argument of the next effect is not there. */
  isLost = false;

  constructor(directory: WalDirectory, life: WalLife) {
    this.#directory = directory;
    this.#life = life;
  }

  /** Arguments of the next effect, those included that are not there. */
  get count(): number {
    return this.#insertions.length + (this.isLost ? 1 : 0);
  }

  /** The next effect has an argument, as a record at an index of `view` says; null: it is lost. */
  refer(view: DataView, at: number, argument: StagedArgument | null): void {
    if (argument === null) this.isLost = true;
    else this.#insertions.push({ at: readReference(view, at).at, argument });
  }

  /** Puts the arguments into the effect they belong to. Forgets them. */
  insert(effect: WalEffect): void {
    const insertions = this.#insertions;
    this.#insertions = [];
    const isLost = this.isLost;
    this.isLost = false;
    if (isLost) return;
    let total = effect.length;
    for (const { argument } of insertions) total += argument.bytes;
    if (total > MAX_EFFECT_BYTES) this.#damaged('an effect larger than any command');
    const whole = new Uint8Array(total);
    let from = 0;
    let to = 0;
    for (const { at, argument } of insertions) {
      if (at < from || at > effect.length) this.#damaged('an argument that has no place');
      to = copy(effect, from, at, whole, to);
      from = at;
      to = this.#read(argument, whole, to);
    }
    copy(effect, from, effect.length, whole, to);
    effect.bytes = whole;
    effect.offset = 0;
    effect.length = total;
  }

  #read({ parts }: StagedArgument, whole: Uint8Array, to: number): number {
    this.#reader ??= new LifeReader(this.#directory, this.#life);
    const reader = this.#reader;
    for (const { frame, offset, length } of parts) {
      if (reader.frameStart !== frame || reader.frameBytes === 0) {
        if (reader.position !== frame) reader.seek(frame);
        if (!reader.next()) this.#damaged('a frame that was whole is not any more');
      }
      const from = reader.frameIndex + offset;
      whole.set(reader.bytes.subarray(from, from + length), to);
      to += length;
    }
    return to;
  }

  #damaged(what: string): never {
    throw new WalDamageError(this.#life.segments[0]!.path, 0, 0, what);
  }

  close(): void {
    this.#reader?.close();
  }
}

/** Copies a part of an effect's payload; returns where it ends in `whole`. */
function copy(effect: WalEffect, from: number, end: number, whole: Uint8Array, to: number): number {
  const { bytes, offset } = effect;
  whole.set(bytes.subarray(offset + from, offset + end), to);
  return to + end - from;
}
