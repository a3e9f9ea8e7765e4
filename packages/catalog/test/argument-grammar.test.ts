// Text to nodes, and the mistakes that must not pass.
import { test } from 'tap';
import { parseSyntax } from '../src/argument-grammar.ts';

const word = (text: string) => ({ kind: 'word', text });

test('words, groups and repetitions', (t) => {
  t.strictSame(parseSyntax(''), []);
  t.strictSame(parseSyntax('key ip:port'), [word('key'), word('ip:port')]);
  t.strictSame(parseSyntax('[NX|a b]'), [
    { kind: 'group', isOptional: true, alternatives: [[word('NX')], [word('a'), word('b')]] },
  ]);
  t.strictSame(parseSyntax('<a|[b]>'), [
    {
      kind: 'group',
      isOptional: false,
      alternatives: [
        [word('a')],
        [{ kind: 'group', isOptional: true, alternatives: [[word('b')]] }],
      ],
    },
  ]);
  t.strictSame(parseSyntax('x a b [a b ...]'), [
    word('x'),
    { kind: 'repeat', body: [word('a'), word('b')] },
  ]);
  t.end();
});

test('mistakes are refused', (t) => {
  for (const syntax of ['[a', 'a]', '<a]', 'a|b', 'a [b ...]', '[a ...]', 'a b [b a ...]']) {
    t.throws(() => parseSyntax(syntax), syntax);
  }
  t.end();
});
