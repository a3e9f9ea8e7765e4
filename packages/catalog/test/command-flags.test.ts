// Every flag has a bit of its own.
import { test } from 'tap';
import { CATALOG } from '../src/catalog.ts';
import * as flags from '../src/command-flags.ts';
import { COMMAND_FLAGS, HIDDEN_FLAGS } from '../src/command-spec.ts';
import { resolveCatalog } from '../src/resolve-catalog.ts';

test('bits are distinct and positive', (t) => {
  const bits = Object.entries(flags)
    .filter(([name]) => name.startsWith('FLAG_'))
    .map(([, bit]) => bit as number);
  t.equal(bits.length, COMMAND_FLAGS.length + HIDDEN_FLAGS.length);
  t.equal(new Set(bits).size, bits.length);
  t.ok(bits.every((bit) => bit > 0 && (bit & (bit - 1)) === 0));
  t.end();
});

test('flagBitsOf', (t) => {
  const spec = resolveCatalog(CATALOG).find(({ upperName }) => upperName === 'EVAL')!;
  t.equal(
    flags.flagBitsOf(spec),
    flags.FLAG_NOSCRIPT |
      flags.FLAG_STALE |
      flags.FLAG_SKIP_MONITOR |
      flags.FLAG_NO_MANDATORY_KEYS |
      flags.FLAG_MOVABLE_KEYS |
      flags.FLAG_MAY_REPLICATE,
  );
  t.end();
});
