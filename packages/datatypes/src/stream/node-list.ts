// The nodes of a stream in the order of their ids. They are added at the end and mostly removed at
// the beginning, which is cheap.

import type { StreamId } from './stream-id.ts';
import type { StreamNode } from './stream-node.ts';

/** Removed places that are kept in front. */
const MOST_SPARE = 1024;

export class NodeList {
  #nodes: (StreamNode | null)[] = [];
  /** Where the first one is. */
  #head = 0;

  get length(): number {
    return this.#nodes.length - this.#head;
  }

  /** One of 0..length-1. */
  at(index: number): StreamNode {
    return this.#nodes[this.#head + index]!;
  }

  get last(): StreamNode | null {
    return this.length === 0 ? null : this.at(this.length - 1);
  }

  push(node: StreamNode): void {
    this.#nodes.push(node);
  }

  remove(first: number, count: number): void {
    if (first > 0) {
      this.#nodes.splice(this.#head + first, count);
      return;
    }
    this.#nodes.fill(null, this.#head, this.#head + count);
    this.#head += count;
    if (this.#head < MOST_SPARE && this.length > 0) return;
    if (this.#head * 2 < this.#nodes.length) return;
    this.#nodes = this.#nodes.slice(this.#head);
    this.#head = 0;
  }

  /** The last node whose id is not behind an id; -1 without one. */
  indexFor(id: StreamId): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at(middle).id.compare(id) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The node with an id; -1 without one. */
  indexOf(id: StreamId): number {
    const index = this.indexFor(id);
    return index >= 0 && this.at(index).id.compare(id) === 0 ? index : -1;
  }
}
