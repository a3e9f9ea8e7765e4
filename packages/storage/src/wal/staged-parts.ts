// What a reader knows of staged arguments, see wal-staging.ts, as it goes through a life: how far
// each has come, in which segment it began, and where its parts are. Keeps no bytes of them.

import {
  NOTE_HEAD_BYTES,
  RECORD_HEADER_BYTES,
  REFERENCE_AT,
  REFERENCE_LENGTH,
  STAGED_NUMBER,
  STAGED_OFFSET,
} from './wal-layout.ts';

/** A part of an argument. */
export interface PartPlace {
  /** Position of the frame it is in. */
  readonly frame: number;
  /** Offset of its bytes in the frame, and how many there are. */
  readonly offset: number;
  readonly length: number;
}

export interface StagedArgument {
  /** Index of the segment it began in. */
  readonly segment: number;
  bytes: number;
  readonly parts: PartPlace[];
}

export class StagedParts {
  readonly #arguments = new Map<number, StagedArgument>();
  readonly #keepsPlaces: boolean;

  /** @param keepsPlaces where parts are is asked for later */
  constructor(keepsPlaces: boolean) {
    this.#keepsPlaces = keepsPlaces;
  }

  /**
   * Takes a record with a part.
   * @param at index of the record, `length` bytes long, in `view`
   * @param frame position, and index, of its frame
   * @returns false when no writer makes such a record
   */
  add(
    view: DataView,
    at: number,
    length: number,
    frame: number,
    frameIndex: number,
    segment: number,
  ): boolean {
    const head = RECORD_HEADER_BYTES + NOTE_HEAD_BYTES;
    if (length < head) return false;
    const number = view.getFloat64(at + RECORD_HEADER_BYTES + STAGED_NUMBER, true);
    const offset = view.getFloat64(at + RECORD_HEADER_BYTES + STAGED_OFFSET, true);
    let argument = this.#arguments.get(number);
    if (offset === 0) {
      argument = { segment, bytes: 0, parts: [] };
      this.#arguments.set(number, argument);
    } else if (argument?.bytes !== offset) {
      // Its beginning was taken away, or lost.
      this.#arguments.delete(number);
      return true;
    }
    argument.bytes += length - head;
    if (this.#keepsPlaces) {
      argument.parts.push({ frame, offset: at + head - frameIndex, length: length - head });
    }
    return true;
  }

  /** Takes the argument that a record refers to; null: not all of it is there. */
  take(view: DataView, at: number): StagedArgument | null {
    const { number, length } = readReference(view, at);
    const argument = this.#arguments.get(number);
    this.#arguments.delete(number);
    return argument?.bytes === length ? argument : null;
  }
}

/** What a record that refers to an argument says. */
export function readReference(
  view: DataView,
  at: number,
): { number: number; at: number; length: number } {
  const head = at + RECORD_HEADER_BYTES;
  return {
    number: view.getFloat64(head + STAGED_NUMBER, true),
    at: view.getUint32(head + REFERENCE_AT, true),
    length: view.getUint32(head + REFERENCE_LENGTH, true),
  };
}
