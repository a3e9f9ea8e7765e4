// Members that were popped from a large sorted set and are replied later, page by page: copies, or
// the sorted set itself when all of them went.

import type { CommandContext } from '../context.ts';
import { MemberList } from '../set/member-list.ts';
import { PagedReply, SLICE_PAGE } from '../sliced-work.ts';
import { MemberReply } from './reply-members.ts';
import type { SortedSetReading, VisitMember } from './sorted-set-reading.ts';

export class PoppedMembers {
  /** The work. */
  reply: PagedReply;
  readonly #count: number;
  readonly #head: () => void;
  readonly #shown = new MemberReply();
  readonly #members = new MemberList();
  readonly #scores: Float64Array;

  /** Sees members as they are popped. */
  readonly add: VisitMember = (bytes, offset, length, score) => {
    this.#scores[this.#members.count] = score;
    this.#members.add(bytes, offset, length);
  };

  /**
   * @param inPairs each member with its score as an array of two
   * @param key is replied, too
   */
  constructor(c: CommandContext, count: number, inPairs: boolean, key: Buffer | null) {
    this.#count = count;
    this.#scores = new Float64Array(count);
    this.#head = () => {
      if (key !== null) {
        c.reply.array(2);
        c.reply.bulk(key, 0, key.length);
      }
      this.#shown.begin(c, count, true, inPairs);
    };
    this.reply = new PagedReply(null, this.#head, (cursor) => this.#page(cursor));
  }

  /** Takes all members of a large sorted set, which nobody has any more; `add` sees none then. */
  takeAll(zset: SortedSetReading, downwards: boolean): void {
    const first = downwards ? zset.count - 1 : 0;
    this.reply = zset.paged(this.#head, first, this.#count, downwards, this.#shown.visit);
  }

  #page(cursor: number): number {
    const members = this.#members;
    const end = Math.min(this.#count, cursor + SLICE_PAGE);
    for (let i = cursor; i < end; i++) {
      this.#shown.visit(members.bytes, members.offset(i), members.length(i), this.#scores[i]!);
    }
    return end < this.#count ? end : 0;
  }
}
