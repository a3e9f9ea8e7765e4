// Rules of single texts.

import { test } from 'tap';
import type { TextRule } from '../src/directive.ts';
import { checkText } from '../src/text-rules.ts';

test('each rule', async (t) => {
  const event = "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
  const template = 'template format is invalid or contains unknown variables';
  const hosts = 'Hostnames may only contain alphanumeric characters, hyphens or dots';
  const cases: readonly (readonly [TextRule, string, string, string, ok: boolean])[] = [
    ['any', 'x', 'a/b c', 'a/b c', true],
    ['base-name', 'dbfilename', 'dump.rdb', 'dump.rdb', true],
    ['base-name', 'dbfilename', '', '', true],
    ['base-name', 'dbfilename', '../x', "dbfilename can't be a path, just a filename", false],
    ['base-name', 'appendfilename', '', "appendfilename can't be empty", false],
    ['base-name', 'appenddirname', 'a/b', "appenddirname can't be a path, just a dirname", false],
    ['hostname', 'x', 'a-b.c9', 'a-b.c9', true],
    ['hostname', 'x', '', '', true],
    ['hostname', 'x', 'a_b', hosts, false],
    ['hostname', 'x', 'a'.repeat(256), 'Hostnames must be less than 256 characters', false],
    ['title-template', 'x', '{title} {port}', '{title} {port}', true],
    ['title-template', 'x', '{nosuch}', template, false],
    ['title-template', 'x', '{title', template, false],
    ['title-template', 'x', '', template, false],
    ['keyspace-events', 'x', '', '', true],
    ['keyspace-events', 'x', 'KEA', 'AKE', true],
    ['keyspace-events', 'x', 'KEgn', 'gnKE', true],
    ['keyspace-events', 'x', 'gxE', 'gxE', true],
    ['keyspace-events', 'x', 'dtexzhsl$g', 'A', true],
    ['keyspace-events', 'x', 'AAAm', 'Am', true],
    ['keyspace-events', 'x', 'An', 'An', true],
    ['keyspace-events', 'x', 'KEQ', event, false],
  ];
  for (const [rule, name, text, expected, ok] of cases) {
    const outcome = ok ? { ok, value: expected } : { ok, why: expected };
    t.same(checkText(rule, text, name), outcome, `${rule} ${text.slice(0, 20)}`);
  }
});
