// Keyspace notifications: what a command says about keys while it runs (`c.note`), and the messages
// that become of it when it has ended. Which event is said when is up to the commands.
//
// Messages are published before the locks of the command's shards are released: so those of one key
// are numbered in the order of its changes, whichever threads make them.
//
// A command that is refused runs again, and says again what it said; of the first time only that
// stays which has happened, whatever becomes of the command: that a key has expired.

import type { Publisher } from './channel-services.ts';

// Classes of events, one bit each: the letters of `notify-keyspace-events`.
export const EVENT_GENERIC = 1 << 0;
export const EVENT_STRING = 1 << 1;
export const EVENT_LIST = 1 << 2;
export const EVENT_SET = 1 << 3;
export const EVENT_HASH = 1 << 4;
export const EVENT_ZSET = 1 << 5;
export const EVENT_EXPIRED = 1 << 6;
export const EVENT_EVICTED = 1 << 7;
export const EVENT_STREAM = 1 << 8;
/** Types of modules. */
export const EVENT_MODULE = 1 << 9;
export const EVENT_NEW = 1 << 10;
/** A key that was to be read is missing. */
export const EVENT_MISS = 1 << 11;
/** Messages to the channel of the key, `__keyspace@<db>__:<key>`. */
const TO_KEYSPACE = 1 << 12;
/** Messages to the channel of the event, `__keyevent@<db>__:<event>`. */
const TO_KEYEVENT = 1 << 13;

/** By bit. */
const LETTERS = 'g$lshzxetdnmKE';
const ALL_OF_A = 'g$lshzxetd';

interface Note {
  readonly event: string;
  readonly key: Buffer;
  readonly db: number;
  /** It has happened, whatever becomes of the command. */
  readonly stays: boolean;
}

export class KeyEvents {
  #targets = 0;
  #notes: Note[] = [];

  /**
   * Takes over `notify-keyspace-events`.
   * @returns the classes that are on, 0 = notifications are off
   */
  configure(text: string): number {
    let bits = 0;
    for (const letter of text.replace('A', ALL_OF_A)) bits |= 1 << LETTERS.indexOf(letter);
    this.#targets = bits & (TO_KEYSPACE | TO_KEYEVENT);
    return this.#targets === 0 ? 0 : bits & ~this.#targets;
  }

  /** @param key is not copied */
  add(event: string, key: Buffer, db: number, stays: boolean): void {
    this.#notes.push({ event, key, db, stays });
  }

  /** Forgets what will be said again; returns how many notes are left. */
  forget(): number {
    this.#notes = this.#notes.filter(({ stays }) => stays);
    return this.#notes.length;
  }

  /** Publishes what was noted, in order. */
  publish(publisher: Publisher): void {
    const notes = this.#notes;
    this.#notes = [];
    for (const { event, key, db } of notes) {
      const name = Buffer.from(event, 'latin1');
      if ((this.#targets & TO_KEYSPACE) !== 0) {
        const head = Buffer.from(`__keyspace@${db}__:`, 'latin1');
        publisher.publishEvent(Buffer.concat([head, key]), name);
      }
      if ((this.#targets & TO_KEYEVENT) !== 0) {
        publisher.publishEvent(Buffer.from(`__keyevent@${db}__:${event}`, 'latin1'), key);
      }
    }
  }
}
