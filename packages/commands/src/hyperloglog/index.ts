// The handlers of the HyperLogLog family, by command.

import type { HandlersOf, hyperloglogFamily } from '@forgekv/catalog';
import { type Handler, keyed, onFront } from '../handler.ts';
import { pfAdd } from './pf-add.ts';
import { pfCount } from './pf-count.ts';
import { pfDebug, pfSelfTest } from './pf-debug.ts';
import { pfMerge } from './pf-merge.ts';

export const hyperloglogHandlers = {
  PFADD: keyed(pfAdd),
  PFCOUNT: keyed(pfCount),
  PFDEBUG: keyed(pfDebug),
  PFMERGE: keyed(pfMerge),
  PFSELFTEST: onFront(pfSelfTest),
} satisfies HandlersOf<typeof hyperloglogFamily, Handler>;
