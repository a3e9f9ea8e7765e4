// The Helm chart: rendered with every switch on and off and every two of them, checked against the
// schemas of Kubernetes and for what no schema knows; and a server started with what comes out.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, RespClient } from '@forgekv/testkit';
import { Chart, checkManifest, type Manifest, TemplateError } from '@forgekv/testkit/helm';
import { type Test, test } from 'tap';
import { Certified } from './support/certified.ts';
import { CHART_VALUES, type ChartValues, PASSWORD } from './support/chart-values.ts';
import { Pod, type PodObjects } from './support/pod.ts';
import { connect } from './support/servers.ts';
import { Spawned, temporaryDirectory } from './support/spawned.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const DIR = path.join(ROOT, 'scripts/helm/forgekv');
const chart = new Chart(DIR);

test('every combination is what Kubernetes takes', async (t) => {
  for (const [name, values] of CHART_VALUES) {
    const { manifests, notes } = chart.render({ values });
    const problems = manifests.flatMap(checkManifest);
    if (problems.length > 0) t.fail(`${name}: ${problems.join(', ')}`);
    const names = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    if (new Set(names).size !== names.length) t.fail(`${name}: twice the same: ${names}`);
    for (const { metadata } of manifests) if (metadata.name.length > 63) t.fail(metadata.name);
    if (!notes.includes('listens within the cluster')) t.fail(`${name}: ${notes}`);
  }
  t.ok(CHART_VALUES.size > 500, `${CHART_VALUES.size} combinations`);
});

test('fields that are misspelt or of the wrong kind are found', async (t) => {
  const { manifests } = chart.render();
  const pod = manifests.find(({ kind }) => kind === 'StatefulSet') as Manifest;
  const changed = (change: (spec: Record<string, object>) => void): string[] => {
    const copy = structuredClone(pod);
    change(copy.spec as Record<string, object>);
    return checkManifest(copy);
  };
  t.same(checkManifest(pod), []);
  t.match(
    changed((spec) => Object.assign(spec, { serviceNam: 'x' })),
    [/\/spec\/serviceNam is no/],
  );
  t.match(
    changed((spec) => Object.assign(spec, { replicas: '1' })),
    [/replicas must be integer/],
  );
  t.match(
    changed((spec) => Object.assign(spec.template ?? {}, { met: {} })),
    [/template\/met is no/],
  );
  t.match(
    changed((spec) => Reflect.deleteProperty(spec, 'selector')),
    [/selector/],
  );
  t.match(checkManifest({ ...pod, apiVersion: 'apps/v2' }), [/apps\/v2 has no such kind/]);
});

test('what belongs together is together', async (t) => {
  for (const [name, values] of CHART_VALUES) {
    const pod = new Pod(chart.render({ values }).manifests as PodObjects);
    const problems = pod.problems();
    if (problems.length > 0) t.fail(`${name}: ${problems.join(', ')}`);
  }
  t.pass();
});

test('the password is in its Secret and nowhere else', async (t) => {
  for (const users of [[], [{ name: 'worker', rules: `on >${PASSWORD}-too ~*` }]]) {
    const values = { auth: { password: PASSWORD }, acl: { users }, metrics: { enabled: true } };
    const { files, notes } = chart.render({ values });
    const secrets = [...files.keys()].filter((file) => file.startsWith('secret'));
    t.equal(secrets.length, 1 + Math.min(1, users.length));
    const others = [...files].filter(([file]) => !secrets.includes(file)).map(([, text]) => text);
    const encoded = Buffer.from(PASSWORD).toString('base64');
    for (const text of [...others, notes]) {
      t.notOk(text.includes(PASSWORD) || text.includes(encoded), 'not here');
    }
    t.ok(files.get('secret.yaml')?.includes(encoded));
  }
});

test('a password that was made up stays', async (t) => {
  const secretOf = (manifests: readonly Manifest[]): string => {
    const secret = manifests.find(({ kind }) => kind === 'Secret') as Manifest;
    return (secret.data as { password: string }).password;
  };
  const first = secretOf(chart.render().manifests);
  t.match(Buffer.from(first, 'base64').toString(), /^[A-Za-z0-9]{32}$/);
  t.not(secretOf(chart.render().manifests), first, 'another one for another release');
  const asked: string[] = [];
  const lookup = (...what: string[]): unknown => {
    asked.push(what.join(' '));
    return { data: { password: first } };
  };
  t.equal(secretOf(chart.render({ lookup }).manifests), first);
  t.same([...new Set(asked)], ['v1 Secret default cache-forgekv-auth']);
});

test('what cannot work is refused', async (t) => {
  const cases: readonly (readonly [values: ChartValues, why: RegExp])[] = [
    [{ configuration: 'requirepass secret' }, /passwords and users do not belong here/],
    [{ configuration: 'maxclients 10\n  User bob on >x' }, /passwords and users do not belong/],
    [{ configuration: 'HTTP_PASSWORD x' }, /passwords and users do not belong/],
    [{ configuration: 'port 7000' }, /port, bind, dir, .* are set by the chart/],
    [{ configuration: 'memtable_size_mb 1' }, /threads and memory are set by/],
    [{ tls: { enabled: true } }, /tls\.existingSecret/],
    [{ tls: { caFilename: '' } }, /caFilename must match pattern/],
    [{ memory: { memtableSizeMb: 3000 } }, /limits\.memory is 1536 MiB, but .* need 3832 MiB/],
    [{ resources: { limits: { memory: '1G' } } }, /limits\.memory is 953 MiB/],
    [{ memory: { memtableSizeMb: 1 } }, /memtableSizeMb must be >= 8/],
    [{ threads: { fronts: 2 } }, /must NOT have additional properties/],
    [{ replicas: 3 }, /must NOT have additional properties/],
    [{ tls: { authClients: false } }, /authClients must be string/],
    [{ service: { port: 70_000 } }, /port must be <= 65535/],
    [{ acl: { users: [{ name: 'bob' }] } }, /must have required property 'rules'/],
    [{ acl: { users: [{ name: 'bob', rules: 'on\nuser eve on' }] } }, /must match pattern/],
  ];
  for (const [values, why] of cases) {
    const refused = t.throws(() => chart.render({ values }), JSON.stringify(values));
    t.ok(refused instanceof TemplateError && why.test(refused.message), String(refused));
  }
});

test('values, their schema and their table name the same', async (t) => {
  const leaves = (value: unknown, properties: unknown, name: string): string[] => {
    const { properties: inner } = (properties ?? {}) as { properties?: Record<string, unknown> };
    if (inner === undefined || name === 'resources' || name.endsWith('Probe')) return [name];
    return Object.keys(inner).flatMap((key) =>
      leaves((value as ChartValues)?.[key], inner[key], name === '' ? key : `${name}.${key}`),
    );
  };
  const named = leaves(chart.values, chart.schema, '').filter((name) => name !== 'global');
  const readme = readFileSync(path.join(DIR, 'README.md'), 'utf8');
  const inTable = [...readme.matchAll(/^\| `([\w.]+)`/gm)].map(([, name]) => name);
  t.same([...inTable].sort(), [...named].sort());
  for (const name of named) {
    const value = name
      .split('.')
      .reduce((at: unknown, key) => (at as ChartValues | undefined)?.[key], chart.values);
    t.not(value, undefined, `${name} is in values.yaml`);
  }
  const version = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')).version;
  t.equal(chart.about.appVersion, version);
});

/**
 * Starts a server as the pod would, but for its ports, directories and the mounts.
 * @param tls where the files of its TLS secret are
 */
async function startAsPod(t: Test, values: ChartValues, tls?: string) {
  const { manifests, files } = chart.render({ values });
  const pod = new Pod(manifests as PodObjects);
  const dir = temporaryDirectory(t);
  const mounted = (name: string, text: string): string => {
    const file = path.join(dir, name);
    writeFileSync(file, text, { mode: 0o440 });
    return file;
  };
  const port = await freePort();
  let httpPort = port;
  // One that is free again may be handed out again.
  while (httpPort === port) httpPort = await freePort();
  const configuration = pod.configuration.replaceAll('/etc/forgekv/tls/', `${tls}/`);
  const args = [mounted('forgekv.conf', configuration), '--dir', path.join(dir, 'data')];
  args.push(tls ? '--tls-port' : '--port', String(port), '--http-port', String(httpPort));
  const users = pod.secret('users.acl');
  if (users !== undefined) args.push('--aclfile', mounted('users.acl', users));
  const password = pod.secret('password');
  const env =
    password === undefined ? [] : [`FORGEKV_REQUIREPASS_FILE=${mounted('password', password)}`];
  const server = await new Spawned(t, args, [], env).ready();
  return { server, port, httpPort, pod, files };
}

test('a server starts with what comes out', async (t) => {
  const { server, port, httpPort, pod, files } = await startAsPod(t, {
    ...CHART_VALUES.get('a password, users'),
    ...CHART_VALUES.get('metrics'),
    acl: { users: [{ name: 'worker', rules: 'on >jobs ~jobs:* +@all' }] },
  });
  t.notMatch(server.log, /without effect|unknown directive/, 'every line is honoured');
  t.notOk(server.log.includes(PASSWORD), 'the password is in no log');
  t.notOk(readFileSync(`/proc/${server.pid}/cmdline`, 'utf8').includes(PASSWORD));
  t.notOk(readFileSync(`/proc/${server.pid}/environ`, 'utf8').includes(PASSWORD));

  const client = await RespClient.connect({ port, timeoutMs: 20_000 });
  t.teardown(() => client.destroy());
  t.match(await client.command('GET', 'a'), { kind: 'error', text: /^NOAUTH/ });
  t.match(await client.command('AUTH', PASSWORD), { kind: 'simple', text: 'OK' });
  t.match(await client.command('AUTH', 'worker', 'jobs'), { kind: 'simple', text: 'OK' });

  for (const where of pod.probePaths) {
    t.equal((await fetch(`http://127.0.0.1:${httpPort}${where}`)).status, 200, where);
  }
  const metrics = await (await fetch(`http://127.0.0.1:${httpPort}${pod.metricsPath}`)).text();
  const rules = files.get('prometheusrule.yaml') ?? '';
  const used = [...new Set(rules.match(/\b(?:redis|forgekv)_\w+(?=\{)/g))];
  t.ok(used.length >= 5);
  for (const name of used) t.match(metrics, new RegExp(`^${name}(?:\\{| )`, 'm'), name);
  server.kill('SIGTERM');
  t.equal(await server.ended, 0);
});

test('a server starts with TLS, and nothing else is spoken on its port', async (t) => {
  const certified = new Certified(t);
  certified.write(certified.authority.issue(), 'tls');
  const client = certified.authority.issue('client');
  for (const authClients of ['no', 'yes']) {
    const tls = { enabled: true, existingSecret: 'cache-tls', authClients };
    const values = { ...CHART_VALUES.get('a password'), tls };
    const { server, port, httpPort, pod } = await startAsPod(t, values, certified.dir);
    t.notMatch(server.log, /without effect|unknown directive/, 'every line is honoured');
    const known = await connect(t, { port, tls: { ...certified.client, ...client } });
    t.match(await known.command('GET', 'a'), { kind: 'error', text: /^NOAUTH/ });
    t.match(await known.command('AUTH', PASSWORD), { kind: 'simple', text: 'OK' });
    const unknown = connect(t, { port, tls: certified.client }).then((one) => one.must('PING'));
    await t.rejects(unknown, authClients === 'no' ? /NOAUTH/ : /./);
    await t.rejects(
      connect(t, { port }).then((one) => one.must('PING')),
      'not without TLS',
    );
    for (const where of pod.probePaths) {
      t.equal((await fetch(`http://127.0.0.1:${httpPort}${where}`)).status, 200, where);
    }
    server.kill('SIGTERM');
    t.equal(await server.ended, 0);
  }
});
