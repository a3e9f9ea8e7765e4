// Members as replies: with scores flat in RESP2, as pairs in RESP3.

import type { CommandContext } from '../context.ts';
import type { VisitMember } from './sorted-set-reading.ts';

/** Writes the members that `visit` is told. One per command module, reused. */
export class MemberReply {
  #context: CommandContext | null = null;
  #withScores = false;
  #inPairs = false;

  /**
   * Writes the head of the reply.
   * @param count members that will come
   * @param inPairs each with its score as an array of two
   */
  begin(
    c: CommandContext,
    count: number,
    withScores: boolean,
    inPairs: boolean = withScores && c.reply.resp3,
  ): void {
    this.#context = c;
    this.#withScores = withScores;
    this.#inPairs = inPairs;
    c.reply.array(withScores && !inPairs ? count * 2 : count);
  }

  readonly visit: VisitMember = (bytes, offset, length, score) => {
    const { reply } = this.#context!;
    if (this.#inPairs) reply.array(2);
    reply.bulk(bytes, offset, length);
    if (this.#withScores) reply.double(score);
  };
}
