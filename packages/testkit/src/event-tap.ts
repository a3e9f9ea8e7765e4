/**
 * Listens to the events of all keys of a server: two connections of its own, one that listens, and
 * one that marks how far the events have come. What expires or is evicted by itself is left out, as
 * nobody knows when.
 */

import type { Endpoint } from './open-socket.ts';
import { describeReply } from './reply.ts';
import { RespClient } from './resp-client.ts';

const CLASSES = 'E$glshzdmn';
const EVENTS = '__keyevent@*';
const MARK = '__keyevent@mark';

export class EventTap {
  readonly #listener: RespClient;
  readonly #marker: RespClient;
  #marks = 0;

  private constructor(listener: RespClient, marker: RespClient) {
    this.#listener = listener;
    this.#marker = marker;
  }

  /** Turns notifications on. @throws Error when the server cannot be reached or refuses. */
  static async open(endpoint: Endpoint, timeoutMs: number): Promise<EventTap> {
    const listener = await RespClient.connect({ ...endpoint, timeoutMs, resp: 3 });
    const marker = await RespClient.connect({ ...endpoint, timeoutMs });
    await marker.must('CONFIG', 'SET', 'notify-keyspace-events', CLASSES);
    await listener.exchange(Buffer.from(`PSUBSCRIBE ${EVENTS}\r\n`), 0);
    await listener.nextPush();
    return new EventTap(listener, marker);
  }

  /**
   * The events until now, channel and key, of commands that were answered.
   * @throws Error when the server is gone or stays silent
   */
  async take(): Promise<string[]> {
    const mark = `${this.#marks++}`;
    await this.#marker.must('PUBLISH', MARK, mark);
    const events: string[] = [];
    for (;;) {
      const push = await this.#listener.nextPush();
      if (push === undefined) throw new Error('events do not come any more');
      const shown = describeReply(push).replace(`["pmessage", "${EVENTS}", `, '[');
      if (shown.includes(`"${MARK}", "${mark}"`)) return withSortedMisses(events);
      events.push(shown);
    }
  }

  close(): void {
    this.#listener.destroy();
    this.#marker.destroy();
  }
}

/** SORT looks keys up in the order of a set's members, which is nobody's business. */
function withSortedMisses(events: readonly string[]): string[] {
  const sorted: string[] = [];
  let misses: string[] = [];
  for (const event of events) {
    if (event.includes('__:keymiss"')) {
      misses.push(event);
    } else {
      sorted.push(...misses.sort(), event);
      misses = [];
    }
  }
  return [...sorted, ...misses.sort()];
}

/** What the first event is that two servers do not agree on, or undefined. */
export function eventDifference(
  left: readonly string[],
  right: readonly string[],
): string | undefined {
  const most = Math.max(left.length, right.length);
  for (let i = 0; i < most; i++) {
    if (left[i] === right[i]) continue;
    const around = (events: readonly string[]): string =>
      events.slice(Math.max(0, i - 1), i + 2).join(' ');
    return `event ${i} differs: ${around(left)} and ${around(right)}`;
  }
  return undefined;
}
