// When a value may be packed: the directives of Redis, decided as Redis 7.2 decides, so that
// OBJECT ENCODING answers the same. It knows numbers only. What is no longer packed never comes
// back, lists aside.

/** `-max-listpack-entries` and `-max-listpack-value` (bytes) of hashes, sets, sorted sets. */
export interface ListpackLimits {
  readonly maxEntries: number;
  readonly maxValueBytes: number;
}

/** Bytes a listpack may have when list-max-listpack-size counts elements instead. */
const SIZE_SAFETY_BYTES = 8192;
/** list-max-listpack-size -1 to -5 as bytes. */
const SIZE_CLASS_BYTES = [4096, 8192, 16384, 32768, 65536];

/**
 * Hash, before a command's first change.
 * @param givenPairs pairs in the command, repeated fields counted again
 * @param longestBytes longest field or value in it
 */
export function hashMayStayPacked(
  givenPairs: number,
  longestBytes: number,
  limits: ListpackLimits,
): boolean {
  return givenPairs <= limits.maxEntries && longestBytes <= limits.maxValueBytes;
}

/** Hash, after a change, by the pairs it then has. */
export function hashCountStaysPacked(count: number, limits: ListpackLimits): boolean {
  return count <= limits.maxEntries;
}

/** Forms of a set. */
export type SetForm = 'intset' | 'listpack' | 'hashtable';

/**
 * A set that a command makes.
 * @param isInteger whether the first member is an integer
 * @param givenMembers members in the command, or a guess of what follows
 */
export function newSetForm(
  isInteger: boolean,
  givenMembers: number,
  maxIntsetEntries: number,
  limits: ListpackLimits,
): SetForm {
  if (isInteger && givenMembers <= maxIntsetEntries) return 'intset';
  return givenMembers <= limits.maxEntries ? 'listpack' : 'hashtable';
}

/** True when a packed set stays so before a command that names so many members. */
export function setMayStayPacked(
  form: 'intset' | 'listpack',
  givenMembers: number,
  maxIntsetEntries: number,
  limits: ListpackLimits,
): boolean {
  return givenMembers <= (form === 'intset' ? maxIntsetEntries : limits.maxEntries);
}

/** True when an intset stays one after adding an integer, by the members it then has. */
export function intsetStays(count: number, maxIntsetEntries: number): boolean {
  return count <= Math.min(maxIntsetEntries, 2 ** 30);
}

/**
 * True when a member that is not there yet may be added to a set of the listpack form, or to an
 * intset that takes that form because the member is no integer.
 * @param count members before
 * @param longestBytes the new member, and for an intset its longest member as text
 */
export function setAddStaysPacked(
  count: number,
  longestBytes: number,
  limits: ListpackLimits,
): boolean {
  return count < limits.maxEntries && longestBytes <= limits.maxValueBytes;
}

/**
 * Sorted set, before a command's first change.
 * @param givenMembers members in the command
 * @param newKeyBytes bytes of the first member when the command makes the key, else 0
 */
export function sortedSetMayStayPacked(
  givenMembers: number,
  newKeyBytes: number,
  limits: ListpackLimits,
): boolean {
  return givenMembers <= limits.maxEntries && newKeyBytes <= limits.maxValueBytes;
}

/** True when a member that is not there yet may be added to `count` others. */
export function sortedSetAddStaysPacked(
  count: number,
  memberBytes: number,
  limits: ListpackLimits,
): boolean {
  return count < limits.maxEntries && memberBytes <= limits.maxValueBytes;
}

/**
 * List, before elements are added or one is replaced.
 * @param listpackBytes of the list before, see PackedList
 * @param count of the list before
 * @param addedBytes sum of the lengths of the new elements, as given
 * @param addedCount how many they are; Redis: 1 also where one replaces another
 * @param size list-max-listpack-size
 */
export function listGrowthStaysPacked(
  listpackBytes: number,
  count: number,
  addedBytes: number,
  addedCount: number,
  size: number,
): boolean {
  return listMayPack(listpackBytes + addedBytes, count + addedCount, size);
}

/** True when a list of so many listpack bytes and elements may be packed. */
export function listMayPack(listpackBytes: number, count: number, size: number): boolean {
  if (size < 0) return listpackBytes <= sizeClassBytes(size);
  return listpackBytes <= SIZE_SAFETY_BYTES && count <= Math.max(1, size);
}

/**
 * True when a list that is not packed becomes so after a removal: at half of the limit.
 * Redis: only when it lies in one node, which at that size it nearly always does.
 */
export function listShrinkPacks(listpackBytes: number, count: number, size: number): boolean {
  if (size < 0) return listpackBytes <= sizeClassBytes(size) / 2;
  return count <= Math.floor(Math.max(1, size) / 2);
}

function sizeClassBytes(size: number): number {
  return SIZE_CLASS_BYTES[Math.min(-size, SIZE_CLASS_BYTES.length) - 1]!;
}
