// Assertions for states that can only be bugs. They stay on in production.

/** A broken invariant: never caught, it ends the process (the log brings the data back). */
export class InvariantError extends Error {
  override name = 'InvariantError';
}

/**
 * Ends the process by throwing when `condition` does not hold.
 * @param condition what must be true here
 * @param message what a reader of the crash log needs to know
 */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
