// Append-only files and their manifests: what is in them, and what is no such file.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Test, test } from 'tap';
import { CommandFile } from '../src/command-file.ts';
import { FileWindow } from '../src/file-window.ts';
import { filesOfManifest } from '../src/manifest.ts';

function directory(t: Test): string {
  const made = mkdtempSync(path.join(tmpdir(), 'forgekv-aof-'));
  t.teardown(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function read(file: string, text: string): { commands: string[]; left: number } {
  writeFileSync(file, text, 'latin1');
  const window = new FileWindow(file);
  try {
    const source = new CommandFile(window);
    const commands: string[] = [];
    for (let next = source.next(); next !== null; next = source.next()) {
      commands.push(next.map((arg) => arg.toString('latin1')).join(' '));
    }
    return { commands, left: source.unfinishedBytes };
  } finally {
    window.close();
  }
}

test('commands', (t) => {
  const file = path.join(directory(t), 'a.aof');
  const whole = '*1\r\n$4\r\nPING\r\n#TS:1700000000\r\n*2\r\n$3\r\nGET\r\n$4\r\na\r\nb\r\n';
  t.same(read(file, whole), { commands: ['PING', 'GET a\r\nb'], left: 0 });
  t.same(read(file, ''), { commands: [], left: 0 });
  const long = `*2\r\n$3\r\nGET\r\n$3000000\r\n${'x'.repeat(3_000_000)}\r\n`;
  t.equal(read(file, long.repeat(2) + whole).commands.length, 4, 'longer than the window');
  for (let end = 1; end < whole.length; end++) {
    const { commands, left } = read(file, whole.slice(0, end));
    t.ok(commands.length < 2 && (left > 0 || commands.length === 1), `the first ${end} bytes`);
  }
  for (const text of [
    'PING\r\n',
    '*x\r\n',
    '*1\r\n$-1\r\n',
    '*1\r\n:1\r\n',
    '*1\r\n$4\r\nPINGPONG',
    '*99999999\r\n',
    '*1\r\n$999999999\r\n',
    `*${'1'.repeat(5000)}`,
  ]) {
    t.throws(() => read(file, text), /a.aof: no command where one should be/, text.slice(0, 20));
  }
  t.end();
});

test('manifests', (t) => {
  const made = directory(t);
  const names = (text: string): string[] => {
    writeFileSync(path.join(made, 'appendonly.aof.manifest'), text);
    return filesOfManifest(made).map((file) => path.basename(file));
  };
  t.same(
    names(
      'file b.rdb seq 1 type b\nfile "old one" seq 1 type h\n' +
        'file i2 seq 12 type i\n# x\nfile i1 seq 3 type i',
    ),
    ['b.rdb', 'i1', 'i2'],
  );
  t.throws(() => names('nonsense'), /what is 'nonsense'/);
  t.throws(() => names('file ../../x seq 1 type b'), /a path/);
  t.throws(() => filesOfManifest(directory(t)), /0 files \*.manifest, not one/);
  t.end();
});
