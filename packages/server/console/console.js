// The console: asks the server for new samples each second and for the rest every three, and shows
// them. It changes nothing, and asks nobody else.

import { Chart } from './chart.js';
import { chartList } from './chart-list.js';
import { showLost, showOverview, showState, showTiles } from './panels.js';
import { Samples } from './samples.js';
import { ShardMap } from './shard-map.js';

const SAMPLES_MS = 1000;
const OVERVIEW_MS = 3000;
const SHORTEST_SECONDS = 60;

const samples = new Samples();
const place = (id) => document.getElementById(id);
const shardMap = new ShardMap(place('shard-map'), place('shard-detail'), place('shard-owners'));
let charts = [];
let overview = null;
let isPaused = false;
let rangeSeconds = 300;

/** The server does not answer, or not with figures. */
class Unreachable extends Error {}

async function ask(path) {
  try {
    const response = await fetch(path);
    if (response.ok) return await response.json();
  } catch (cause) {
    throw new Unreachable(path, { cause });
  }
  throw new Unreachable(path);
}

function makeCharts() {
  place('charts').replaceChildren();
  charts = chartList(samples).map((spec) => ({ spec, chart: new Chart(place('charts'), spec) }));
}

function draw() {
  const seconds = samples.column('time').map((ms) => ms / 1000);
  const now = seconds.at(-1) ?? Date.now() / 1000;
  const from = seconds.findIndex((moment) => moment >= now - rangeSeconds - 1);
  // A server that was started just now has a minute, not empty ones.
  const begin = Math.max(now - rangeSeconds, Math.min(seconds[0] ?? now, now - SHORTEST_SECONDS));
  const shown = (column) => column.slice(Math.max(0, from));
  for (const { spec, chart } of charts) {
    const columns = spec.series.map(({ data }) => shown(data()));
    chart.show([shown(seconds), ...columns], [begin, now]);
  }
  if (overview !== null && samples.length > 0) showTiles(samples, overview);
}

async function takeSamples() {
  const part = await ask(`data/history?after=${samples.last}`);
  if (samples.last >= 0 && part.startedAtMs !== samples.startedAtMs) {
    // It was started again: what it had before we asked is wanted, too.
    samples.forget();
    return takeSamples();
  }
  if (samples.take(part)) makeCharts();
  return draw();
}

async function takeOverview() {
  overview = await ask('data/overview');
  showState(overview);
  showOverview(overview, samples);
  if (samples.length > 0) showTiles(samples, overview);
  const fronts = overview.threads.filter(({ isFront }) => isFront).length;
  shardMap.show(overview.shards, fronts);
}

/** Again and again, one at a time; not while nobody looks. */
async function repeat(task, everyMs) {
  for (;;) {
    if (!isPaused && document.visibilityState === 'visible') {
      try {
        await task();
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        showLost();
      }
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

place('pause').addEventListener('click', ({ currentTarget }) => {
  isPaused = !isPaused;
  currentTarget.setAttribute('aria-pressed', String(isPaused));
});

for (const input of document.querySelectorAll('input[name=range]')) {
  input.addEventListener('change', () => {
    rangeSeconds = Number(input.value);
    draw();
  });
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const { chart } of charts) chart.paint();
});

void repeat(takeOverview, OVERVIEW_MS);
void repeat(takeSamples, SAMPLES_MS);
