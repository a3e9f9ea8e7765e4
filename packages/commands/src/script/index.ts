// The handlers of the script and function families, by command. What needs the engine is executed
// by workers, in @forgekv/shard.

import type { functionFamily, HandlersOf, scriptFamily } from '@forgekv/catalog';
import { type Handler, onFront, onScripts } from '../handler.ts';
import { helpOn } from '../server/help.ts';
import { functionStats } from './function-stats.ts';
import { functionKill, scriptDebug, scriptKill } from './kill.ts';

export const scriptHandlers = {
  EVAL: onScripts,
  EVALSHA: onScripts,
  EVALSHA_RO: onScripts,
  EVAL_RO: onScripts,
  'SCRIPT|DEBUG': onFront(scriptDebug),
  'SCRIPT|EXISTS': onScripts,
  'SCRIPT|FLUSH': onScripts,
  'SCRIPT|HELP': onFront(helpOn('script')),
  'SCRIPT|KILL': onFront(scriptKill),
  'SCRIPT|LOAD': onScripts,
} satisfies HandlersOf<typeof scriptFamily, Handler>;

export const functionHandlers = {
  FCALL: onScripts,
  FCALL_RO: onScripts,
  'FUNCTION|DELETE': onScripts,
  'FUNCTION|DUMP': onScripts,
  'FUNCTION|FLUSH': onScripts,
  'FUNCTION|HELP': onFront(helpOn('function')),
  'FUNCTION|KILL': onFront(functionKill),
  'FUNCTION|LIST': onScripts,
  'FUNCTION|LOAD': onScripts,
  'FUNCTION|RESTORE': onScripts,
  'FUNCTION|STATS': onFront(functionStats),
} satisfies HandlersOf<typeof functionFamily, Handler>;
