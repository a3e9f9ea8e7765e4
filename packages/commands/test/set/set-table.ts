// Tables of set commands: as in run-table.ts, but the order of an array of texts does not count,
// as that of a set never does. Every row also runs after its sets were made large.

import assert from 'node:assert/strict';
import type { Test } from 'tap';
import { createTestDatabase, type Plain, type TestDatabase } from '../harness.ts';
import { type Row, split } from '../support/run-table.ts';

const HOT_VALUE_BYTES = [16384, 64, 4];

/** A reply with the texts of each array in order. */
export function sorted(reply: Plain): Plain {
  if (!Array.isArray(reply)) return reply;
  const items = reply.map(sorted);
  return items.every((item) => typeof item === 'string') ? items.sort() : items;
}

/** Runs the rows once per size of hot values, and once with small limits of listpacks. */
export function runSetTable(t: Test, rows: readonly Row[], resp3 = false): void {
  for (const hotValueMaxBytes of HOT_VALUE_BYTES) {
    run(t, rows, createTestDatabase({ hotValueMaxBytes }), resp3, `${hotValueMaxBytes} bytes hot`);
  }
  for (const most of [0, 1, 2]) {
    const db = createTestDatabase();
    setLimits(db, { maxIntsetEntries: most, maxEntries: most, maxValueBytes: 2 });
    run(t, rows, db, resp3, `${most} members packed`);
  }
}

/** Sets what CONFIG SET would, for front and worker. */
export function setLimits(
  db: TestDatabase,
  limits: { maxIntsetEntries: number; maxEntries: number; maxValueBytes: number },
): void {
  for (const c of [db.front, db.worker]) {
    c.limits.maxIntsetEntries = limits.maxIntsetEntries;
    c.limits.set = limits;
  }
}

function run(t: Test, rows: readonly Row[], db: TestDatabase, resp3: boolean, name: string): void {
  db.resp3 = resp3;
  for (const [index, row] of rows.entries()) {
    if (typeof row === 'function') {
      row(db);
      continue;
    }
    const [command, expected] = row;
    const args = typeof command === 'string' ? split(command) : command;
    const where = `row ${index}, ${name}: ${args.join(' ')}`;
    assert.deepEqual(sorted(db.run(...args)), expected, where);
  }
  db.audit();
  t.pass(`${rows.length} rows, ${name}`);
}
