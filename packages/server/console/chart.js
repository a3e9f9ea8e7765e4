// One chart: a line per series over time, its legend with the values of a moment, the same moment in
// all charts. Focused, the arrow keys choose the moment.

import uPlot from 'uplot';
import { timeOfDay } from './format.js';

const HEIGHT = 190;
const AXIS_WIDTH = 60;
/** Colours there are; further lines are dashed. */
const COLOURS = 8;
const BYTE_STEPS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
const BYTE_INCREMENTS = [0, 1, 2, 3, 4].flatMap((unit) => BYTE_STEPS.map((s) => s * 1024 ** unit));
const WHOLE_INCREMENTS = Array.from({ length: 12 }, (_, i) => 10 ** i).flatMap((ten) => [
  ten,
  2 * ten,
  5 * ten,
]);
const FONT = '12px system-ui, sans-serif';

function colourOf(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** The colour of the nth line, and how it is dashed. */
export function lineStyle(index) {
  return {
    colour: `--line-${(index % COLOURS) + 1}`,
    dash: index < COLOURS ? [] : index < 2 * COLOURS ? [6, 3] : [2, 3],
  };
}

/** From powers of ten to powers of ten: for what is a thousand times as much at times. */
const WIDE = {
  distr: 3,
  range: (_, least, most) => [
    10 ** Math.floor(Math.log10(least ?? 1)),
    10 ** Math.max(Math.ceil(Math.log10(most ?? 10)), Math.floor(Math.log10(least ?? 1)) + 1),
  ],
};

const POWERS_OF_TEN = {
  splits: (_, __, least, most) => {
    const count = Math.round(Math.log10(most / least)) + 1;
    return Array.from({ length: count }, (_, i) => least * 10 ** i);
  },
  filter: (_, splits) => splits,
};

export class Chart {
  #spec;
  #plot;
  #place;
  #values;
  #data = [[]];
  #range = [0, 1];

  /**
   * @param spec title, unit, `format` of a value, `top` a scale has at least, `bytes`, `whole` or `isWide`,
   *   and
   *   `series`: name, colour (a CSS variable), dash, and `isSparse`: gaps are bridged
   */
  constructor(parent, spec) {
    this.#spec = spec;
    const figure = document.createElement('figure');
    figure.className = 'card chart';
    const caption = document.createElement('figcaption');
    const title = document.createElement('h3');
    title.textContent = spec.title;
    const unit = document.createElement('span');
    unit.className = 'muted';
    unit.textContent = spec.unit;
    caption.append(title, unit);
    this.#place = document.createElement('div');
    this.#place.className = 'plot';
    this.#place.tabIndex = 0;
    this.#place.setAttribute('role', 'img');
    const legend = document.createElement('ul');
    legend.className = 'legend';
    this.#values = spec.series.map((series) => legendItem(legend, series));
    figure.append(caption, this.#place, legend);
    parent.append(figure);
    this.#place.addEventListener('keydown', (event) => this.#key(event));
    this.#place.addEventListener('blur', () => this.#moveTo(null));
    new ResizeObserver(() => this.#resize()).observe(this.#place);
    this.paint();
  }

  /** Draws it anew, in the colours there are now. */
  paint() {
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#options(), this.#data, this.#place);
  }

  /** Shows columns, seconds first, over a range of seconds. */
  show(data, range) {
    this.#data = data;
    this.#range = range;
    this.#plot.setData(data);
    this.#read(this.#plot.cursor.idx);
    const values = this.#spec.series.map(({ name }, i) => `${name} ${this.#text(i, null)}`);
    this.#place.setAttribute('aria-label', `${this.#spec.title}: ${values.join(', ')}`);
  }

  #options() {
    const { spec, axis, grid } = {
      spec: this.#spec,
      axis: colourOf('--muted'),
      grid: { stroke: colourOf('--grid'), width: 1 },
    };
    const line = { stroke: axis, font: FONT, grid, ticks: { show: false } };
    return {
      width: this.#place.clientWidth || 300,
      height: HEIGHT,
      padding: [8, 20, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: 'moment' }, y: false, drag: { setScale: false, x: false, y: false } },
      scales: {
        x: { range: () => this.#range },
        y: spec.isWide
          ? WIDE
          : { range: (_, __, most) => [0, Math.max((most ?? 0) * 1.1, spec.top)] },
      },
      axes: [
        { ...line, size: 26, space: 80, gap: 6, values: (_, moments) => moments.map(clock) },
        {
          ...line,
          size: AXIS_WIDTH,
          space: 34,
          gap: 6,
          values: (_, values) => values.map((value) => spec.format(value)),
          ...(spec.bytes && { incrs: BYTE_INCREMENTS }),
          ...(spec.isWide && POWERS_OF_TEN),
          ...(spec.whole && { incrs: WHOLE_INCREMENTS }),
        },
      ],
      series: [
        {},
        ...spec.series.map(({ name, colour, dash, isSparse = false }) => ({
          label: name,
          stroke: colourOf(colour),
          width: 1.75,
          dash,
          spanGaps: isSparse,
          points: { show: false },
        })),
      ],
      hooks: { setCursor: [(plot) => this.#read(plot.cursor.idx)] },
    };
  }

  #resize() {
    const width = this.#place.clientWidth;
    if (width > 0 && width !== this.#plot.width) this.#plot.setSize({ width, height: HEIGHT });
  }

  /** Writes the values of a moment, by default the newest, into the legend. */
  #read(index) {
    this.#values.forEach((place, i) => {
      place.textContent = this.#text(i, index);
    });
  }

  #text(series, index) {
    const column = this.#data[series + 1] ?? [];
    return this.#spec.format(column.at(index ?? -1) ?? null);
  }

  #key(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -30, PageDown: 30 };
    const step = steps[event.key];
    if (event.key === 'Escape') this.#moveTo(null);
    if (step === undefined) return;
    event.preventDefault();
    const newest = this.#data[0].length - 1;
    const at = this.#plot.cursor.idx ?? newest;
    const index = Math.min(newest, Math.max(0, at + step));
    this.#moveTo(index);
    const values = this.#spec.series.map(({ name }, i) => `${name} ${this.#text(i, index)}`);
    const moment = timeOfDay(this.#data[0][index] * 1000);
    this.#place.setAttribute(
      'aria-label',
      `${this.#spec.title} at ${moment}: ${values.join(', ')}`,
    );
  }

  #moveTo(index) {
    const seconds = this.#data[0][index];
    const left = seconds === undefined ? -10 : this.#plot.valToPos(seconds, 'x');
    this.#plot.setCursor({ left, top: 1 });
  }
}

function legendItem(list, { name, colour, dash }) {
  const item = document.createElement('li');
  const swatch = document.createElement('span');
  swatch.className = dash.length > 0 ? 'swatch dashed' : 'swatch';
  swatch.style.setProperty('--swatch', `var(${colour})`);
  const value = document.createElement('span');
  value.className = 'value';
  item.append(swatch, name, value);
  list.append(item);
  return value;
}

/** 21:30, or 21:30:15 between two minutes. */
function clock(seconds) {
  const text = timeOfDay(seconds * 1000);
  return seconds % 60 === 0 ? text.slice(0, 5) : text;
}
