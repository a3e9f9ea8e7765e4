// Tests as tables: commands and their replies, one row each, run over values of every kind of
// storage.

import assert from 'node:assert/strict';
import type { CommandArg } from '@forgekv/testkit';
import type { Test } from 'tap';
import { createTestDatabase, type Plain, type TestDatabase } from '../harness.ts';

/**
 * A command and its reply. As text, a command's arguments have single blanks between them and `""`
 * is an empty one. A function does something to the database between two commands.
 */
export type Row =
  | readonly [command: string | readonly CommandArg[], reply: Plain]
  | ((db: TestDatabase) => void);

/** From everything packed to nearly everything large. */
const HOT_VALUE_BYTES = [16384, 64, 4];

/** Runs the rows one after the other, once for each of HOT_VALUE_BYTES, on an empty database. */
export function runTable(t: Test, rows: readonly Row[], resp3 = false): void {
  for (const hotValueMaxBytes of HOT_VALUE_BYTES) {
    const db = createTestDatabase({ hotValueMaxBytes });
    db.resp3 = resp3;
    for (const [index, row] of rows.entries()) {
      if (typeof row === 'function') {
        row(db);
        continue;
      }
      const [command, expected] = row;
      const args = typeof command === 'string' ? split(command) : command;
      const reply = db.run(...args);
      const where = `row ${index}, values up to ${hotValueMaxBytes} bytes hot: ${args.join(' ')}`;
      assert.deepEqual(reply, expected, where);
    }
    db.audit();
    t.pass(`${rows.length} rows, values up to ${hotValueMaxBytes} bytes hot`);
  }
}

/** The arguments of a command written as text. */
export function split(command: string): string[] {
  return command.split(' ').map((arg) => (arg === '""' ? '' : arg));
}
