// The data agrees with itself: what is said twice in an entry is said the same way.
import { test } from 'tap';
import { type ArgumentSpec, parseArguments } from '../src/argument-syntax.ts';
import { CATALOG } from '../src/catalog.ts';
import type { AclCategory, CommandFlag, CommandSpec } from '../src/command-spec.ts';
import { resolveCatalog } from '../src/resolve-catalog.ts';

const specs = resolveCatalog(CATALOG);
const leaves = specs.filter((spec) => !spec.isContainer);

test('the catalog is complete', (t) => {
  t.equal(specs.filter((spec) => spec.container === null).length, 320, 'commands');
  t.equal(specs.filter((spec) => spec.container !== null).length, 139, 'subcommands');
  t.equal(specs.filter((spec) => spec.isContainer).length, 17, 'containers');
  t.end();
});

test('names fit their place', (t) => {
  const mistakes = mistakesOf(specs, ({ upperName, container, flags }, expect) => {
    expect(/^[A-Z][A-Z0-9._-]*(\|[A-Z][A-Z-]*)?$/.test(upperName), 'spelling');
    expect(container === null || upperName.startsWith(`${container}|`), 'container');
    expect(flags.includes('module') === upperName.includes('.'), 'module');
  });
  t.strictSame(mistakes, []);
  t.end();
});

test('every container explains itself', (t) => {
  const names = new Set(specs.map((spec) => spec.upperName));
  const mistakes = mistakesOf(specs, ({ upperName, isContainer }, expect) => {
    expect(!isContainer || names.has(`${upperName}|HELP`), 'no HELP');
  });
  t.strictSame(mistakes, []);
  t.end();
});

test('arity is what the arguments say', (t) => {
  const mistakes = mistakesOf(leaves, (spec, expect) => {
    const args = parseArguments(spec.args, spec.keys);
    const nameCount = spec.container === null ? 1 : 2;
    const least = args.reduce((count, arg) => count + leastCount(arg), nameCount);
    expect(spec.arity === (args.some(isOpen) ? -least : least), spec.args);
  });
  // The module registers JSON.MERGE as open-ended; QUIT ignores arguments.
  t.strictSame(mistakes, ['QUIT: ', 'JSON.MERGE: key path value']);
  t.end();
});

test('every key spec is documented as a key, and the other way round', (t) => {
  const mistakes = mistakesOf(leaves, (spec, expect) => {
    const documented = new Set<number>();
    collectKeyIndexes(parseArguments(spec.args, spec.keys), documented);
    const real = [...spec.keys.keys()].filter((i) => !spec.keys[i]!.flags.includes('not_key'));
    expect(`${[...documented].sort()}` === `${real}`, spec.args);
  });
  t.strictSame(mistakes, []);
  t.end();
});

test('ACL categories follow the flags in the core', (t) => {
  const core = specs.filter((spec) => spec.module === null);
  const mistakes = mistakesOf(core, ({ flags, acl, group }, expect) => {
    const isIn = (category: AclCategory): boolean => acl.includes(category);
    const has = (flag: CommandFlag): boolean => flags.includes(flag);
    expect(isIn('fast') === has('fast') && isIn('slow') !== has('fast'), 'fast or slow');
    expect(isIn('write') === has('write'), 'write');
    expect(isIn('read') === (has('readonly') && group !== 'scripting'), 'read');
    expect(isIn('blocking') === has('blocking'), 'blocking');
    expect(!has('admin') || (isIn('admin') && isIn('dangerous')), 'admin');
    expect(!has('pubsub') || isIn('pubsub'), 'pubsub');
  });
  t.strictSame(mistakes, []);
  t.end();
});

test('flags and keys do not contradict each other', (t) => {
  const mistakes = mistakesOf(specs, ({ flags, keys, group }, expect) => {
    const isReadonly = flags.includes('readonly');
    expect(!(isReadonly && flags.includes('write')), 'readonly or write');
    const changes = keys.some((key) => key.flags.some((flag) => flag === 'OW' || flag === 'RM'));
    expect(!(isReadonly && changes) || group === 'scripting', 'readonly changes a key');
  });
  t.strictSame(mistakes, []);
  t.end();
});

test('documentation is there and fits a line', (t) => {
  const mistakes = mistakesOf(specs, (spec, expect) => {
    expect(/^[A-Z].{9,90}\.$/.test(spec.summary), 'summary');
    expect(/^(O\(|Depends on )/.test(spec.complexity), 'complexity');
    expect(/^\d+\.\d+\.\d+$/.test(spec.since), 'since');
    expect((spec.deprecated === null) === (spec.replacedBy === null), 'replacement');
    expect(isUnique(spec), 'the summary of another command');
  });
  t.strictSame(mistakes, []);
  t.end();
});

/** What `check` finds wrong, as `NAME: what`. */
function mistakesOf(
  checked: readonly CommandSpec[],
  check: (spec: CommandSpec, expect: (isRight: boolean, what: string) => void) => void,
): string[] {
  const mistakes: string[] = [];
  for (const spec of checked) {
    check(spec, (isRight, what) => {
      if (!isRight) mistakes.push(`${spec.upperName}: ${what}`);
    });
  }
  return mistakes;
}

function isUnique(spec: CommandSpec): boolean {
  return specs.every((other) => other === spec || other.summary !== spec.summary);
}

/** The smallest number of words an argument can take. */
function leastCount(arg: ArgumentSpec): number {
  if (arg.optional) return 0;
  const members = (arg.arguments ?? []).map(leastCount);
  const tokenCount = arg.token !== undefined && arg.type !== 'pure-token' ? 1 : 0;
  if (arg.type === 'block') return members.reduce((sum, count) => sum + count, tokenCount);
  return tokenCount + (arg.type === 'oneof' ? Math.max(1, Math.min(...members)) : 1);
}

/** True when the number of words an argument takes varies. */
function isOpen(arg: ArgumentSpec): boolean {
  if (arg.optional || arg.multiple) return true;
  const members = arg.arguments ?? [];
  if (members.some(isOpen)) return true;
  return arg.type === 'oneof' && new Set(members.map(leastCount)).size > 1;
}

function collectKeyIndexes(args: readonly ArgumentSpec[], indexes: Set<number>): void {
  for (const arg of args) {
    if (arg.keySpecIndex !== undefined) indexes.add(arg.keySpecIndex);
    collectKeyIndexes(arg.arguments ?? [], indexes);
  }
}
