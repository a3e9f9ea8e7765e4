export { ElementBytes } from './element-bytes.ts';
export { Int64 } from './int64.ts';
export {
  FORM_HASH,
  FORM_INTSET,
  FORM_LIST,
  FORM_SET,
  FORM_SORTED_SET,
  HEAD_BYTES,
  MAX_PACKED_BYTES,
  packedCount,
  packedForm,
} from './layout.ts';
export { EMPTY_LISTPACK_BYTES, listpackEntryBytes } from './listpack-size.ts';
export { PackedHash } from './packed-hash.ts';
export { PackedIntset } from './packed-intset.ts';
export { PackedList } from './packed-list.ts';
export { PackedSet } from './packed-set.ts';
export { PackedSortedSet } from './packed-sorted-set.ts';
export { applySplice, PackedValue, SplicePlan } from './packed-value.ts';
export {
  hashCountStaysPacked,
  hashMayStayPacked,
  intsetStays,
  type ListpackLimits,
  listGrowthStaysPacked,
  listMayPack,
  listShrinkPacks,
  newSetForm,
  type SetForm,
  setAddStaysPacked,
  setMayStayPacked,
  sortedSetAddStaysPacked,
  sortedSetMayStayPacked,
} from './thresholds.ts';
export { verifyPacked } from './verify-packed.ts';
