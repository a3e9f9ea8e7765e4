// Rules of values of several words: what is stored, what adds up, what is refused.

import { test } from 'tap';
import type { ListRule } from '../src/directive.ts';
import { checkList } from '../src/list-rules.ts';

const split = (text: string): string[] => (text === '' ? [] : text.split(' '));

test('words that are accepted', async (t) => {
  const cases: readonly (readonly [ListRule, words: string, stored: string])[] = [
    ['bind', '127.0.0.1 -::1', '127.0.0.1 -::1'],
    ['bind', '', ''],
    ['save', '3600 1 300 100', '3600 1 300 100'],
    ['save', '+60 0', '60 0'],
    ['save', '', ''],
    ['oom-score', '-2000 +0 2000', '-2000 0 2000'],
    ['replica-of', 'host 6379', 'host 6379'],
    ['replica-of', 'NO one', ''],
    ['percentiles', '', ''],
    ['percentiles', '50 99.9 100.0 99.999999999', '50 99.9 100 100'],
    ['shutdown-flags', 'default', 'default'],
    ['shutdown-flags', 'Now NOSAVE', 'nosave now'],
    ['shutdown-flags', 'default save', 'save'],
  ];
  for (const [rule, words, stored] of cases) {
    const outcome = checkList(rule, split(words), [], true);
    t.same(outcome, { ok: true, value: split(stored) }, `${rule} ${words}`);
  }
});

test('words that are refused', async (t) => {
  const oom = 'Invalid oom-score-adj-values, elements must be between -2000 and 2000.';
  const percentiles = 'Invalid latency-tracking-info-percentiles parameters';
  const range = 'latency-tracking-info-percentiles parameters should sit between [0.0,100.0]';
  const flags = 'argument(s) must be one of the following: default, save, nosave, now, force';
  const both = "shutdown options SAVE and NOSAVE can't be used simultaneously";
  const cases: readonly (readonly [ListRule, words: string, why: string])[] = [
    ['bind', 'a b c d e f g h i j k l m n o p q', 'Too many bind addresses specified.'],
    ['bind', 'a  b', 'Empty bind address.'],
    ['save', '60', 'Invalid save parameters'],
    ['save', '0 1', 'Invalid save parameters'],
    ['save', '60 -1', 'Invalid save parameters'],
    ['save', '1x 5', 'Invalid save parameters'],
    ['save', '60  1', 'Invalid save parameters'],
    ['oom-score', '1 2', 'wrong number of arguments'],
    ['oom-score', '1 2 x', oom],
    ['oom-score', '1 2 2001', oom],
    ['replica-of', 'host', 'wrong number of arguments'],
    ['replica-of', 'host 65536', 'Invalid master port'],
    ['replica-of', 'host x', 'Invalid master port'],
    ['percentiles', '50 x', percentiles],
    ['percentiles', 'nan', percentiles],
    ['percentiles', '1  2', percentiles],
    ['percentiles', '100.1', range],
    ['percentiles', '-1', range],
    ['shutdown-flags', '', flags],
    ['shutdown-flags', 'later', flags],
    ['shutdown-flags', 'save nosave', both],
  ];
  for (const [rule, words, why] of cases) {
    t.same(checkList(rule, split(words), [], true), { ok: false, why }, `${rule} ${words}`);
  }
});

test('save lines add up after the first, and an empty one forgets', async (t) => {
  const current = ['900', '1'];
  const added = checkList('save', ['60', '2'], current, false);
  t.same(added, { ok: true, value: ['900', '1', '60', '2'] });
  t.same(checkList('save', ['60', '2'], current, true), { ok: true, value: ['60', '2'] });
  t.same(checkList('save', [], current, false), { ok: true, value: [] });
});
