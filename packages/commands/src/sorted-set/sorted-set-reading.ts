// Sorted sets as the commands of the family read them, packed or large: members, ranks, ranges. It
// and the two files that change and make sorted sets are the only ones that know of the two forms.

import { invariant, type Random } from '@forgekv/base';
import {
  ElementBytes,
  LargeSortedSet,
  type LexBound,
  type LexRange,
  PackedSortedSet,
  type ScoreRange,
} from '@forgekv/datatypes';
import { TYPE_ZSET } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { OTHER_TYPE } from '../outcome.ts';
import { PagedReply, pageOf, SLICE_PAGE } from '../sliced-work.ts';

/** Visits a member; its bytes are valid during the call, and nothing may change meanwhile. */
export type VisitMember = (bytes: Buffer, offset: number, length: number, score: number) => void;

/** Words are read behind the end of what is packed. */
const SPARE_BYTES = 8;

const NO_BYTES = Buffer.alloc(0);
let viewedBytes: Buffer = NO_BYTES;
let view: DataView = new DataView(NO_BYTES.buffer, NO_BYTES.byteOffset, 0);

/** A view of the same memory, kept for the next call with the same buffer. */
export function viewOf(bytes: Buffer): DataView {
  if (bytes !== viewedBytes) {
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    viewedBytes = bytes;
  }
  return view;
}

/** A sorted set that was opened, or none; good until the next change of its key. */
export class SortedSetReading {
  /** Score of the member that was found last. */
  score = 0;
  /** The ranks a range method found: `matched` from `first` on. */
  first = 0;
  matched = 0;
  // The member `pick` found.
  memberSource: Buffer = NO_BYTES;
  memberAt = 0;
  memberBytes = 0;
  protected readonly packed = new PackedSortedSet();
  protected large: LargeSortedSet | null = null;
  protected readonly element = new ElementBytes();

  /**
   * Opens the sorted set of a key.
   * @returns its entry, 0 when there is none (then it has no members), NOT_HERE, FULL, UNREADABLE
   *   or OTHER_TYPE
   */
  open(c: CommandContext, index: number): number {
    const entry = c.openCollection(index, TYPE_ZSET);
    if (entry > 0) this.attach(c);
    else this.attachNone();
    return entry;
  }

  /** The same for a command that will not change it, whatever else it does. */
  openSource(c: CommandContext, index: number): number {
    const entry = c.openSource(index, TYPE_ZSET);
    if (entry > 0) this.attach(c);
    else this.attachNone();
    return entry;
  }

  /** The same for a command that only reads one key; it counts as a hit or a miss. */
  openRead(c: CommandContext, index: number): number {
    const entry = this.open(c, index);
    if (entry >= 0) c.countRead(entry, index);
    else if (entry === OTHER_TYPE) c.stats.hits++;
    return entry;
  }

  /** Reads the value opened last. */
  attach(c: CommandContext): void {
    const { collection } = c;
    if (collection === null) {
      this.large = null;
      this.packed.open(c.valueBytes, c.table.view, c.valueOffset, c.valueLength);
    } else {
      invariant(collection instanceof LargeSortedSet, 'a large sorted set is one');
      this.large = collection;
    }
  }

  /** Reads a sorted set without members. */
  attachNone(): void {
    this.large = null;
    this.packed.openEmpty();
  }

  get count(): number {
    return this.large === null ? this.packed.count : this.large.count;
  }

  /** True in the large form, where Redis would have a skiplist. */
  get isLarge(): boolean {
    return this.large !== null;
  }

  /** Looks up the member at an argument index: its score in `score`. */
  findArgument(c: CommandContext, index: number): boolean {
    const { request } = c;
    const offset = request.offset(index);
    const length = request.length(index);
    if (this.large !== null) return this.find(request.bytes, offset, length);
    this.element.set(request.bytes, request.view, offset, length);
    return this.#findElement();
  }

  /** Looks up a member. */
  find(bytes: Buffer, offset: number, length: number): boolean {
    const { large } = this;
    if (large === null) {
      this.element.set(bytes, viewOf(bytes), offset, length);
      return this.#findElement();
    }
    if (!large.get(bytes, offset, length)) return false;
    this.score = large.score;
    return true;
  }

  #findElement(): boolean {
    if (!this.packed.find(this.element)) return false;
    this.score = this.packed.score;
    return true;
  }

  /** Returns how many members are before that at an argument index, or -1; its score in `score`. */
  rankArgument(c: CommandContext, index: number, downwards: boolean): number {
    const { request } = c;
    const { large } = this;
    if (large !== null) {
      const offset = request.offset(index);
      const rank = large.rank(downwards, request.bytes, offset, request.length(index));
      this.score = large.score;
      return rank;
    }
    if (!this.findArgument(c, index)) return -1;
    return downwards ? this.count - 1 - this.packed.index : this.packed.index;
  }

  /** Visits `count` members from a rank on, upwards, or downwards from it to lower ranks. */
  walk(first: number, count: number, downwards: boolean, visit: VisitMember): void {
    const { large, packed } = this;
    if (large !== null) {
      large.walk(first, count, downwards, (member, score) =>
        visit(member.bytes, member.offset, member.length, score),
      );
      return;
    }
    if (!packed.seek(first)) return;
    for (let left = count; left > 0; left--) {
      packed.read();
      visit(packed.bytes, packed.memberAt, packed.memberBytes, packed.score);
      if (!(downwards ? packed.previous() : packed.next())) return;
    }
  }

  /** Finds the ranks from `start` to `end`, which count from the end where they are below 0. */
  matchRanks(start: number, end: number): void {
    const { count } = this;
    const first = Math.max(0, start < 0 ? start + count : start);
    const last = Math.min(count - 1, end < 0 ? end + count : end);
    this.first = first;
    this.matched = Math.max(0, last - first + 1);
  }

  /** Finds the ranks of the scores in a range. O(log n) when large. */
  matchScores(range: ScoreRange): void {
    const { large, packed } = this;
    if (large !== null) {
      const found = large.ranksByScore(range);
      this.first = found.first;
      this.matched = found.count;
      return;
    }
    const { min, max, minExclusive, maxExclusive } = range;
    this.matched = 0;
    if (min > max || (min === max && (minExclusive || maxExclusive))) return;
    if (!packed.seekFirst(min, minExclusive)) return;
    this.first = packed.index;
    do {
      packed.read();
      if (packed.score > max || (maxExclusive && packed.score === max)) break;
      this.matched++;
    } while (packed.next());
  }

  /**
   * Finds the ranks of the members in a range. Where scores differ it means little: then it is, as
   * in a listpack of Redis, the first run of members that fit, or the last.
   */
  matchLex(range: LexRange, downwards: boolean): void {
    const { large } = this;
    if (large !== null) {
      const found = large.ranksByMember(range);
      this.first = found.first;
      this.matched = found.count;
      return;
    }
    this.matched = 0;
    if (isEmptyLex(range) || this.count === 0) return;
    const { packed } = this;
    packed.seek(0);
    if (!this.#isUpTo(range.max)) return;
    packed.seek(packed.count - 1);
    if (!this.#isFrom(range.min)) return;
    if (downwards) this.#runDownwards(range);
    else this.#runUpwards(range);
  }

  #runUpwards({ min, max }: LexRange): void {
    const { packed } = this;
    packed.seek(0);
    while (!this.#isFrom(min)) packed.next();
    this.first = packed.index;
    let fits = this.#isUpTo(max);
    while (fits) {
      this.matched++;
      fits = packed.next() && this.#isUpTo(max);
    }
  }

  #runDownwards({ min, max }: LexRange): void {
    const { packed } = this;
    packed.seek(packed.count - 1);
    while (!this.#isUpTo(max)) packed.previous();
    let fits = this.#isFrom(min);
    while (fits) {
      this.matched++;
      this.first = packed.index;
      fits = packed.previous() && this.#isFrom(min);
    }
  }

  /** Whether the member the cursor stands on is not before a lower bound. */
  #isFrom(bound: LexBound): boolean {
    if (typeof bound === 'string') return bound === 'lowest';
    const order = this.#compareTo(bound.member);
    return bound.exclusive ? order > 0 : order >= 0;
  }

  /** Whether it is not behind an upper bound. */
  #isUpTo(bound: LexBound): boolean {
    if (typeof bound === 'string') return bound === 'highest';
    const order = this.#compareTo(bound.member);
    return bound.exclusive ? order < 0 : order <= 0;
  }

  #compareTo(member: Buffer): number {
    const { packed, element } = this;
    packed.read();
    element.set(member, viewOf(member), 0, member.length);
    return element.compareTo(packed.view, packed.memberAt, packed.memberBytes);
  }

  /** Picks a member, each with the same probability, into the fields above; there is one. */
  pick(random: Random): void {
    const { large, packed } = this;
    if (large !== null) {
      invariant(large.pick(), 'there is a member to pick');
      const { member } = large;
      this.#name(member.bytes, member.offset, member.length, large.score);
    } else {
      packed.seek(random.below(packed.count));
      packed.read();
      this.#name(packed.bytes, packed.memberAt, packed.memberBytes, packed.score);
    }
  }

  #name(bytes: Buffer, offset: number, length: number, score: number): void {
    this.memberSource = bytes;
    this.memberAt = offset;
    this.memberBytes = length;
    this.score = score;
  }

  /** Visits so many distinct members of a large one, chosen fairly, in no order. */
  sample(wanted: number, visit: VisitMember): void {
    this.large?.sample(wanted, ({ bytes, offset, length }, score) =>
      visit(bytes, offset, length, score),
    );
  }

  /** Visits `count` members from a rank on, upwards, until the visitor says false. */
  each(
    first: number,
    count: number,
    visit: (bytes: Buffer, offset: number, length: number, score: number) => boolean,
  ): void {
    const end = first + count;
    if (count > 0)
      for (let at = this.page(first, end, visit); at !== 0; ) at = this.page(at, end, visit);
  }

  /**
   * Visits a page of members from a rank on, upwards, until the visitor says false.
   * @param end the rank behind the last one, at most `count`
   * @returns the next rank, 0: at the end
   */
  page(
    first: number,
    end: number,
    visit: (bytes: Buffer, offset: number, length: number, score: number) => boolean,
  ): number {
    let goesOn = true;
    const see: VisitMember = (bytes, offset, length, score) => {
      if (goesOn) goesOn = visit(bytes, offset, length, score);
    };
    const wanted = Math.min(this.large === null ? SLICE_PAGE : pageOf(this.large), end - first);
    if (wanted > 0) this.walk(first, wanted, false, see);
    return goesOn && first + wanted < end ? first + wanted : 0;
  }

  /** The large one that is open, null: it is packed. */
  get collection(): LargeSortedSet | null {
    return this.large;
  }

  /** Copies a packed one out of the table, so that it stays what it is. */
  detach(): void {
    if (this.large === null) this.#openCopy(this.packed);
  }

  /** Returns the same sorted set for somebody else, detached. */
  taken(): SortedSetReading {
    const zset = new SortedSetReading();
    zset.large = this.large;
    if (this.large === null) zset.#openCopy(this.packed);
    return zset;
  }

  #openCopy({ bytes, offset, length }: PackedSortedSet): void {
    if (length === 0) {
      this.packed.openEmpty();
      return;
    }
    const copy = Buffer.alloc(length + SPARE_BYTES);
    bytes.copy(copy, 0, offset, offset + length);
    const view = new DataView(copy.buffer, copy.byteOffset, copy.length);
    this.packed.open(copy, view, 0, length);
  }

  /** True when a reply of `count` members is put off: it is `paged`, of ranks, or `pagedPicks`. */
  isLong(c: CommandContext, count: number): boolean {
    return this.large !== null && count > c.sliceElements;
  }

  /** Visits ranks of a large one as work for later, as `walk` does; `head` comes before them. */
  paged(
    head: () => void,
    first: number,
    count: number,
    downwards: boolean,
    visit: VisitMember,
  ): PagedReply {
    const zset = this.taken();
    const page = pageOf(this.large!);
    return new PagedReply(this.large, head, (done) => {
      const wanted = Math.min(page, count - done);
      zset.walk(downwards ? first - done : first + done, wanted, downwards, visit);
      return done + wanted < count ? done + wanted : 0;
    });
  }

  /** The same for `wanted` picks, each among all members. */
  pagedPicks(c: CommandContext, head: () => void, wanted: number, visit: VisitMember): PagedReply {
    const zset = this.taken();
    return new PagedReply(this.large, head, (done) => {
      const end = Math.min(wanted, done + SLICE_PAGE);
      for (let i = done; i < end && !c.reply.overflowed; i++) {
        zset.pick(c.random);
        visit(zset.memberSource, zset.memberAt, zset.memberBytes, zset.score);
      }
      return end < wanted ? end : 0;
    });
  }

  /** Visits a page of members from a cursor on; a packed one is one page. Returns the next. */
  scan(cursor: number, wanted: number, visit: VisitMember): number {
    const { large } = this;
    if (large === null) {
      this.walk(0, this.count, false, visit);
      return 0;
    }
    return large.scan(cursor, wanted, ({ bytes, offset, length }, score) =>
      visit(bytes, offset, length, score),
    );
  }
}

/** True when no member can be in a range, as Redis decides before it looks. */
function isEmptyLex({ min, max }: LexRange): boolean {
  if (min === 'highest' || max === 'lowest') return true;
  if (typeof min === 'string' || typeof max === 'string') return false;
  const order = min.member.compare(max.member);
  return order > 0 || (order === 0 && (min.exclusive || max.exclusive));
}
