// Values of modules in the RDB format: each is behind the id of its module. Those that are known
// are listed here, by id and version; others are refused.

import type { RdbReader } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { JSON_MODULE, restoreJson } from '../json/json-dump.ts';
import type { NewValue } from '../new-value.ts';

type RestoreModule = (c: CommandContext, reader: RdbReader) => NewValue | null;

const MODULES: ReadonlyMap<bigint, RestoreModule> = new Map([[JSON_MODULE, restoreJson]]);

/** Reads the value of a module behind its type byte; null when it is damaged, or not known. */
export function restoreModule(c: CommandContext, reader: RdbReader): NewValue | null {
  const parts = { high: 0, low: 0 };
  reader.length64(parts);
  const id = (BigInt(parts.high >>> 0) << 32n) | BigInt(parts.low >>> 0);
  return reader.failed ? null : (MODULES.get(id)?.(c, reader) ?? null);
}
