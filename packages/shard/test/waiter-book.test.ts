// Who waits for which key, in which order.

import { test } from 'tap';
import { type Waiter, WaiterBook } from '../src/waiter-book.ts';

const NONE = new Uint8Array(0);

function waiter(slot: number, db = 0): Waiter {
  return {
    ...{ home: 0, slot, ticket: 1, front: 0, connection: slot, flags: db << 8, id: 0 },
    ...{ bytes: NONE, first: 1, last: 1, type: 0, target: 0, targetKey: NONE },
  };
}

const slots = (book: WaiterBook, key: string): number[] =>
  [...book.of(key)].map(({ slot }) => slot);

test('in the order they came, whoever goes in between', async (t) => {
  const book = new WaiterBook();
  for (const slot of [7, 3, 9]) book.add('k', waiter(slot));
  book.add('other', waiter(3));
  t.same(slots(book, 'k'), [7, 3, 9]);
  book.remove('k', 3);
  book.remove('k', 3);
  book.remove('nothing', 3);
  t.same(slots(book, 'k'), [7, 9]);
  book.add('k', waiter(3));
  t.same(slots(book, 'k'), [7, 9, 3], 'a slot that is used again comes last');
  t.same(slots(book, 'other'), [3]);
});

test('one may go while they are gone through', async (t) => {
  const book = new WaiterBook();
  for (const slot of [1, 2, 3]) book.add('k', waiter(slot));
  const seen: number[] = [];
  for (const { slot } of book.of('k')) {
    seen.push(slot);
    book.remove('k', slot);
  }
  t.same(seen, [1, 2, 3]);
  t.equal(book.size, 0);
});

test('the keys of a database', async (t) => {
  const book = new WaiterBook();
  book.add('a', waiter(1, 2));
  book.add('b', waiter(2));
  book.add('b', waiter(3, 2));
  t.same(book.keys(2), ['a', 'b']);
  t.same(book.keys(0), ['b']);
  t.same(book.keys(1), []);
});

test('the keys of all databases are counted', async (t) => {
  let count = 0;
  const book = new WaiterBook((by) => {
    count += by;
  });
  const counts: number[] = [];
  const step = (run: () => void): void => {
    run();
    counts.push(count);
  };
  step(() => book.add('a', waiter(1)));
  step(() => book.add('a', waiter(2)));
  step(() => book.add('a', waiter(3, 2)));
  step(() => book.add('b', waiter(2)));
  step(() => book.remove('a', 1));
  step(() => book.remove('a', 1));
  step(() => book.remove('a', 3));
  step(() => book.remove('a', 2));
  step(() => book.remove('b', 2));
  t.same(counts, [1, 1, 2, 3, 3, 3, 2, 1, 0]);
});
