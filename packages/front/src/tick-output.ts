// The replies of one turn of the event loop. They are written behind each other into the
// thread's ReplyWriter and leave at the end of the tick, one write per socket. Messages of channels
// leave with them, each where it came between the replies of its connection. Whatever must happen
// before they may be seen (the log's write) goes to `settle`: it says whether they may.

import { LOST, type ThreadStats, UNSETTLED } from '@forgekv/commands';
import type { ReplyWriter } from '@forgekv/protocol';
import { CLOSING, type Connection } from './connection.ts';
import type { MessagePart } from './message-form.ts';
import { MessageRun } from './message-run.ts';

/** A segment longer than this leaves as bytes; shorter ones as a string, which is cheaper. */
const STRING_WRITE_BYTES = 16 * 1024;
const SEGMENTS = 256;
/** In place of where a segment begins: it is a run of messages. */
const MESSAGES = -1;

export class TickOutput {
  readonly #writer: ReplyWriter;
  readonly #stats: ThreadStats;
  readonly #settle: () => number;
  readonly #afterFlush: () => void;
  #owners: Connection[] = [];
  #bounds = new Int32Array(SEGMENTS * 2);
  readonly #closing: Connection[] = [];
  /** The runs of messages of this tick. */
  #runs: MessageRun[] = [];
  #empty = MessageRun.empty();
  /** The connection whose commands are being executed, and where its replies begin. */
  #current: Connection | null = null;
  #currentStart = 0;
  /** Bytes of messages to be written in this tick. */
  messageBytes = 0;
  readonly #delivered: (connection: Connection) => void;
  #scheduled = false;
  #isWaiting = false;
  readonly #end = (): void => {
    this.flush();
  };

  /**
   * @param settle says whether what was written may leave
   * @param delivered is told whom messages were written to
   */
  constructor(
    writer: ReplyWriter,
    stats: ThreadStats,
    settle: () => number,
    afterFlush: () => void,
    delivered: (connection: Connection) => void,
  ) {
    this.#delivered = delivered;
    this.#writer = writer;
    this.#stats = stats;
    this.#settle = settle;
    this.#afterFlush = afterFlush;
  }

  /** Makes sure that the tick ends with a flush, replies or not. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#end);
  }

  /** The bytes from `start` to the writer's position are replies of a connection. */
  add(connection: Connection, start: number): void {
    const end = this.#writer.position;
    if (end === start) return;
    const count = this.#owners.length;
    if (connection.messagesAt >= 0) {
      connection.messagesAt = -1;
    } else if (count > 0 && this.#owners[count - 1] === connection) {
      this.#bounds[count * 2 - 1] = end;
      return;
    }
    this.#push(connection, start, end);
  }

  #push(connection: Connection, start: number, end: number): void {
    const count = this.#owners.length;
    if (count * 2 === this.#bounds.length) {
      const grown = new Int32Array(count * 4);
      grown.set(this.#bounds);
      this.#bounds = grown;
    }
    this.#owners.push(connection);
    this.#bounds[count * 2] = start;
    this.#bounds[count * 2 + 1] = end;
    this.schedule();
  }

  /** From now on a connection's replies are written, until `end`. */
  begin(connection: Connection): void {
    this.#current = connection;
    this.#currentStart = this.#writer.position;
  }

  /**
   * The bytes written since `begin` are replies of its connection. There may be none, by CLIENT
   * REPLY; the tick ends all the same, since others may wait for what it did.
   */
  end(connection: Connection): void {
    this.#current = null;
    this.add(connection, this.#currentStart);
    this.schedule();
  }

  /** True for the connection whose replies are being written. */
  isServed(connection: Connection): boolean {
    return connection === this.#current;
  }

  /** Forgets the bytes written since `begin`. */
  abandon(): void {
    this.#current = null;
    this.#writer.position = this.#currentStart;
    this.schedule();
  }

  /** Sends a message to a connection, behind what was written to it before. */
  deliver(connection: Connection, part: MessagePart): void {
    if (connection === this.#current) {
      this.add(connection, this.#currentStart);
      this.#currentStart = this.#writer.position;
    }
    this.messageBytes += part.length;
    if (connection.messagesAt >= 0) {
      this.#runs[connection.messagesAt] = this.#runs[connection.messagesAt]!.with(part);
      return;
    }
    connection.messagesAt = this.#runs.length;
    this.#runs.push(this.#empty.with(part));
    this.#push(connection, MESSAGES, connection.messagesAt);
  }

  /** Closes a connection at the end of the tick, behind its replies. */
  close(connection: Connection): void {
    connection.state = CLOSING;
    this.#closing.push(connection);
    this.schedule();
  }

  /** True when replies wait for the end of the tick. */
  get isPending(): boolean {
    return this.#owners.length > 0 || this.#closing.length > 0;
  }

  /**
   * True while replies wait for other threads' ticks. What is executed meanwhile would wait too,
   * and could make them wait for more, so nothing should be.
   */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /**
   * Ends the tick: log first, then the sockets.
   * @returns false when replies may not leave yet; it is tried again in the next turn
   */
  flush(): boolean {
    this.#scheduled = false;
    const answer = this.#settle();
    this.#isWaiting = answer === UNSETTLED;
    if (this.#isWaiting) {
      this.schedule();
      return false;
    }
    // Who reads the last reply of a connection must find it gone.
    for (const connection of this.#closing) connection.listening?.end();
    if (answer === LOST) this.#drop();
    else this.#send();
    for (const connection of this.#closing) connection.end();
    this.#closing.length = 0;
    this.#writer.reset();
    this.#afterFlush();
    return true;
  }

  /** What was done cannot be told apart from what was not: nobody gets an answer. */
  #drop(): void {
    this.#owners.forEach((connection, i) => {
      // Messages may get lost; those who listen did not ask for anything.
      if (this.#bounds[i * 2] !== MESSAGES || connection.getsInvalidations) connection.drop();
      connection.messagesAt = -1;
    });
    this.#sent();
  }

  #sent(): void {
    this.#owners.length = 0;
    if (this.#runs.length === 0) return;
    this.#runs = [];
    this.#empty = MessageRun.empty();
    this.messageBytes = 0;
  }

  #send(): void {
    const owners = this.#owners;
    const { buffer } = this.#writer;
    for (let i = 0; i < owners.length; i++) {
      const connection = owners[i]!;
      const start = this.#bounds[i * 2]!;
      const end = this.#bounds[i * 2 + 1]!;
      const { socket } = connection;
      if (start === MESSAGES) {
        this.#sendRun(connection, this.#runs[end]!);
        continue;
      }
      if (socket.destroyed || connection.ended) continue;
      this.#stats.outputBytes += end - start;
      connection.outputBytes += end - start;
      if (end - start <= STRING_WRITE_BYTES) {
        socket.write(buffer.toString('latin1', start, end), 'latin1');
      } else {
        socket.write(Buffer.from(buffer.subarray(start, end)));
      }
    }
    this.#sent();
  }

  #sendRun(connection: Connection, run: MessageRun): void {
    connection.messagesAt = -1;
    const { socket } = connection;
    if (socket.destroyed || connection.ended) return;
    this.#stats.outputBytes += run.length;
    connection.outputBytes += run.length;
    const { chunks } = run;
    if (chunks.length > 1) socket.cork();
    for (const chunk of chunks) {
      if (typeof chunk === 'string') socket.write(chunk, 'latin1');
      else socket.write(chunk);
    }
    if (chunks.length > 1) socket.uncork();
    this.#delivered(connection);
  }
}
