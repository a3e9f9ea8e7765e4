// Memory for the nodes of one large value: pages of one size with small consecutive numbers, in
// slabs of up to 64 pages. It knows nothing about what the pages say.

const SLAB_BITS = 6;
const SLAB_PAGES = 1 << SLAB_BITS;

/** Hands out zeroed pages of `pageWords` words; page 0 is the first. */
export class PagePool {
  /** Words of a page, even. */
  readonly pageWords: number;
  /** Views of each slab. Taken again after every `allocate`: the first slab is replaced. */
  readonly words: Int32Array[] = [];
  readonly doubles: Float64Array[] = [];
  readonly #free: number[] = [];
  #pages = 0;
  #slabBytes = 0;

  constructor(pageWords: number) {
    this.pageWords = pageWords;
  }

  /** Numbers of pages are below this. */
  get pageEnd(): number {
    return this.#pages;
  }

  /** Pages in use. */
  get used(): number {
    return this.#pages - this.#free.length;
  }

  get memoryBytes(): number {
    return this.#free.length * 8 + this.#slabBytes;
  }

  /** Returns the number of a page of zeroes. */
  allocate(): number {
    const reused = this.#free.pop();
    if (reused !== undefined) {
      const at = this.at(reused);
      this.wordsOf(reused).fill(0, at, at + this.pageWords);
      return reused;
    }
    const page = this.#pages++;
    const slab = page >>> SLAB_BITS;
    const before = this.words[slab];
    const inSlab = page & (SLAB_PAGES - 1);
    if (before === undefined || inSlab * this.pageWords >= before.length) {
      // The first slab grows with a small value; the others come whole.
      const pages = slab > 0 ? SLAB_PAGES : Math.max(1, inSlab * 2);
      const memory = new ArrayBuffer(pages * this.pageWords * 4);
      this.#slabBytes += memory.byteLength - (before?.byteLength ?? 0);
      this.words[slab] = new Int32Array(memory);
      this.doubles[slab] = new Float64Array(memory);
      if (before !== undefined) this.words[slab].set(before);
    }
    return page;
  }

  /** Gives a page back. */
  free(page: number): void {
    this.#free.push(page);
  }

  /** Returns the words of the page's slab. */
  wordsOf(page: number): Int32Array {
    return this.words[page >>> SLAB_BITS]!;
  }

  /** The same memory as doubles; word w is half of double w >> 1. */
  doublesOf(page: number): Float64Array {
    return this.doubles[page >>> SLAB_BITS]!;
  }

  /** Returns the index of the page's first word in its slab: even. */
  at(page: number): number {
    return (page & (SLAB_PAGES - 1)) * this.pageWords;
  }
}
