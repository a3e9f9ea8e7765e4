// The first line of a script: `#!lua flags=no-writes,allow-oom`.

import {
  SCRIPT_ALLOW_CROSS_SLOT,
  SCRIPT_ALLOW_OOM,
  SCRIPT_ALLOW_STALE,
  SCRIPT_COMPATIBILITY,
  SCRIPT_NO_CLUSTER,
  SCRIPT_NO_WRITES,
} from './script-host.ts';

/** By the name used in `flags=` and in the flags of functions, in the order Redis lists them. */
export const FLAG_NAMES: ReadonlyMap<string, number> = new Map([
  ['no-writes', SCRIPT_NO_WRITES],
  ['allow-oom', SCRIPT_ALLOW_OOM],
  ['allow-stale', SCRIPT_ALLOW_STALE],
  ['no-cluster', SCRIPT_NO_CLUSTER],
  ['allow-cross-slot-keys', SCRIPT_ALLOW_CROSS_SLOT],
]);

const LF = 10;
const HASH = 35;
const BANG = 33;

/** SCRIPT_* bits, and where the code begins (the end of the first line stays in it). */
export interface Shebang {
  readonly flags: number;
  readonly codeAt: number;
}

/** Reads the first line, or returns the text of the error reply. */
export function parseShebang(body: Uint8Array): Shebang | string {
  if (body[0] !== HASH || body[1] !== BANG) return { flags: SCRIPT_COMPATIBILITY, codeAt: 0 };
  const end = body.indexOf(LF);
  if (end < 0) return 'ERR Invalid script shebang';
  const line = Buffer.from(body.subarray(0, end)).toString('latin1');
  const [engine = '', ...options] = line.split(' ').filter((part) => part !== '');
  if (engine !== '#!lua') return `ERR Unexpected engine in script shebang: ${engine}`;
  let flags = 0;
  for (const option of options) {
    if (!option.startsWith('flags=')) return `ERR Unknown lua shebang option: ${option}`;
    const names = option.slice('flags='.length);
    for (const name of names === '' ? [] : names.split(',')) {
      const flag = FLAG_NAMES.get(name);
      if (flag === undefined) return `ERR Unexpected flag in script shebang: ${name}`;
      flags |= flag;
    }
  }
  return { flags, codeAt: end };
}
