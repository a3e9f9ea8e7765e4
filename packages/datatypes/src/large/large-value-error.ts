// What large values refuse, as a typed error. Not for bugs: those are invariants.

/** Longest element: 512 MB, as Redis's proto-max-bulk-len. */
export const MAX_ELEMENT_BYTES = 536_870_912;

/** Why a large value refused a change; nothing has changed then. */
export type LargeValueProblem = 'element-too-long' | 'value-too-large' | 'score-not-a-number';

/** A change that would break a bound of a large value. */
export class LargeValueError extends Error {
  override name = 'LargeValueError';
  readonly code: LargeValueProblem;

  constructor(code: LargeValueProblem) {
    super(`large value: ${code.replaceAll('-', ' ')}`);
    this.code = code;
  }
}

/** Throws LargeValueError unless `length` is at most MAX_ELEMENT_BYTES. */
export function checkElementBytes(length: number): void {
  if (length > MAX_ELEMENT_BYTES) throw new LargeValueError('element-too-long');
}
