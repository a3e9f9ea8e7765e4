// The tie between catalog and handlers. The compiler does the testing: an error that is expected
// here and does not occur stops the build.
import { test } from 'tap';
import type { CommandFamily } from '../src/command-spec.ts';
import type { commandFamily } from '../src/families/command.ts';
import type { CommandNames, HandlersOf } from '../src/handlers-of.ts';

const leaf = {
  summary: 'Does something.',
  complexity: 'O(1)',
  since: '1.0.0',
  arity: 1,
  flags: [],
  acl: [],
} as const;
const family = {
  ONE: leaf,
  'TWO.B': leaf,
  BOX: { ...leaf, arity: -2, subcommands: { OPEN: leaf, 'NO-CLOSE': leaf } },
  SELF: { ...leaf, arity: -1, subcommands: { COUNT: leaf } },
} as const satisfies CommandFamily;
type Family = typeof family;
type Handler = (argc: number) => string;
const handler: Handler = (argc) => `${argc}`;

type IsSame<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
const namesAreRight: IsSame<
  CommandNames<Family>,
  'ONE' | 'TWO.B' | 'BOX|OPEN' | 'BOX|NO-CLOSE' | 'SELF' | 'SELF|COUNT'
> = true;
const realNamesAreRight: IsSame<
  CommandNames<typeof commandFamily>,
  | 'COMMAND'
  | `COMMAND|${'COUNT' | 'DOCS' | 'GETKEYS' | 'GETKEYSANDFLAGS' | 'HELP' | 'INFO' | 'LIST'}`
> = true;

const all = {
  ONE: handler,
  'TWO.B': handler,
  'BOX|OPEN': handler,
  'BOX|NO-CLOSE': handler,
  SELF: handler,
  'SELF|COUNT': handler,
} satisfies HandlersOf<Family, Handler>;

const pending = {
  ONE: handler,
  'BOX|OPEN': handler,
  SELF: handler,
} satisfies HandlersOf<Family, Handler, 'TWO.B' | 'BOX|NO-CLOSE' | 'SELF|COUNT'>;

type Some = HandlersOf<Family, Handler, 'TWO.B' | 'BOX|NO-CLOSE' | 'SELF' | 'SELF|COUNT'>;

// @ts-expect-error a handler is missing
const missing: Some = { ONE: handler };
// @ts-expect-error the container itself cannot be called
const container: Some = { ONE: handler, 'BOX|OPEN': handler, BOX: handler };
// @ts-expect-error no such command
const stray: Some = { ONE: handler, 'BOX|OPEN': handler, NOPE: handler };
// @ts-expect-error pending, yet there is one
const early: Some = { ONE: handler, 'BOX|OPEN': handler, SELF: handler };
// @ts-expect-error not a handler
const wrong: Some = { ONE: 1, 'BOX|OPEN': handler };
// @ts-expect-error a pending name that the family does not have
type Stale = HandlersOf<Family, Handler, 'ONCE'>;

// @ts-expect-error an unknown flag
const badFlag: CommandFamily = { A: { ...leaf, flags: ['fats'] } };
// @ts-expect-error an unknown category
const badCategory: CommandFamily = { A: { ...leaf, acl: ['strings'] } };
// @ts-expect-error a lower-case name
const badName: CommandFamily = { a: leaf };
// @ts-expect-error a key position without a flag
const badKey: CommandFamily = { A: { ...leaf, keys: ['1'] } };

test('handlers are tied to the catalog', (t) => {
  t.ok(namesAreRight && realNamesAreRight);
  t.equal(Object.keys(all).length, 6);
  t.equal(Object.keys(pending).length, 3);
  const refused: unknown[] = [missing, container, stray, early, wrong];
  refused.push(badFlag, badCategory, badName, badKey, {} as Stale);
  t.equal(refused.length, 10, 'each of them is refused by the compiler');
  t.end();
});
