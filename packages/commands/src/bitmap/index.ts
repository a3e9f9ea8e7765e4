// The handlers of the bitmap family, by command.

import type { bitmapFamily, HandlersOf } from '@forgekv/catalog';
import { type Handler, keyed } from '../handler.ts';
import { bitField, bitFieldRo } from './bit-field.ts';
import { bitOp } from './bit-op.ts';
import { bitCount, bitPos } from './bit-range.ts';
import { getBit, setBit } from './single-bit.ts';

export const bitmapHandlers = {
  BITCOUNT: keyed(bitCount),
  BITFIELD: keyed(bitField),
  BITFIELD_RO: keyed(bitFieldRo),
  BITOP: keyed(bitOp),
  BITPOS: keyed(bitPos),
  GETBIT: keyed(getBit),
  SETBIT: keyed(setBit),
} satisfies HandlersOf<typeof bitmapFamily, Handler>;
