// The arguments of XREAD and XREADGROUP, but for the ids.

import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER, ERR_SYNTAX } from '../errors.ts';
import { readInteger } from '../list/index-argument.ts';

const ERR_TIMEOUT = 'ERR timeout is not an integer or out of range';
const ERR_TIMEOUT_NEGATIVE = 'ERR timeout is negative';
const ERR_TIMEOUT_RANGE = 'ERR timeout is out of range';
const ERR_GROUP = 'ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.';
const ERR_NOACK = 'ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.';
const ERR_NO_GROUP = 'ERR Missing GROUP option for XREADGROUP';
/** Redis: later ones say which of the two commands it was. */
const ERR_UNBALANCED =
  "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.";
const MOST_MS = 2 ** 63;

/** What was read last. */
class ReadOptions {
  /** 0: all. */
  count = 0;
  /** 0: for ever; below 0: it does not wait. */
  timeoutMs = -1;
  isNoAck = false;
  /** The argument that is the group, and behind it the consumer; 0: none. */
  groupAt = 0;
  /** The first key, and how many there are; the ids come behind them. */
  firstKey = 0;
  keys = 0;

  /** Returns '' or an error reply. */
  read(c: CommandContext, isGroup: boolean): string {
    this.count = 0;
    this.timeoutMs = -1;
    this.isNoAck = false;
    this.groupAt = 0;
    this.firstKey = 0;
    const { request } = c;
    for (let i = 1; i < request.argc && this.firstKey === 0; i++) {
      const more = request.argc - i - 1;
      let problem = '';
      if (more > 0 && request.is(i, 'block')) problem = this.#readTimeout(c, ++i);
      else if (more > 0 && request.is(i, 'count')) problem = this.#readCount(c, ++i);
      else if (more > 0 && request.is(i, 'streams')) problem = this.#readKeys(c, i + 1);
      else if (more > 1 && request.is(i, 'group')) {
        if (!isGroup) return ERR_GROUP;
        this.groupAt = i + 1;
        i += 2;
      } else if (request.is(i, 'noack')) {
        if (!isGroup) return ERR_NOACK;
        this.isNoAck = true;
      } else {
        return ERR_SYNTAX;
      }
      if (problem !== '') return problem;
    }
    if (this.firstKey === 0) return ERR_SYNTAX;
    return isGroup && this.groupAt === 0 ? ERR_NO_GROUP : '';
  }

  #readTimeout(c: CommandContext, index: number): string {
    const timeoutMs = readInteger(c, index);
    if (Number.isNaN(timeoutMs)) return ERR_TIMEOUT;
    if (timeoutMs < 0) return ERR_TIMEOUT_NEGATIVE;
    if (timeoutMs >= MOST_MS - c.nowMs) return ERR_TIMEOUT_RANGE;
    this.timeoutMs = timeoutMs;
    return '';
  }

  #readCount(c: CommandContext, index: number): string {
    const count = readInteger(c, index);
    if (Number.isNaN(count)) return ERR_NOT_INTEGER;
    this.count = Math.max(0, count);
    return '';
  }

  #readKeys(c: CommandContext, first: number): string {
    const rest = c.request.argc - first;
    if (rest % 2 !== 0) return ERR_UNBALANCED;
    this.firstKey = first;
    this.keys = rest / 2;
    return '';
  }
}

export const readOptions = new ReadOptions();
