// The TDIGEST commands: options, errors and reply shapes of both protocols.

import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { type Row, runTable } from '../support/run-table.ts';

const WRONG = '-WRONGTYPE Operation against a key holding the wrong kind of value';
const MISSING = '-ERR T-Digest: key does not exist';
const SAMPLE = '1 2 2 3 3 3 4 4 4 4 5 5 5 5 5';

const ROWS: readonly Row[] = [
  ['tdigest.create t', '+OK'],
  ['tdigest.create t', '-ERR T-Digest: key already exists'],
  ['type t', '+TDIS-TYPE'],
  ['object encoding t', 'raw'],
  ['tdigest.min t', 'nan'],
  ['tdigest.max t', 'nan'],
  ['tdigest.quantile t 0.5', ['nan']],
  ['tdigest.cdf t 1', ['nan']],
  ['tdigest.rank t 1', [-2]],
  ['tdigest.revrank t 1', [-2]],
  ['tdigest.byrank t 0', ['nan']],
  ['tdigest.byrevrank t 0', ['nan']],
  ['tdigest.trimmed_mean t 0 1', 'nan'],
  [`tdigest.add t ${SAMPLE}`, '+OK'],
  ['tdigest.min t', '1'],
  ['tdigest.max t', '5'],
  [
    'tdigest.quantile t 0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1',
    ['1', '2', '3', '3', '4', '4', '4', '5', '5', '5', '5'],
  ],
  ['tdigest.quantile t 1 0 0.5', ['5', '1', '4']],
  ['tdigest.rank t 0 1 2 3 4 5 6', [-1, 0, 2, 4, 8, 12, 15]],
  ['tdigest.revrank t 0 1 2 3 4 5 6', [15, 14, 13, 10, 7, 2, -1]],
  ['tdigest.byrank t 0 1 2 3 14 15', ['1', '2', '2', '3', '5', 'inf']],
  ['tdigest.byrevrank t 0 1 5 14 15', ['5', '5', '4', '1', '-inf']],
  ['tdigest.cdf t 0 6 3', ['0', '1', '0.3']],
  ['tdigest.trimmed_mean t 0.1 0.6', '3.125'],
  [
    'tdigest.info t',
    [
      ...['+Compression', 100, '+Capacity', 610, '+Merged nodes', 0, '+Unmerged nodes', 15],
      ...['+Merged weight', 0, '+Unmerged weight', 15, '+Observations', 15],
      ...['+Total compressions', 0, '+Memory usage', 9824],
    ],
  ],
  ['tdigest.reset t', '+OK'],
  ['tdigest.min t', 'nan'],
  ['tdigest.add t 1e3 -0.5', '+OK'],
  ['tdigest.min t', '-0.5'],
  // Merges.
  ['tdigest.create a compression 50', '+OK'],
  ['tdigest.create b compression 200', '+OK'],
  ['tdigest.add a 1 2 3', '+OK'],
  ['tdigest.add b 4 5 6', '+OK'],
  ['tdigest.merge m 2 a b', '+OK'],
  ['tdigest.byrank m 0 1 2 3 4 5', ['1', '2', '3', '4', '5', '6']],
  [
    'tdigest.info m',
    [
      ...['+Compression', 200, '+Capacity', 1210, '+Merged nodes', 6, '+Unmerged nodes', 0],
      ...['+Merged weight', 6, '+Unmerged weight', 0, '+Observations', 6],
      ...['+Total compressions', 2, '+Memory usage', 19424],
    ],
  ],
  ['tdigest.merge m 1 a', '+OK'],
  ['tdigest.byrank m 0 1 2 8', ['1', '1', '2', '6']],
  ['tdigest.merge m 1 a override', '+OK'],
  ['tdigest.byrank m 0 1 2 3', ['1', '2', '3', 'inf']],
  ['tdigest.merge m 2 a b compression 70 override', '+OK'],
  ['tdigest.max m', '6'],
  ['tdigest.merge a 1 a', '+OK'],
  ['tdigest.byrank a 1 5', ['1', '3']],
  ['tdigest.merge none 1 none', MISSING],
  ['tdigest.merge m 1 none', MISSING],
  ['tdigest.merge m x a', '-ERR T-Digest: error parsing numkeys'],
  ['tdigest.merge m 0 a', '-ERR T-Digest: numkeys needs to be a positive integer'],
  ['tdigest.merge m 3 a', "-ERR wrong number of arguments for 'tdigest.merge' command"],
  ['tdigest.merge m 1 a foo', '-ERR T-Digest: wrong keyword'],
  ['tdigest.merge m 1 a compression', "-ERR wrong number of arguments for 'tdigest.merge' command"],
  ['tdigest.merge m 1 a compression x', '-ERR T-Digest: error parsing compression parameter'],
  [
    'tdigest.merge m 1 a compression 0',
    '-ERR T-Digest: compression parameter needs to be a positive integer',
  ],
  // Errors.
  ['tdigest.create e compression', "-ERR wrong number of arguments for 'tdigest.create' command"],
  ['tdigest.create e foo 100', '-ERR T-Digest: wrong keyword'],
  ['tdigest.create e compression x', '-ERR T-Digest: error parsing compression parameter'],
  [
    'tdigest.create e compression 0',
    '-ERR T-Digest: compression parameter needs to be a positive integer',
  ],
  ['tdigest.create e compression 1000000000', '-ERR T-Digest: allocation failed'],
  ['tdigest.create e compression 9223372036854775807', '-ERR T-Digest: allocation failed'],
  ['tdigest.add t x', '-ERR T-Digest: error parsing val parameter'],
  ['tdigest.add t 1 nan', '-ERR T-Digest: error parsing val parameter'],
  ['tdigest.add t inf', '-ERR T-Digest: val parameter needs to be a finite number'],
  ['tdigest.quantile t x', '-ERR T-Digest: error parsing quantile'],
  ['tdigest.quantile t 1.1', '-ERR T-Digest: quantile should be in [0,1]'],
  ['tdigest.quantile t -0.1', '-ERR T-Digest: quantile should be in [0,1]'],
  ['tdigest.cdf t x', '-ERR T-Digest: error parsing cdf'],
  ['tdigest.rank t x', '-ERR T-Digest: error parsing value'],
  ['tdigest.revrank t x', '-ERR T-Digest: error parsing value'],
  ['tdigest.byrank t x', '-ERR T-Digest: error parsing rank'],
  ['tdigest.byrank t -1', '-ERR T-Digest: rank needs to be non negative'],
  ['tdigest.byrevrank t -1', '-ERR T-Digest: rank needs to be non negative'],
  ['tdigest.trimmed_mean t x 1', '-ERR T-Digest: error parsing low_cut_percentile'],
  ['tdigest.trimmed_mean t 0 x', '-ERR T-Digest: error parsing high_cut_percentile'],
  [
    'tdigest.trimmed_mean t 0.5 0.5',
    '-ERR T-Digest: low_cut_percentile should be lower than high_cut_percentile',
  ],
  [
    'tdigest.trimmed_mean t -1 0.5',
    '-ERR T-Digest: low_cut_percentile and high_cut_percentile should be in [0,1]',
  ],
  ...['add none 1', 'reset none', 'min none', 'max none', 'quantile none 0', 'cdf none 0'].map(
    (command): Row => [`tdigest.${command}`, MISSING],
  ),
  ...['rank none 0', 'revrank none 0', 'byrank none 0', 'byrevrank none 0', 'info none'].map(
    (command): Row => [`tdigest.${command}`, MISSING],
  ),
  ['tdigest.trimmed_mean none 0 1', MISSING],
  ['exists e', 0],
  ['set s x', '+OK'],
  ...['create s', 'add s 1', 'reset s', 'min s', 'max s', 'quantile s 0', 'cdf s 0', 'info s'].map(
    (command): Row => [`tdigest.${command}`, WRONG],
  ),
  ...['rank s 0', 'revrank s 0', 'byrank s 0', 'byrevrank s 0', 'merge s 1 a', 'merge m 1 s'].map(
    (command): Row => [`tdigest.${command}`, WRONG],
  ),
  ['tdigest.trimmed_mean s 0 1', WRONG],
  ...['get t', 'bf.add t x', 'topk.add t x'].map((command): Row => [command, WRONG]),
  ['copy t t2', 1],
  ['tdigest.min t2', '-0.5'],
];

test('the table', (t) => {
  runTable(t, ROWS);
  t.end();
});

test('RESP3', (t) => {
  runTable(
    t,
    [
      ['tdigest.create t', '+OK'],
      ['tdigest.max t', 'nan'],
      [`tdigest.add t ${SAMPLE}`, '+OK'],
      ['tdigest.quantile t 0.5 1', ['4', '5']],
      ['tdigest.byrank t 99', ['inf']],
      ['tdigest.rank t 3', [4]],
      ['tdigest.trimmed_mean t 0.1 0.6', '3.125'],
      (db) =>
        t.equal((db.run('tdigest.info', 't') as Map<string, number>).get('+Observations'), 15),
    ],
    true,
  );
  t.end();
});

test('many observations, packed and large, and what is dumped can be restored', (t) => {
  for (const hotValueMaxBytes of [16384, 4]) {
    const db = createTestDatabase({ hotValueMaxBytes });
    db.run('tdigest.create', 't');
    for (let i = 0; i < 5000; i += 5) {
      const values = [0, 1, 2, 3, 4].map((k) => String(((i + k) * 7919) % 5000));
      t.equal(db.run('tdigest.add', 't', ...values), '+OK');
    }
    const info = db.run('tdigest.info', 't') as (string | number)[];
    t.equal(info[13], 5000);
    t.ok((info[5] as number) <= 300, `${info[5]} centroids`);
    t.ok((info[15] as number) > 0, 'it was compressed');
    const median = Number((db.run('tdigest.quantile', 't', '0.5') as string[])[0]);
    t.ok(Math.abs(median - 2500) < 25, `${median}`);
    const payload = Buffer.from(db.run('dump', 't') as string, 'latin1');
    t.equal(db.run('restore', 't2', '0', payload), '+OK');
    t.strictSame(db.run('tdigest.info', 't2'), info);
    db.audit();
  }
  t.end();
});
