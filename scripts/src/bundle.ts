// Puts each thread's program into one file, next to each other in packages/cli/dist/bundle. Loading
// the several hundred modules of a thread takes 0.3 s, its bundle less than 0.1 s, and a server
// starts at least six threads. Runs after tsc, on its output; none of that is minified. The console
// of the HTTP port lies beside it.

import { copyFile, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const OUT = path.join(ROOT, 'packages/cli/dist/bundle');
/** Threads name each other by `new URL('./NAME.js', import.meta.url)`: the names stay. */
const PROGRAMS = [
  'packages/cli/dist/src/main.js',
  'packages/cli/dist/src/migrate.js',
  'packages/cli/dist/src/healthcheck-main.js',
  'packages/front/dist/src/front-thread.js',
  'packages/shard/dist/src/shard-thread.js',
  'packages/server/dist/src/log-task.js',
];

/** Libraries stay outside: they load native code, or files next to their own. */
const EXTERNAL = ['classic-level', 'ioredis', 'msgpackr', 'pino', 'piscina', 'wasmoon-lua5.1'];
/** Programs of their own, which another one loads when it is asked to. */
const ON_DEMAND = ['./migrate.js'];

/** What the HTTP port serves to browsers, with the chart library in it. */
const CONSOLE = ['packages/server/console/console.js', 'packages/server/console/console.css'];
const PAGES = ['packages/server/console/console.html', 'packages/server/console/console.svg'];

const made = `${OUT}.new`;
await rm(made, { recursive: true, force: true });
await build({
  absWorkingDir: ROOT,
  entryPoints: PROGRAMS,
  entryNames: '[name]',
  outdir: made,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: [...EXTERNAL, ...ON_DEMAND],
  sourcemap: 'linked',
  logLevel: 'warning',
});
// Who gets the library gets its licence.
const licence = await readFile(path.join(ROOT, 'node_modules/uplot/LICENSE'), 'utf8');
const notice = `/*! With uPlot:\n${licence}*/`;
await build({
  absWorkingDir: ROOT,
  entryPoints: CONSOLE,
  outdir: made,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  banner: { js: notice, css: notice },
  logLevel: 'warning',
});
for (const page of PAGES)
  await copyFile(path.join(ROOT, page), path.join(made, path.basename(page)));
// One by one: who starts the server meanwhile finds every file, new or old.
await mkdir(OUT, { recursive: true });
for (const file of await readdir(made)) await rename(path.join(made, file), path.join(OUT, file));
await rm(made, { recursive: true });
