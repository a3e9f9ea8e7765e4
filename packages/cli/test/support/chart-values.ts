// Values the chart is rendered with: every switch of it on and off, alone and together.

export type ChartValues = Record<string, unknown>;

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const CERTIFICATE = { enabled: true, existingSecret: 'cache-tls' };
const METRICS = {
  enabled: true,
  serviceMonitor: { enabled: true, namespace: 'monitoring', labels: { release: 'prometheus' } },
  prometheusRule: { enabled: true, labels: { release: 'prometheus' } },
};
const WORKER = { name: 'worker', rules: 'on >jobs ~jobs:* &events:* +@all -@dangerous' };

/** The password that is in no other text than its Secret. */
export const PASSWORD = 'correct "horse\' battery';

const SWITCHES: Readonly<Record<string, ChartValues>> = {
  'a password': { auth: { password: PASSWORD } },
  'a Secret with the password': {
    auth: { existingSecret: 'vault', existingSecretPasswordKey: 'redis.pass' },
  },
  'no password': { auth: { enabled: false } },
  users: { acl: { users: [WORKER, { name: 'default', rules: 'on >root ~* &* +@all' }] } },
  'a Secret with users': { acl: { existingSecret: 'people', existingSecretKey: 'acl' } },
  'no volume': { persistence: { enabled: false } },
  'a claim that is there': { persistence: { existingClaim: 'old-data' } },
  'a volume of a class': {
    persistence: { storageClass: 'nvme', size: '20Gi', annotations: { team: 'a' } },
  },
  'a volume without a class': { persistence: { storageClass: '-', whenDeleted: 'Delete' } },
  metrics: { metrics: METRICS },
  'metrics without the operator': { metrics: { enabled: true, annotations: { team: 'a' } } },
  'rules of metrics': {
    metrics: {
      ...METRICS,
      serviceMonitor: {
        enabled: true,
        relabelings: [{ action: 'labeldrop', regex: 'pod' }],
        metricRelabelings: [{ action: 'drop', sourceLabels: ['__name__'], regex: 'go_.*' }],
      },
      prometheusRule: {
        enabled: true,
        additionalRules: [{ alert: 'Mine', expr: 'redis_up == 0' }],
      },
    },
  },
  TLS: { tls: CERTIFICATE },
  'TLS with client certificates': { tls: { ...CERTIFICATE, authClients: 'yes' } },
  'TLS with another authority': {
    tls: { ...CERTIFICATE, authClients: 'optional', caFilename: 'authority.pem' },
  },
  'a node port': {
    service: { type: 'NodePort', nodePort: 30_379, externalTrafficPolicy: 'Local' },
  },
  'a load balancer': {
    service: { type: 'LoadBalancer', port: 6380, loadBalancerSourceRanges: ['10.0.0.0/8'] },
  },
  'a fixed address': { service: { clusterIP: '10.1.2.3', annotations: { team: 'a' } } },
  'no policy': { networkPolicy: { enabled: false } },
  'a strict policy': {
    metrics: METRICS,
    networkPolicy: {
      allowExternal: false,
      metricsNamespaceLabels: { name: 'monitoring' },
      extraIngress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }],
      extraEgress: [{ ports: [{ port: 53, protocol: 'UDP' }] }],
    },
  },
  'a budget': { pdb: { enabled: true } },
  'an account that is there': { serviceAccount: { create: false, name: 'robot' } },
  'no account': { serviceAccount: { create: false } },
  'an account with annotations': { serviceAccount: { annotations: { role: 'none' } } },
  names: { nameOverride: 'kv', commonLabels: { team: 'a' }, commonAnnotations: { team: 'b' } },
  'a long name': { fullnameOverride: `a-${'very-'.repeat(12)}long-name` },
  'an image by its digest': { image: { registry: 'registry.example:5000', digest: DIGEST } },
  'a private image': { image: { tag: '1.2.3', pullSecrets: [{ name: 'pull' }] } },
  places: {
    nodeSelector: { disk: 'nvme' },
    tolerations: [{ key: 'dedicated', operator: 'Exists', effect: 'NoSchedule' }],
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'disk', operator: 'In', values: ['a'] }] },
          ],
        },
      },
    },
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' },
    ],
    priorityClassName: 'high',
  },
  extras: {
    podAnnotations: { team: 'a' },
    podLabels: { tier: 'data' },
    extraArgs: ['--loglevel', 'debug'],
    extraEnv: [{ name: 'NODE_OPTIONS', value: '--max-semi-space-size=32' }],
    extraVolumes: [{ name: 'scratch', emptyDir: {} }],
    extraVolumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
    initContainers: [{ name: 'wait', image: 'busybox', command: ['true'] }],
    sidecars: [{ name: 'backup', image: 'busybox', command: ['sleep', 'infinity'] }],
  },
  'more memory': {
    threads: { front: 8, shard: 4 },
    memory: { memtableSizeMb: 3500, largeValuesMb: 2048 },
    resources: { limits: { memory: '7.5Gi', cpu: 8 }, requests: null },
  },
  'no limits': { resources: { limits: null } },
  configuration: {
    configuration: '\n# as it was\nmaxmemory 10gb\nmaxmemory-policy allkeys-lru\nsave ""\n\n',
  },
  'no configuration': { configuration: '' },
  'slow probes': { startupProbe: { failureThreshold: 2000 }, http: { port: 9121 } },
};

/** By what is special about them; the first are the defaults, the last are nearly all at once. */
export const CHART_VALUES: ReadonlyMap<string, ChartValues> = new Map([
  ['defaults', {}],
  ...Object.entries(SWITCHES),
  ...pairs(),
]);

/** Every two switches that are about different things. */
function pairs(): [string, ChartValues][] {
  const names = Object.keys(SWITCHES);
  return names.flatMap((one, i) =>
    names.slice(i + 1).flatMap((other): [string, ChartValues][] => {
      const [left, right] = [SWITCHES[one], SWITCHES[other]] as [ChartValues, ChartValues];
      if (Object.keys(left).some((key) => key in right)) return [];
      return [[`${one}, ${other}`, { ...left, ...right }]];
    }),
  );
}
