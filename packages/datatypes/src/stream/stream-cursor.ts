// Goes through the entries of a stream between two ids, in either direction, and leaves out those
// that were removed. Valid while the stream does not change.

import type { NodeList } from './node-list.ts';
import { StreamId } from './stream-id.ts';
import { NodeCursor, type StreamNode } from './stream-node.ts';

/** What it goes through. */
interface Noded {
  readonly nodes: NodeList;
}

const LEAST = new StreamId();
const MOST = new StreamId().setMost();

export class EntryCursor extends NodeCursor {
  #nodes: NodeList | null = null;
  #index = 0;
  #isReverse = false;
  readonly #from = new StreamId();
  readonly #to = new StreamId();

  /** Begins before the first entry of all, or, in reverse, behind the last. */
  openAll(stream: Noded, isReverse: boolean): this {
    return this.open(stream, LEAST, MOST, isReverse);
  }

  /** The same for entries from an id up to another one, both included. */
  open(stream: Noded, from: StreamId, to: StreamId, isReverse: boolean): this {
    const { nodes } = stream;
    this.#nodes = nodes;
    this.#isReverse = isReverse;
    this.#from.copy(from);
    this.#to.copy(to);
    const index = nodes.indexFor(isReverse ? to : from);
    this.#index = isReverse ? index : Math.max(0, index);
    this.#enter();
    return this;
  }

  /** Begins before the first entry of one node, for `forward`. */
  openNode(node: StreamNode): this {
    super.openAt(node, false);
    return this;
  }

  /** The id of the last entry of a node, removed or not. */
  lastOf(node: StreamNode): StreamId {
    super.openAt(node, true);
    this.backward();
    return this.id;
  }

  #enter(): void {
    const nodes = this.#nodes!;
    if (this.#index < 0 || this.#index >= nodes.length) this.node = null;
    else super.openAt(nodes.at(this.#index), this.#isReverse);
  }

  /** Goes to the next entry that is there; false at the end. */
  next(): boolean {
    while (this.node !== null) {
      if (!(this.#isReverse ? this.backward() : this.forward())) {
        this.#index += this.#isReverse ? -1 : 1;
        this.#enter();
        continue;
      }
      if (this.isMarked) continue;
      if (this.#isReverse) {
        if (this.id.compare(this.#to) > 0) continue;
        return this.id.compare(this.#from) >= 0;
      }
      if (this.id.compare(this.#from) < 0) continue;
      return this.id.compare(this.#to) <= 0;
    }
    return false;
  }
}
