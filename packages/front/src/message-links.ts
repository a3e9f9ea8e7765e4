// A front's rings to and from the other fronts: messages of PUBLISH go out, others' come in. Nobody
// waits for a ring: what does not fit stays in the outbox, and while too much does, nobody on this
// front may publish.

import type { ThreadStats } from '@forgekv/commands';
import {
  type Doorbell,
  INVALIDATION,
  KIND_MESSAGES_LOST,
  type Message,
  MessageIntake,
  messageBytes,
  putMessage,
  RingConsumer,
  RingProducer,
} from '@forgekv/rings';

/** Messages taken before the tick ends, in bytes. */
const POLL_BYTES = 1024 * 1024;
/** Messages that may wait for room in a ring before nobody may publish. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024;
/** What a message costs beside its bytes. */
const MESSAGE_OVERHEAD_BYTES = 64;

/** A front's links to another one. */
export interface FrontLink {
  readonly front: number;
  readonly outgoing: SharedArrayBuffer;
  readonly incoming: SharedArrayBuffer;
  readonly doorbell: Doorbell;
}

interface Link {
  readonly front: number;
  readonly ring: RingProducer;
  readonly incoming: RingConsumer;
  readonly intake: MessageIntake;
  /** The next message of this front, to be handed out when it is the oldest of all. */
  head: Message | null;
  readonly doorbell: Doorbell;
  outbox: Message[];
  /** Bytes in the outbox. */
  waiting: number;
  /** Bytes of the first message that are in the ring already. */
  sent: number;
  /** Messages per thread that were counted and will not be sent; empty: none. */
  lost: Map<number, number>;
}

export class MessageLinks {
  readonly #links: readonly Link[];
  readonly #byFront: (Link | undefined)[] = [];
  readonly #stats: ThreadStats;
  /** Bytes taken by this `poll`. */
  #polled = 0;

  constructor(links: readonly FrontLink[], stats: ThreadStats) {
    this.#stats = stats;
    this.#links = links.map(({ front, outgoing, incoming, doorbell }) => ({
      front,
      ring: new RingProducer(outgoing),
      incoming: new RingConsumer(incoming),
      intake: new MessageIntake(),
      head: null,
      doorbell,
      outbox: [],
      waiting: 0,
      sent: 0,
      lost: new Map(),
    }));
    for (const link of this.#links) this.#byFront[link.front] = link;
  }

  /** Sends a message at the next `flush`; its bytes stay as they are. */
  send(front: number, message: Message): void {
    const link = this.#byFront[front]!;
    link.outbox.push(message);
    link.waiting += sizeOf(message);
  }

  /** Bytes that wait for a front. */
  waitingFor(front: number): number {
    return this.#byFront[front]!.waiting;
  }

  /** True while so much waits for other fronts that no more should be published. */
  get isClogged(): boolean {
    return this.#links.some(({ waiting }) => waiting > MOST_WAITING_BYTES);
  }

  /** True when there is something for `flush`. */
  get hasWaiting(): boolean {
    return this.#links.some(({ outbox, lost }) => outbox.length > 0 || lost.size > 0);
  }

  /** Hands over what fits: once at the end of a tick, when its log is with the kernel. */
  flush(): void {
    for (const link of this.#links) {
      if (link.outbox.length > 0 || link.lost.size > 0) this.#fill(link);
      if (link.ring.publish()) link.doorbell.ring();
    }
  }

  /**
   * The log of the tick is lost: messages that might tell of it are not sent. That a key has
   * changed tells nothing; who is told looks at it again.
   */
  drop(): void {
    for (const link of this.#links) {
      // What has begun to leave was published in an earlier tick.
      const begun = link.sent > 0 ? link.outbox[0] : undefined;
      const kept: Message[] = [];
      for (const message of link.outbox) {
        const { counter } = message;
        if (message === begun || message.kind === INVALIDATION) kept.push(message);
        else link.lost.set(counter, (link.lost.get(counter) ?? 0) + 1);
      }
      link.outbox = kept;
      link.waiting = kept.reduce((sum, message) => sum + sizeOf(message), 0);
    }
  }

  #fill(link: Link): void {
    const { outbox } = link;
    let done = 0;
    while (done < outbox.length && this.#put(link, outbox[done]!)) done++;
    if (done < outbox.length) {
      this.#stats.ringFull++;
      outbox.splice(0, done);
      return;
    }
    outbox.length = 0;
    for (const [counter, count] of link.lost) {
      if (link.ring.reserve(0, KIND_MESSAGES_LOST, count, 0, counter, 0) < 0) return;
      link.lost.delete(counter);
    }
  }

  /** Puts a message, or what is left of it, into the ring; false: there is no room. */
  #put(link: Link, message: Message): boolean {
    link.sent = putMessage(link.ring, message, link.sent);
    if (link.sent < messageBytes(message)) return false;
    link.sent = 0;
    link.waiting -= sizeOf(message);
    return true;
  }

  /**
   * Hands out the messages there are, some POLL_BYTES at most, the oldest first: when somebody
   * publishes because of what he was told has been sent, that comes before.
   * @param deliver gets each message, whose bytes are valid until it returns
   * @param lost is told how many messages of a thread will not come
   * @returns true when there were any
   */
  poll(deliver: (message: Message) => void, lost: (thread: number, count: number) => void) {
    this.#polled = 0;
    let any = false;
    while (this.#polled < POLL_BYTES) {
      // Again and again: what is older than a message that was found can be seen by then.
      while (this.#findHeads(lost));
      const link = this.#oldest();
      if (link === null) break;
      any = true;
      const message = link.head!;
      link.head = null;
      deliver(message);
    }
    for (const link of this.#links) {
      if (link.head !== null) link.head = copyOf(link.head);
      if (link.incoming.release()) link.doorbell.ring();
    }
    return any || this.#polled > 0;
  }

  /** Takes the next message of each front of which none is known; true when there was any. */
  #findHeads(lost: (thread: number, count: number) => void): boolean {
    let found = false;
    for (const link of this.#links) {
      const { incoming, intake } = link;
      while (link.head === null && incoming.next()) {
        this.#polled += incoming.payloadBytes;
        if (incoming.kind === KIND_MESSAGES_LOST) lost(incoming.c, incoming.a);
        else if (intake.take(incoming)) link.head = intake.message;
        if (link.head !== null) found = true;
      }
    }
    return found;
  }

  #oldest(): Link | null {
    let oldest: Link | null = null;
    for (const link of this.#links) {
      if (link.head === null) continue;
      if (oldest === null || link.head.version < oldest.head!.version) oldest = link;
    }
    return oldest;
  }

  /** True when messages wait, or room for waiting ones may have come. */
  hasWork(): boolean {
    for (const { incoming, head, ring, outbox, lost } of this.#links) {
      const waits = outbox.length > 0 || lost.size > 0;
      if (incoming.pending || head !== null || (waits && ring.roomCame)) return true;
    }
    return false;
  }
}

function sizeOf(message: Message): number {
  return messageBytes(message) + MESSAGE_OVERHEAD_BYTES;
}

function copyOf(message: Message): Message {
  const { channel, body } = message;
  return { ...message, channel: Buffer.from(channel), body: Buffer.from(body) };
}
