// Sets as the commands of the family change them, in place where they are packed. It logs nothing:
// the last step of every change is the command's.

import {
  intsetStays,
  type LargeSet,
  newSetForm,
  type SetForm,
  setAddStaysPacked,
  setMayStayPacked,
} from '@forgekv/datatypes';
import { TYPE_SET } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { FULL, NOT_HERE } from '../outcome.ts';
import { SetBuilder } from './set-builder.ts';
import { element, integer, SetValue } from './set-value.ts';

/** Large sets take no more members above this: half of what they can address. */
const MOST_LARGE_BYTES = 8 * 2 ** 30;

// What an addition may need, besides a number of bytes.
const NOTHING = 0;
const OTHER_FORM = -1;

const builder = new SetBuilder();

/** `open`; then `add`, or `drop` member by member and `settle`. */
export class SetEdit extends SetValue {
  /** After `add`: members that came. */
  added = 0;
  /** After `add`: the set has another form, even when nothing was added. */
  isConverted = false;

  /**
   * Adds the arguments from index `first` on, in the form that SADD of Redis 7.2 chooses.
   * @param entry the key's entry, opened last, or 0
   * @returns the entry, NOT_HERE or FULL; in these two cases nothing has changed
   */
  add(c: CommandContext, entry: number, first: number): number {
    this.added = 0;
    this.isConverted = false;
    const form = this.#formToAdd(c, entry, first);
    if (this.large !== null) return this.#addToLarge(c, entry, this.large, first);
    let most = OTHER_FORM;
    if (form === 'intset') most = this.#mostBytesOfIntegers(c, first);
    else if (form === 'listpack') most = this.#mostBytesOfMembers(c, entry, first);
    if (most === NOTHING) return entry;
    if (most < 0 || most > c.mostPackedBytes) return this.#rebuild(c, entry, form, first);
    const grown = c.growPacked(entry, TYPE_SET, most);
    if (grown < 0) return grown;
    if (form === 'intset') this.#addIntegers(c, first);
    else this.#addMembers(c, first);
    return c.fitPacked(grown, form === 'intset' ? this.intset.length : this.packed.length);
  }

  /** The form the set has when the first of the arguments is added. */
  #formToAdd(c: CommandContext, entry: number, first: number): SetForm {
    const { request, limits } = c;
    const { form } = this;
    const given = request.argc - first;
    if (entry === 0) {
      const at = request.offset(first);
      const isInteger = integer.parse(request.bytes, at, request.length(first));
      return newSetForm(isInteger, given, limits.maxIntsetEntries, limits.set);
    }
    if (form === 'hashtable') return form;
    const stays = setMayStayPacked(form, given, limits.maxIntsetEntries, limits.set);
    return stays ? form : 'hashtable';
  }

  /** Most bytes an intset comes to with the arguments, NOTHING to add, or OTHER_FORM. */
  #mostBytesOfIntegers(c: CommandContext, first: number): number {
    const { request, limits } = c;
    const { intset } = this;
    let missing = 0;
    let width = intset.width;
    for (let i = first; i < request.argc; i++) {
      if (!integer.parse(request.bytes, request.offset(i), request.length(i))) return OTHER_FORM;
      if (intset.find(integer)) continue;
      missing++;
      if (integer.width > width) width = integer.width;
    }
    if (missing === 0) return NOTHING;
    // Members given twice count twice; when that is too much, the exact way decides.
    const count = intset.count + missing;
    return intsetStays(count, limits.maxIntsetEntries) ? intset.bytesOf(count, width) : OTHER_FORM;
  }

  /** The same for a packed set. */
  #mostBytesOfMembers(c: CommandContext, entry: number, first: number): number {
    const { request, limits } = c;
    const { packed } = this;
    if (entry === 0) packed.openEmpty();
    let missing = 0;
    let longest = 0;
    let most = NOTHING;
    for (let i = first; i < request.argc; i++) {
      const length = request.length(i);
      element.set(request.bytes, request.view, request.offset(i), length);
      if (packed.find(element)) continue;
      missing++;
      if (length > longest) longest = length;
      most = most === NOTHING ? packed.planAdd(length) : most + packed.memberBytes(length);
    }
    if (missing === 0) return NOTHING;
    const before = packed.count + missing - 1;
    return setAddStaysPacked(before, longest, limits.set) ? most : OTHER_FORM;
  }

  #addIntegers(c: CommandContext, first: number): void {
    const { request } = c;
    const { intset } = this;
    intset.rebase(c.valueBytes, c.table.view, c.valueOffset);
    const isSingle = request.argc === first + 1;
    for (let i = first; i < request.argc; i++) {
      integer.parse(request.bytes, request.offset(i), request.length(i));
      // A single one was looked for a moment ago.
      if (!isSingle && intset.find(integer)) continue;
      intset.planAdd(integer);
      intset.applyAdd(integer);
      this.added++;
    }
    this.form = 'intset';
    this.count = intset.count;
  }

  #addMembers(c: CommandContext, first: number): void {
    const { request } = c;
    const { packed } = this;
    packed.rebase(c.valueBytes, c.table.view, c.valueOffset);
    const isSingle = request.argc === first + 1;
    for (let i = first; i < request.argc; i++) {
      const length = request.length(i);
      element.set(request.bytes, request.view, request.offset(i), length);
      if (!isSingle && packed.find(element)) continue;
      packed.planAdd(length);
      packed.applyAdd(element);
      this.added++;
    }
    this.form = 'listpack';
    this.count = packed.count;
  }

  #addToLarge(c: CommandContext, entry: number, large: LargeSet, first: number): number {
    const { request } = c;
    if (large.memoryBytes > MOST_LARGE_BYTES) return FULL;
    for (let i = first; i < request.argc; i++) {
      if (large.insert(request.bytes, request.offset(i), request.length(i))) this.added++;
    }
    this.count = large.count;
    if (this.added > 0) c.touchLarge(entry, large);
    return entry;
  }

  /** The exact way: makes the set anew, which may take another form with any of the arguments. */
  #rebuild(c: CommandContext, entry: number, form: SetForm, first: number): number {
    if (form === 'hashtable' && !c.mayBeLarge) return NOT_HERE;
    const { request } = c;
    const before = this.form;
    builder.begin(c, form);
    this.each((bytes, offset, length) => builder.take(bytes, offset, length));
    for (let i = first; i < request.argc; i++) {
      builder.add(request.bytes, request.offset(i), request.length(i));
    }
    const added = builder.count - this.count;
    if (added === 0 && builder.form === before) {
      builder.clear();
      return entry;
    }
    if (!builder.isPacked && !c.mayBeLarge) {
      builder.clear();
      return NOT_HERE;
    }
    const stored = c.storeNew(entry, builder.value());
    if (stored < 0) return stored;
    this.added = added;
    this.isConverted = true;
    return stored;
  }

  /** Removes a member; false: it is none. It may lie in this very set. */
  drop(c: CommandContext, bytes: Buffer, offset: number, length: number): boolean {
    if (this.large !== null) {
      if (!this.large.delete(bytes, offset, length)) return false;
      this.count--;
      return true;
    }
    if (!this.has(c, bytes, offset, length)) return false;
    this.#dropFound();
    return true;
  }

  /** Removes the member that `pick` has just found. */
  dropPicked(): void {
    if (this.large === null) {
      this.#dropFound();
    } else {
      this.large.deleteNamed();
      this.count--;
    }
  }

  /** Removes what a packed set stands on. */
  #dropFound(): void {
    const { intset, packed } = this;
    if (this.form === 'intset') {
      intset.planRemove(intset.index);
      intset.applyRemove();
    } else {
      packed.planRemove();
      packed.applyRemove();
    }
    this.count--;
  }

  /**
   * Ends a removal, which cannot fail: an empty set goes, with its effect.
   * @returns the entry, 0 when the key is gone
   */
  settle(c: CommandContext, entry: number): number {
    if (this.count === 0) {
      c.remove(entry);
      return 0;
    }
    if (this.large !== null) {
      c.touchLarge(entry, this.large);
      return entry;
    }
    return c.fitPacked(entry, this.form === 'intset' ? this.intset.length : this.packed.length);
  }
}
