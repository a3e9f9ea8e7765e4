// The samples the page has, as columns: what charts want. As many as the server keeps.

export class Samples {
  #names = [];
  #columns = [];
  #most = 900;
  #last = -1;
  threads = [];
  /** Of the server whose samples these are. */
  startedAtMs = 0;

  /** Number of the newest sample, -1 = none. */
  get last() {
    return this.#last;
  }

  get length() {
    return this.#columns[0]?.length ?? 0;
  }

  /** Adds what the server sent; true when it is the first of this server. */
  take(part) {
    const isFirst = part.startedAtMs !== this.startedAtMs;
    if (isFirst) this.#begin(part);
    for (const row of part.rows) {
      for (let i = 0; i < row.length; i++) this.#columns[i].push(row[i]);
    }
    this.#last = part.last;
    const excess = this.length - this.#most;
    if (excess > 0) for (const column of this.#columns) column.splice(0, excess);
    return isFirst;
  }

  /** Begins anew: the numbers of another server mean nothing. */
  forget() {
    this.#last = -1;
    this.startedAtMs = 0;
  }

  #begin({ startedAtMs, threads, threadFields, processFields, samples }) {
    this.startedAtMs = startedAtMs;
    this.threads = threads;
    this.#most = samples;
    const perThread = threadFields.flatMap((field) => threads.map((name) => `${field}:${name}`));
    this.#names = ['time', ...perThread, ...processFields];
    this.#columns = this.#names.map(() => []);
  }

  /** All values of a field: 'keys', or 'busy:front-0' of a thread. */
  column(name) {
    return this.#columns[this.#names.indexOf(name)] ?? [];
  }

  /** The newest value of a field that is known. */
  latest(name) {
    return this.column(name).at(-1) ?? null;
  }

  /** The newest values of all threads of a field. */
  latestOfThreads(field) {
    return this.threads.map((name) => this.latest(`${field}:${name}`));
  }
}
