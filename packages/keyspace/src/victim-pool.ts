// The best victims met so far, as in Redis: a few samples per eviction, kept from one to the next,
// come close to the order of all keys. Names keys by what finds them again; holds no entries.

const PLACES = 16;

export class VictimPool {
  // By ascending score, parallel arrays.
  readonly #scores = new Float64Array(PLACES);
  readonly #shards = new Int32Array(PLACES);
  readonly #hashes = new Int32Array(PLACES);
  readonly #namespaces = new Int32Array(PLACES);
  #length = 0;

  // The victim taken last.
  shard = 0;
  hash = 0;
  namespace = 0;
  score = 0;

  get length(): number {
    return this.#length;
  }

  /** Score of the best victim, -Infinity: there is none. */
  get best(): number {
    return this.#length === 0 ? -Infinity : this.#scores[this.#length - 1]!;
  }

  clear(): void {
    this.#length = 0;
  }

  /** Keeps a key if it is a better victim than one of those here, or there is room. */
  offer(shard: number, hash: number, namespace: number, score: number): void {
    this.#forget(shard, hash, namespace);
    if (this.#length === PLACES) {
      if (score <= this.#scores[0]!) return;
      this.#removeAt(0);
    }
    let at = this.#length;
    while (at > 0 && this.#scores[at - 1]! > score) {
      this.#copy(at - 1, at);
      at--;
    }
    this.#scores[at] = score;
    this.#shards[at] = shard;
    this.#hashes[at] = hash;
    this.#namespaces[at] = namespace;
    this.#length++;
  }

  /** Takes the best victim; false: there is none. */
  take(): boolean {
    if (this.#length === 0) return false;
    const last = --this.#length;
    this.shard = this.#shards[last]!;
    this.hash = this.#hashes[last]!;
    this.namespace = this.#namespaces[last]!;
    this.score = this.#scores[last]!;
    return true;
  }

  #forget(shard: number, hash: number, namespace: number): void {
    for (let i = 0; i < this.#length; i++) {
      const isSame = this.#hashes[i] === hash && this.#shards[i] === shard;
      if (isSame && this.#namespaces[i] === namespace) {
        this.#removeAt(i);
        return;
      }
    }
  }

  #removeAt(index: number): void {
    this.#length--;
    for (let i = index; i < this.#length; i++) this.#copy(i + 1, i);
  }

  #copy(from: number, to: number): void {
    this.#scores[to] = this.#scores[from]!;
    this.#shards[to] = this.#shards[from]!;
    this.#hashes[to] = this.#hashes[from]!;
    this.#namespaces[to] = this.#namespaces[from]!;
  }
}
