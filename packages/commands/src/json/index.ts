// The handlers of the JSON families, by command.

import type { HandlersOf, jsonArrayFamily, jsonFamily } from '@forgekv/catalog';
import { type Handler, keyed, onFront } from '../handler.ts';
import { jsonArrAppend, jsonArrIndex, jsonArrInsert, jsonArrPop, jsonArrTrim } from './array.ts';
import {
  jsonClear,
  jsonDel,
  jsonNumIncrBy,
  jsonNumMultBy,
  jsonNumPowBy,
  jsonStrAppend,
  jsonToggle,
} from './change.ts';
import { jsonGet, jsonMGet } from './get.ts';
import { guarded } from './json-errors.ts';
import { jsonMSet } from './mset.ts';
import {
  jsonArrLen,
  jsonDebugHelp,
  jsonDebugMemory,
  jsonObjKeys,
  jsonObjLen,
  jsonResp,
  jsonStrLen,
  jsonType,
} from './read.ts';
import { jsonMerge, jsonSet } from './set.ts';

export const jsonHandlers = {
  'JSON.CLEAR': keyed(guarded(jsonClear)),
  'JSON.DEBUG|HELP': onFront(jsonDebugHelp),
  'JSON.DEBUG|MEMORY': keyed(guarded(jsonDebugMemory)),
  'JSON.DEL': keyed(guarded(jsonDel)),
  'JSON.FORGET': keyed(guarded(jsonDel)),
  'JSON.GET': keyed(guarded(jsonGet)),
  'JSON.MERGE': keyed(guarded(jsonMerge)),
  'JSON.MGET': keyed(guarded(jsonMGet)),
  'JSON.MSET': keyed(guarded(jsonMSet)),
  'JSON.NUMINCRBY': keyed(guarded(jsonNumIncrBy)),
  'JSON.NUMMULTBY': keyed(guarded(jsonNumMultBy)),
  'JSON.NUMPOWBY': keyed(guarded(jsonNumPowBy)),
  'JSON.OBJKEYS': keyed(guarded(jsonObjKeys)),
  'JSON.OBJLEN': keyed(guarded(jsonObjLen)),
  'JSON.RESP': keyed(guarded(jsonResp)),
  'JSON.SET': keyed(guarded(jsonSet)),
  'JSON.STRAPPEND': keyed(guarded(jsonStrAppend)),
  'JSON.STRLEN': keyed(guarded(jsonStrLen)),
  'JSON.TOGGLE': keyed(guarded(jsonToggle)),
  'JSON.TYPE': keyed(guarded(jsonType)),
} satisfies HandlersOf<typeof jsonFamily, Handler>;

export const jsonArrayHandlers = {
  'JSON.ARRAPPEND': keyed(guarded(jsonArrAppend)),
  'JSON.ARRINDEX': keyed(guarded(jsonArrIndex)),
  'JSON.ARRINSERT': keyed(guarded(jsonArrInsert)),
  'JSON.ARRLEN': keyed(guarded(jsonArrLen)),
  'JSON.ARRPOP': keyed(guarded(jsonArrPop)),
  'JSON.ARRTRIM': keyed(guarded(jsonArrTrim)),
} satisfies HandlersOf<typeof jsonArrayFamily, Handler>;
