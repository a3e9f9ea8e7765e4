// The handlers of the HyperLogLog family, by command.

import type { HandlersOf, hyperloglogFamily } from '@forgekv/catalog';
import { type Handler, keyed } from '../handler.ts';
import { pfAdd } from './pf-add.ts';
import { pfCount } from './pf-count.ts';
import { pfMerge } from './pf-merge.ts';

export const hyperloglogHandlers = {
  PFADD: keyed(pfAdd),
  PFCOUNT: keyed(pfCount),
  PFMERGE: keyed(pfMerge),
} satisfies HandlersOf<typeof hyperloglogFamily, Handler>;
