// The handlers of the script family, by command. What needs the engine is executed by workers, in
// @forgekv/shard.

import type { HandlersOf, scriptFamily } from '@forgekv/catalog';
import { type Handler, onFront, onScripts } from '../handler.ts';
import { helpOn } from '../server/help.ts';
import { scriptDebug, scriptKill } from './kill.ts';

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
