// ACL LOG: what was refused lately. The same refusal within a minute is one entry with a count.
// Each thread keeps what it has refused, and hands it over when somebody asks; the main thread has
// the log of all.

import type { ClientFacts } from '../session.ts';

/** What was refused. Plain data. */
export interface Denial {
  readonly reason: 'command' | 'key' | 'channel' | 'auth';
  readonly context: 'toplevel' | 'multi' | 'lua';
  /** The command, key, channel, or what was called to log in; as latin-1. */
  readonly object: string;
  readonly user: string;
  /** Who has asked; a worker knows only the number. */
  readonly client: ClientFacts | number;
}

/** The same, with how often and when. */
export interface DenialRecord {
  readonly denial: Denial;
  readonly count: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface AclLogEntry extends DenialRecord {
  readonly id: number;
}

/** Entries within this time are put together. */
const TOGETHER_MS = 60_000;
/** Only the newest are looked at for that. */
const LOOKED_AT = 10;
/** More of a name is not kept. */
const MOST_CHARS = 1024;
/** A thread keeps so many that nobody has asked for; the oldest go. */
const MOST_KEPT = 1024;

/** What one thread has refused since it was asked last. */
export class DenialBook {
  #records: DenialRecord[] = [];

  add(denial: Denial, nowMs: number): void {
    const times = { createdAtMs: nowMs, updatedAtMs: nowMs };
    const object = denial.object.slice(0, MOST_CHARS);
    put(this.#records, { denial: { ...denial, object }, count: 1, ...times });
    if (this.#records.length > MOST_KEPT) this.#records.pop();
  }

  /** The newest first. */
  take(): readonly DenialRecord[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }
}

export class AclLog {
  #entries: AclLogEntry[] = [];
  #lastId = -1;

  /**
   * Takes what threads have refused, in any order.
   * @param most `acllog-max-len`
   */
  add(records: readonly DenialRecord[], most: number): void {
    // The sort is stable: what a thread has noted in the same millisecond stays in its order.
    const oldestFirst = [...records].reverse().sort((a, b) => a.updatedAtMs - b.updatedAtMs);
    for (const record of oldestFirst) {
      put(this.#entries, record, (entry) => ({ ...entry, id: ++this.#lastId }));
    }
    // Some threads are asked later than others.
    this.#entries.sort((a, b) => b.updatedAtMs - a.updatedAtMs);
    if (this.#entries.length > most) this.#entries.length = most;
  }

  /** The newest entries. */
  newest(count: number): readonly AclLogEntry[] {
    return this.#entries.slice(0, count);
  }

  reset(): void {
    this.#entries = [];
  }
}

/** Puts a record in front, together with what is the same. */
function put<T extends DenialRecord>(
  records: T[],
  record: DenialRecord,
  make: (record: DenialRecord) => T = (same) => same as T,
): void {
  const { denial, count, updatedAtMs } = record;
  const at = records.findIndex(
    (other, i) =>
      i < LOOKED_AT &&
      record.createdAtMs - other.updatedAtMs <= TOGETHER_MS &&
      isSame(other.denial, denial),
  );
  if (at < 0) {
    records.unshift(make(record));
    return;
  }
  const [known] = records.splice(at, 1);
  records.unshift({ ...known!, denial, count: known!.count + count, updatedAtMs });
}

function isSame(a: Denial, b: Denial): boolean {
  return (
    a.reason === b.reason && a.context === b.context && a.object === b.object && a.user === b.user
  );
}
