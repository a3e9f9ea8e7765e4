// Members that a command has found and will reply, however many: copies in pieces, so that none of
// them has to grow for long, and the reply is written piece by piece.

import type { CommandContext } from '../context.ts';
import { MemberList } from './member-list.ts';

/** A piece is full with so many bytes, or members. */
const PIECE_BYTES = 64 * 1024;
const PIECE_MEMBERS = 4096;

export class FoundMembers {
  count = 0;
  /** The first is used again and again. */
  readonly #pieces: MemberList[] = [new MemberList()];
  #last: MemberList = this.#pieces[0]!;
  /** The piece that is to be replied next. */
  #next = 0;

  clear(): void {
    if (this.#pieces.length > 1) this.#pieces.length = 1;
    this.#last = this.#pieces[0]!;
    this.#last.clear();
    this.count = 0;
    this.#next = 0;
  }

  /** Adds a copy of a member. */
  add(bytes: Uint8Array, offset: number, length: number): void {
    const last = this.#last;
    if (last.totalBytes >= PIECE_BYTES || last.count >= PIECE_MEMBERS) {
      this.#last = new MemberList();
      this.#pieces.push(this.#last);
    }
    this.#last.add(bytes, offset, length);
    this.count++;
  }

  /** Replies the next piece and forgets it; true at the end, where nothing is left. */
  replyPiece({ reply }: CommandContext): boolean {
    const piece = this.#pieces[this.#next]!;
    const { bytes, count } = piece;
    for (let i = 0; i < count; i++) reply.bulk(bytes, piece.offset(i), piece.length(i));
    if (++this.#next === this.#pieces.length) {
      this.clear();
      return true;
    }
    piece.clear();
    return false;
  }
}
