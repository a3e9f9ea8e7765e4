// What stands beside the charts: the figures of now, threads, clients, slow commands, keys, settings.

import * as format from './format.js';
import { element, facts, table } from './tables.js';

const place = (id) => document.getElementById(id);

const TILES = [
  ['Commands', (s) => `${format.count(total(s.latestOfThreads('commands')))}/s`],
  ['Time per command', (s) => format.microseconds(meanTime(s))],
  ['Hit rate', (s) => format.percent(hitRate(s))],
  ['Keys', (s) => format.count(s.latest('keys'))],
  ['Connections', (s) => format.count(s.latest('connections'))],
  ['Resident memory', (s) => format.bytes(s.latest('residentBytes'))],
  ['Hot table', (s, o) => format.percent((s.latest('hotBytes') / o.hot.maxBytes) * 100)],
  ['Log not synced', (s) => format.bytes(s.latest('unsyncedBytes'))],
  ['Log sync lag', (s) => format.milliseconds(s.latest('syncAgeMs'))],
  ['Changes to flush', (s) => format.count(s.latest('unflushedChanges'))],
];

function total(values) {
  return values.reduce((sum, value) => sum + (value ?? 0), 0);
}

/** Of all threads: each counts by its commands. */
function meanTime(samples) {
  const commands = samples.latestOfThreads('commands');
  const times = samples.latestOfThreads('meanTime');
  const all = total(commands);
  return all > 0 ? total(times.map((time, i) => (time ?? 0) * commands[i])) / all : null;
}

function hitRate(samples) {
  const hits = samples.latest('hitsPerSecond');
  const reads = hits + samples.latest('missesPerSecond');
  return reads > 0 ? (hits / reads) * 100 : null;
}

/** The figures of now; the places stay, so that nothing jumps. */
export function showTiles(samples, overview) {
  const tiles = place('tiles');
  if (tiles.children.length === 0) {
    const made = TILES.map(([name]) =>
      element('div', 'card', element('dt', '', name), element('dd', '')),
    );
    tiles.append(...made);
  }
  TILES.forEach(([, text], i) => {
    tiles.children[i].lastChild.textContent = text(samples, overview);
  });
}

/** Whether the server is well, in a word or two, and what it is. */
export function showState(overview) {
  const { version, redisVersion, problem, stuck, nowMs, startedAtMs } = overview;
  const state = place('state');
  const text = stuck.length > 0 ? `stuck: ${stuck.join(' ')}` : problem || 'ready';
  if (state.textContent !== text) state.textContent = text;
  state.dataset.state = text === 'ready' ? 'good' : 'bad';
  place('version').textContent = version;
  const up = format.duration((nowMs - startedAtMs) / 1000);
  place('facts').textContent = `up ${up}, Redis ${redisVersion}, Node.js ${overview.node}`;
}

/** The server does not answer. */
export function showLost() {
  const state = place('state');
  const text = 'no answer, trying again';
  if (state.textContent !== text) state.textContent = text;
  state.dataset.state = 'bad';
}

export function showOverview(overview, samples) {
  showThreads(overview, samples);
  showClients(overview.clients);
  table(place('slow'), SLOW_COLUMNS, overview.slowLog, 'Nothing was slow.');
  table(place('big'), BIG_COLUMNS, overview.bigKeys, 'There are no keys.');
  table(place('hot'), HOT_COLUMNS, overview.hotKeys, 'Nobody asks for keys.');
  showData(overview);
  facts(
    place('settings'),
    overview.settings.map(([name, value]) => [name, value === '' ? '–' : value]),
  );
}

function showThreads({ threads }, samples) {
  const latest = (field) => (row) => samples.latest(`${field}:${row.name}`);
  const busy = latest('busy');
  const percentOf = (value) => (value === null ? null : value * 100);
  const ofFront = (pick) => (row) => (row.isFront ? format.exact(pick(row)) : '–');
  const columns = [
    { title: 'Thread', text: ({ name }) => name },
    { title: 'Commands/s', number: true, text: (row) => format.count(latest('commands')(row)) },
    {
      title: 'Per command',
      number: true,
      text: (row) => format.microseconds(latest('meanTime')(row)),
    },
    {
      title: 'p99',
      number: true,
      text: (row) => format.microseconds(latest('slowTime')(row)),
    },
    { title: 'Busy', number: true, text: (row) => format.percent(percentOf(busy(row))) },
    {
      title: 'Turns/s',
      number: true,
      wide: true,
      text: (row) => format.count(latest('turns')(row)),
    },
    { title: 'Connections', number: true, text: ofFront((row) => row.connections) },
    { title: 'Commands', number: true, wide: true, text: (row) => format.exact(row.commands) },
    { title: 'Hops', number: true, wide: true, text: ofFront((row) => row.hops) },
    { title: 'Lock misses', number: true, wide: true, text: ofFront((row) => row.lockMisses) },
    { title: 'Ring full', number: true, wide: true, text: ofFront((row) => row.ringFull) },
  ];
  table(place('threads'), columns, threads, '');
}

const CLIENT_COLUMNS = [
  { title: 'Client', text: ({ address }) => address },
  { title: 'Name', wide: true, text: ({ name }) => name || '–' },
  { title: 'Library', wide: true, text: ({ library }) => library || '–' },
  { title: 'User', wide: true, text: ({ user }) => user },
  { title: 'DB', number: true, wide: true, text: ({ db }) => db },
  { title: 'Age', number: true, wide: true, text: (row) => format.duration(row.ageSeconds) },
  { title: 'Idle', number: true, text: (row) => format.duration(row.idleSeconds) },
  { title: 'Last', text: ({ lastCommand }) => lastCommand },
  { title: 'Unread', number: true, text: (row) => format.bytes(row.unreadBytes) },
  { title: 'Sent us', number: true, wide: true, text: (row) => format.bytes(row.inputBytes) },
  { title: 'Got', number: true, wide: true, text: (row) => format.bytes(row.outputBytes) },
];

function showClients({ total: all, shown }) {
  const which = shown.length < all ? `${shown.length} of ${format.exact(all)}` : format.exact(all);
  place('clients-note').textContent =
    `${which}, those with most unread replies first, then those with most traffic.`;
  table(place('clients'), CLIENT_COLUMNS, shown, 'Nobody is connected.');
}

const SLOW_COLUMNS = [
  { title: 'At', text: ({ atMs }) => format.timeOfDay(atMs) },
  { title: 'Took', number: true, text: (row) => format.microseconds(row.microseconds) },
  { title: 'Command', text: ({ command }) => command },
  { title: 'Client', wide: true, text: ({ client }) => client },
];
const BIG_COLUMNS = [
  { title: 'Key', text: ({ key }) => key },
  { title: 'DB', number: true, wide: true, text: ({ db }) => db },
  { title: 'Type', text: ({ type }) => type },
  { title: 'Value', number: true, text: (row) => format.bytes(row.bytes) },
];
const HOT_COLUMNS = [
  { title: 'Key', text: ({ key }) => key },
  { title: 'DB', number: true, wide: true, text: ({ db }) => db },
  { title: 'At most, per second', number: true, text: (row) => format.count(row.perSecond) },
];

function showData({ databases, dataset, wal, stores }) {
  const stored = stores.reduce((sum, { bytes }) => sum + bytes, 0);
  const perDatabase = databases.map(({ db, keys, expires }) => [
    `Database ${db}`,
    `${format.exact(keys)} keys, ${format.exact(expires)} expire`,
  ]);
  const cap = dataset.maxBytes > 0 ? ` of ${format.bytes(dataset.maxBytes)}` : '';
  facts(place('data'), [
    ...(perDatabase.length > 0 ? perDatabase : [['Databases', 'no keys']]),
    ['Keys and values', `${format.bytes(dataset.bytes)}${cap}`],
    ['Stores', `${format.bytes(stored)} in ${stores.length}`],
    ['Log', `${format.bytes(wal.liveBytes + wal.keptBytes)} in ${wal.segments} segments`],
    ['Synced', wal.mode],
    ['Log writes', wal.problem === '' ? 'accepted' : `refused: ${wal.problem}`],
    ['Syncs', `${format.exact(wal.syncs)}, ${format.exact(wal.delayedSyncs)} delayed`],
    ['Recovered at start', `${format.exact(wal.recoveredEffects)} changes`],
  ]);
}
