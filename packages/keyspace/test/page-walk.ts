// Part of the integrity check: every page of the pool is free or belongs to a shard, its free
// chain and counts agree, and the lists of pages hold exactly the pages they should.

import { SHARD_COUNT } from '@forgekv/base';
import type { Arena } from '../src/arena.ts';
import {
  ENTRY_META,
  PAGE_BUMPED,
  PAGE_FREE_HEAD,
  PAGE_NEXT,
  PAGE_OWNER,
  PAGE_PREVIOUS,
  PAGE_RECORD_WORDS,
  PAGE_USED,
  PAGE_WORDS_SHIFT,
  POOL_BUMP,
  POOL_FREE_COUNT,
  POOL_FREE_HEAD,
  POOL_LOCK,
  POOL_PROMISED,
  SHARD_BLOCK_WORDS,
  SHARD_CLASS_HEADS,
  TYPE_FREE,
} from '../src/layout.ts';
import { CLASS_SLOTS, INDEX_CLASS, slotBytes } from '../src/size-classes.ts';

/** Collects problems, up to a number that a reader can take in. */
export class Problems {
  readonly list: string[] = [];
  add(text: string): void {
    if (this.list.length < 20) this.list.push(text);
  }
  expect(condition: boolean, text: string): void {
    if (!condition) this.add(text);
  }
}

export interface PageFacts {
  readonly page: number;
  /** -1: in the pool. */
  readonly shard: number;
  readonly sizeClass: number;
  readonly used: number;
  readonly bumped: number;
  /** Word indexes of the free slots that were in use before. */
  readonly free: ReadonlySet<number>;
}

/** Reads and checks all pages. Nobody may change the arena meanwhile. */
export function walkPages(arena: Arena, problems: Problems): PageFacts[] {
  const { words } = arena;
  const taken = words[POOL_BUMP]!;
  problems.expect(words[POOL_LOCK] === 0, 'the pool is locked');
  problems.expect(words[POOL_PROMISED] === 0, `${words[POOL_PROMISED]} pages are still promised`);
  problems.expect(taken <= arena.pageCount, `${taken} of ${arena.pageCount} pages were taken`);
  const pages = Array.from({ length: taken }, (_, page) => readPage(arena, page, problems));
  checkFreePages(arena, pages, problems);
  for (let shard = 0; shard < SHARD_COUNT; shard++) {
    for (let sizeClass = 0; sizeClass <= INDEX_CLASS; sizeClass++) {
      checkList(arena, pages, shard, sizeClass, problems);
    }
  }
  return pages;
}

/** Returns the facts of the page a slot lies in, when it is a slot that is in use. */
export function pageOfSlot(arena: Arena, pages: PageFacts[], slot: number): PageFacts | null {
  const facts = pages[(slot - arena.pages) >> PAGE_WORDS_SHIFT];
  if (slot < arena.pages || facts === undefined || facts.shard < 0) return null;
  const stride = slotBytes(facts.sizeClass) >> 2;
  const distance = slot - firstSlot(arena, facts.page);
  const isSlot = distance % stride === 0 && distance / stride < facts.bumped;
  return isSlot && !facts.free.has(slot) ? facts : null;
}

function firstSlot(arena: Arena, page: number): number {
  return arena.pages + (page << PAGE_WORDS_SHIFT);
}

function readPage(arena: Arena, page: number, problems: Problems): PageFacts {
  const { words } = arena;
  const record = arena.pageTable + page * PAGE_RECORD_WORDS;
  const owner = words[record + PAGE_OWNER]!;
  const none = { page, shard: -1, sizeClass: -1, used: 0, bumped: 0, free: new Set<number>() };
  if (owner === -1) return none;
  const [shard, sizeClass] = [owner >> 8, owner & 255];
  if (shard < 0 || shard >= SHARD_COUNT || sizeClass > INDEX_CLASS) {
    problems.add(`page ${page} has the owner ${owner}`);
    return none;
  }
  const used = words[record + PAGE_USED]!;
  const bumped = words[record + PAGE_BUMPED]!;
  const most = CLASS_SLOTS[sizeClass]!;
  problems.expect(used >= 1 && used <= most, `page ${page} of ${most} slots uses ${used}`);
  problems.expect(bumped <= most && bumped >= used, `page ${page}: ${bumped} bumped, ${used} used`);
  const free = freeSlots(arena, page, sizeClass, bumped, problems);
  problems.expect(free.size === bumped - used, `page ${page}: ${bumped} - ${used} is ${free.size}`);
  return { page, shard, sizeClass, used, bumped, free };
}

function freeSlots(
  arena: Arena,
  page: number,
  sizeClass: number,
  bumped: number,
  problems: Problems,
): Set<number> {
  const { words } = arena;
  const free = new Set<number>();
  const stride = slotBytes(sizeClass) >> 2;
  let slot = words[arena.pageTable + page * PAGE_RECORD_WORDS + PAGE_FREE_HEAD]!;
  for (; slot !== 0; slot = words[slot]!) {
    const distance = slot - firstSlot(arena, page);
    if (distance < 0 || distance % stride !== 0 || distance / stride >= bumped || free.has(slot)) {
      problems.add(`page ${page} of class ${sizeClass}: its free chain leads to word ${slot}`);
      break;
    }
    free.add(slot);
    if (sizeClass === INDEX_CLASS) continue;
    const type = (words[slot + ENTRY_META]! >>> 16) & 255;
    problems.expect(type === TYPE_FREE, `the free slot ${slot} of page ${page} has type ${type}`);
  }
  return free;
}

function checkFreePages(arena: Arena, pages: PageFacts[], problems: Problems): void {
  const { words } = arena;
  const seen = new Set<number>();
  for (let page = words[POOL_FREE_HEAD]! - 1; page >= 0; ) {
    if (seen.has(page) || pages[page]?.shard !== -1) {
      problems.add(`page ${page} is in the pool's list and ${seen.has(page) ? 'twice' : 'owned'}`);
      break;
    }
    seen.add(page);
    page = words[arena.pageTable + page * PAGE_RECORD_WORDS + PAGE_NEXT]! - 1;
  }
  const unowned = pages.filter(({ shard }) => shard < 0).length;
  problems.expect(
    seen.size === unowned,
    `${unowned} pages without owner, ${seen.size} in the list`,
  );
  const counted = words[POOL_FREE_COUNT]!;
  problems.expect(counted === seen.size, `${counted} free pages counted, ${seen.size} in the list`);
}

/** The list of a shard's pages of a class that have free slots. */
function checkList(
  arena: Arena,
  pages: PageFacts[],
  shard: number,
  sizeClass: number,
  problems: Problems,
): void {
  const { words } = arena;
  const name = `list of shard ${shard}, class ${sizeClass}`;
  const seen = new Set<number>();
  let previous = 0;
  let next = words[arena.shards + shard * SHARD_BLOCK_WORDS + SHARD_CLASS_HEADS + sizeClass]!;
  while (next !== 0) {
    const page = next - 1;
    const facts = pages[page];
    if (facts?.shard !== shard || facts.sizeClass !== sizeClass || seen.has(page)) {
      problems.add(`${name} holds page ${page} of shard ${facts?.shard}`);
      return;
    }
    seen.add(page);
    const record = arena.pageTable + page * PAGE_RECORD_WORDS;
    problems.expect(words[record + PAGE_PREVIOUS] === previous, `${name}: back link of ${page}`);
    problems.expect(facts.used < CLASS_SLOTS[sizeClass]!, `${name}: page ${page} is full`);
    previous = next;
    next = words[record + PAGE_NEXT]!;
  }
  const expected = pages.filter(
    (facts) =>
      facts.shard === shard &&
      facts.sizeClass === sizeClass &&
      facts.used < CLASS_SLOTS[sizeClass]!,
  ).length;
  problems.expect(seen.size === expected, `${name}: ${seen.size} pages, ${expected} have room`);
}
