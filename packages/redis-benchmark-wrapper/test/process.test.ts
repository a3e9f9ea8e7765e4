// Programs: finding them, running them to an end, and what /proc says about them.

import { test } from 'tap';
import {
  parseStatCpuMicros,
  parseStatusRssBytes,
  processCpuMicros,
  processRssBytes,
  waitUntilIdle,
} from '../src/process-cpu.ts';
import { runTool } from '../src/run-tool.ts';
import { findOnPath, programVersion, requireOnPath } from '../src/which.ts';

const node = process.execPath;

test('programs are found on the PATH', async (t) => {
  t.equal(findOnPath('sh', '/nowhere::/bin'), '/bin/sh');
  t.equal(findOnPath('/bin/sh'), '/bin/sh');
  t.equal(findOnPath('sh', '/nowhere'), undefined);
  t.equal(findOnPath('bin', '/usr'), undefined, 'a directory is not a program');
  t.equal(findOnPath('/nowhere/sh'), undefined);
  t.equal(programVersion(node), process.versions.node);
  t.equal(programVersion('no-such-program'), undefined);
  t.throws(() => requireOnPath('no-such-program'), { code: 'TOOL_MISSING' });
});

test('a tool is run to its end and its words are kept', async (t) => {
  const script = 'console.log("out"); console.error("err"); process.exit(3)';
  const output = await runTool(node, ['-e', script], { timeoutMs: 30_000 });
  t.same(output, { stdout: 'out\n', stderr: 'err\n', exitCode: 3, gaveUp: false });
});

test('a tool that hangs is killed', async (t) => {
  const run = runTool('/bin/sh', ['-c', 'echo stuck >&2; exec sleep 60'], { timeoutMs: 1_000 });
  await t.rejects(run, { code: 'TIMEOUT', message: /killed after 1 s: .*: stuck/ });
});

test('a tool that says something hopeless is killed at once', async (t) => {
  const startedAtMs = performance.now();
  const script =
    'process.stderr.write("ref"); process.stderr.write("used"); ' +
    'setTimeout(() => console.error(" 7"), 100); setInterval(() => {}, 1000)';
  const output = await runTool(node, ['-e', script], { timeoutMs: 60_000, hopeless: /refused/ });
  t.match(output, { exitCode: null, gaveUp: true, stderr: 'refused 7\n' });
  t.ok(performance.now() - startedAtMs < 30_000);
});

test('/proc texts', async (t) => {
  const stat = '7 (a b) c) S 1 7 7 0 -1 4194560 25 0 0 0 150 50 9 9 20 0 4 0 100 1 2';
  t.equal(parseStatCpuMicros(stat, 100), 2_000_000);
  t.equal(parseStatCpuMicros('nonsense', 100), undefined);
  t.equal(parseStatusRssBytes('Name:\tx\nVmRSS:\t    2048 kB\n'), 2048 * 1024);
  t.equal(parseStatusRssBytes('Name:\tkthreadd\n'), undefined, 'kernel threads have no memory');
});

const linux = process.platform === 'linux' ? {} : { skip: 'needs Linux /proc' };

test('this process uses processor time and memory', linux, async (t) => {
  const before = processCpuMicros(process.pid)!;
  const start = process.cpuUsage();
  const nodeSays = (): number => {
    const { user, system } = process.cpuUsage(start);
    return user + system;
  };
  while (nodeSays() < 200_000); // not a stretch of wall time: the machine may be busy
  const used = processCpuMicros(process.pid)! - before;
  t.ok(Math.abs(used - nodeSays()) <= 50_000, `${used} µs, Node.js says ${nodeSays()}`);
  t.ok(processRssBytes(process.pid)! > 10 << 20);
  t.equal(processCpuMicros(0x7fffffff), undefined);
  t.equal(processRssBytes(0x7fffffff), undefined);
});

test('waiting for idle ends', linux, async (t) => {
  t.equal(await waitUntilIdle(0x7fffffff), 0, 'no such process');
  const options = { belowCores: 0, sampleMs: 10, maxMs: 100 };
  const used = await waitUntilIdle(process.pid, options);
  t.ok(used >= 0, 'a limit nothing can go below ends by the clock');
});
