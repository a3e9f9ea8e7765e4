// What was found damaged: a count that is exact and a list that is bounded. Heals nothing.

export interface Damage {
  /** A record, a stretch of keys that could not be read, or a file. */
  readonly kind: 'record' | 'page' | 'file';
  /** The key, printable, or the file's name. */
  readonly name: string;
  readonly what: string;
}

export class DamageList {
  readonly #limit: number;
  readonly #found = new Map<string, Damage>();
  #count = 0;

  /** @param limit damages that are kept; later ones are only counted */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Damages noted, the same one each time it was met. */
  get count(): number {
    return this.#count;
  }

  get list(): Damage[] {
    return [...this.#found.values()];
  }

  note(damage: Damage): void {
    this.#count++;
    if (this.#found.size < this.#limit) this.#found.set(`${damage.kind} ${damage.name}`, damage);
  }
}
