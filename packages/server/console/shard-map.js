// The 64 shards as cells: the darker, the more keys; the bar says which worker owns it. One cell can
// be focused; the arrow keys lead to the others.

import { lineStyle } from './chart.js';
import { bytes, exact } from './format.js';
import { element } from './tables.js';

/** A shard with few keys beside a full one is still to be seen. */
const FAINTEST = 0.08;

export class ShardMap {
  #cells = [];
  #map;
  #detail;
  #owners;
  #shards = [];
  #chosen = 0;
  #fronts = 0;

  constructor(map, detail, owners) {
    this.#map = map;
    this.#detail = detail;
    this.#owners = owners;
    map.setAttribute('role', 'group');
    map.setAttribute('aria-label', 'Shards');
    map.addEventListener('keydown', (event) => this.#key(event));
  }

  /** @param fronts how many there are: workers have the colours behind theirs, as in the charts */
  show(shards, fronts) {
    this.#fronts = fronts;
    this.#shards = shards;
    if (this.#cells.length === 0) this.#make();
    const most = Math.max(1, ...shards.map(({ keys }) => keys));
    this.#cells.forEach((cell, i) => {
      const { keys, worker } = shards[i];
      const fill = keys === 0 ? 0 : FAINTEST + (1 - FAINTEST) * (keys / most);
      cell.style.setProperty('--fill', `${Math.round(fill * 55)}%`);
      cell.style.setProperty('--owner', `var(${this.#colour(worker)})`);
      cell.setAttribute('aria-label', this.#describe(i));
    });
    this.#tell(this.#chosen);
    this.#showOwners();
  }

  #colour(worker) {
    return lineStyle(this.#fronts + worker).colour;
  }

  #make() {
    this.#cells = this.#shards.map((_, i) => {
      const cell = element('button', 'shard', String(i));
      cell.type = 'button';
      cell.tabIndex = i === 0 ? 0 : -1;
      cell.addEventListener('mouseenter', () => this.#tell(i));
      cell.addEventListener('focus', () => this.#choose(i));
      return cell;
    });
    this.#map.replaceChildren(...this.#cells);
  }

  #describe(i) {
    const { worker, keys, away, bytes: size } = this.#shards[i];
    const stored = away > 0 ? `, ${exact(away)} of them only in the store` : '';
    const noun = keys === 1 ? 'key' : 'keys';
    return `Shard ${i}: worker shard-${worker}, ${exact(keys)} ${noun}${stored}, ${bytes(size)}`;
  }

  #tell(i) {
    const text = this.#describe(i);
    if (this.#detail.textContent !== text) this.#detail.textContent = text;
  }

  #choose(i) {
    this.#cells[this.#chosen].tabIndex = -1;
    this.#chosen = i;
    this.#cells[i].tabIndex = 0;
    this.#tell(i);
  }

  #key(event) {
    const columns = getComputedStyle(this.#map).gridTemplateColumns.split(' ').length;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.#cells[this.#chosen + step]?.focus();
  }

  #showOwners() {
    const byWorker = new Map();
    for (const { worker, keys, bytes: size } of this.#shards) {
      const sum = byWorker.get(worker) ?? { shards: 0, keys: 0, size: 0 };
      byWorker.set(worker, {
        shards: sum.shards + 1,
        keys: sum.keys + keys,
        size: sum.size + size,
      });
    }
    const items = [...byWorker].sort(([a], [b]) => a - b);
    this.#owners.replaceChildren(
      ...items.map(([worker, { shards, keys, size }]) => {
        const swatch = element('span', 'swatch');
        swatch.style.setProperty('--swatch', `var(${this.#colour(worker)})`);
        const text = `${shards} shards, ${exact(keys)} keys, ${bytes(size)}`;
        return element('li', '', swatch, `shard-${worker}`, element('span', 'value', text));
      }),
    );
  }
}
