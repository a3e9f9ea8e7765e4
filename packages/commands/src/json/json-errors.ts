// Error replies of the JSON commands, in the words of RedisJSON, and how a command function ends
// with one: whatever is wrong is met before anything has changed.

import { JsonPathError, JsonSyntaxError } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import type { Outcome } from '../outcome.ts';

export const ERR_NO_KEY = "ERR could not perform this operation on a key that doesn't exist";
export const ERR_NOT_JSON = 'Existing key has wrong Redis type';
export const ERR_NEW_AT_ROOT = 'ERR new objects must be created at the root';
export const ERR_DEPTH = 'ERR recursion limit exceeded';
export const ERR_TOO_LONG = 'ERR the text is too long';
export const ERR_NO_PATH = 'ERR Path does not exist';

/** A command that cannot be done. */
export class JsonCommandError extends Error {}

export function pathMissing(path: string, or = ''): JsonCommandError {
  return new JsonCommandError(`ERR Path '${path}' does not exist${or === '' ? '' : ` or ${or}`}`);
}

export function wrongValue(expected: string, found: string): JsonCommandError {
  return new JsonCommandError(
    `WRONGTYPE wrong type of path value - expected ${expected} but found ${found}`,
  );
}

/** Makes a command function reply what it throws. */
export function guarded(run: (c: CommandContext) => Outcome): (c: CommandContext) => Outcome {
  return (c) => {
    try {
      return run(c);
    } catch (error) {
      if (error instanceof JsonSyntaxError) return c.fail(oneLine(error.message));
      if (error instanceof JsonPathError) return c.fail(oneLine(error.message));
      if (error instanceof JsonCommandError) return c.fail(oneLine(error.message));
      // Only what is replied can become that long: nothing has changed.
      if (error instanceof RangeError && error.message === 'Invalid string length') {
        return c.fail(ERR_TOO_LONG);
      }
      throw error;
    }
  };
}

const MOST_TEXT = 512;

function oneLine(text: string): string {
  return text.slice(0, MOST_TEXT).replace(/[^ -~]/g, '?');
}
