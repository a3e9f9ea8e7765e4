// What no schema says about the objects of the chart: that they name one another rightly, that the
// container has no more rights than it needs, that what is mounted is there.

import type { Manifest } from '@forgekv/testkit/helm';

export type PodObjects = readonly Manifest[];

interface Named {
  readonly name: string;
}
interface Port extends Named {
  readonly containerPort: number;
}
interface Mount extends Named {
  readonly mountPath: string;
}
interface Item {
  readonly key: string;
  readonly path: string;
}
interface Volume extends Named {
  readonly configMap?: Named;
  readonly secret?: { readonly secretName: string; readonly items?: readonly Item[] };
}
interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}
interface Container extends Named {
  readonly args: readonly string[];
  readonly env?: readonly (Named & { readonly value?: string })[];
  readonly ports: readonly Port[];
  readonly volumeMounts: readonly Mount[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly securityContext: Record<string, unknown>;
}
interface PodSpec {
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly containers: readonly Container[];
  readonly volumes: readonly Volume[];
  readonly securityContext: Record<string, unknown>;
  readonly terminationGracePeriodSeconds: number;
}
type Labels = Readonly<Record<string, string>>;
interface SetSpec {
  readonly serviceName: string;
  readonly selector: { readonly matchLabels: Labels };
  readonly volumeClaimTemplates?: readonly { readonly metadata: Named }[];
  readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
}
interface ServiceSpec {
  readonly selector: Labels;
  readonly ports: readonly { readonly name: string; readonly targetPort: string }[];
  readonly clusterIP?: string;
}

/** The paths that the server has on its HTTP port. */
const HTTP_PATHS: readonly string[] = ['/livez', '/readyz', '/metrics'];
/** The server's own patience when it is told to stop, in seconds. */
const STOP_SECONDS = 60;
/** Kubernetes ends what is not alive for so long, in seconds; a busy server must not be ended. */
const LEAST_LIVENESS_SECONDS = 30;
const LEAST_STARTUP_SECONDS = 600;

export class Pod {
  readonly #objects: PodObjects;
  readonly #set: SetSpec;
  readonly #spec: PodSpec;
  readonly #container: Container;

  constructor(objects: PodObjects) {
    this.#objects = objects;
    const [set] = this.#of<SetSpec>('StatefulSet');
    if (set === undefined) throw new Error('there is no StatefulSet');
    this.#set = set;
    this.#spec = set.template.spec;
    this.#container = this.#spec.containers.find(({ name }) => name === 'forgekv') as Container;
  }

  /** The text of redis.conf. */
  get configuration(): string {
    const map = this.#objects.find(({ kind }) => kind === 'ConfigMap');
    return (map?.data as Labels | undefined)?.['forgekv.conf'] ?? '';
  }

  get probePaths(): string[] {
    const { startupProbe, livenessProbe, readinessProbe } = this.#container;
    return [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.path);
  }

  get metricsPath(): string {
    const [monitor] = this.#of<{ endpoints: readonly { path: string }[] }>('ServiceMonitor');
    return monitor?.endpoints[0]?.path ?? '';
  }

  /** What the chart's own Secrets have under a key. */
  secret(key: string): string | undefined {
    for (const { kind, data, stringData } of this.#objects) {
      if (kind !== 'Secret') continue;
      const encoded = (data as Labels | undefined)?.[key];
      if (encoded !== undefined) return Buffer.from(encoded, 'base64').toString();
      const plain = (stringData as Labels | undefined)?.[key];
      if (plain !== undefined) return plain;
    }
    return undefined;
  }

  /** What does not fit together; empty: nothing. */
  problems(): string[] {
    return [
      ...this.#selectors(),
      ...this.#ports(),
      ...this.#mounts(),
      ...this.#rights(),
      ...this.#times(),
    ];
  }

  #of<Spec>(kind: string): Spec[] {
    return this.#objects.filter((one) => one.kind === kind).map(({ spec }) => spec as Spec);
  }

  #name(kind: string): string {
    return this.#objects.find((one) => one.kind === kind)?.metadata.name ?? '';
  }

  #selectors(): string[] {
    const { labels } = this.#set.template.metadata;
    const matches = (selector: Labels): boolean =>
      Object.keys(selector).length > 0 &&
      Object.entries(selector).every(([key, value]) => labels[key] === value);
    const selectors = [
      this.#set.selector.matchLabels,
      ...this.#of<ServiceSpec>('Service').map(({ selector }) => selector),
      ...this.#of<SetSpec>('PodDisruptionBudget').map(({ selector }) => selector.matchLabels),
      ...this.#of<{ podSelector: { matchLabels: Labels } }>('NetworkPolicy').map(
        ({ podSelector }) => podSelector.matchLabels,
      ),
    ];
    const headless = this.#objects.find(({ metadata }) => metadata.name === this.#set.serviceName);
    return [
      ...selectors.filter((one) => !matches(one)).map((one) => `nobody is ${JSON.stringify(one)}`),
      ...((headless?.spec as ServiceSpec | undefined)?.clusterIP === 'None' ? [] : ['no headless']),
      ...this.#monitored(),
    ];
  }

  /** A monitor selects one Service. */
  #monitored(): string[] {
    const [monitor] = this.#of<SetSpec & { endpoints: readonly { port: string }[] }>(
      'ServiceMonitor',
    );
    if (monitor === undefined) return [];
    const wanted = Object.entries(monitor.selector.matchLabels);
    const found = this.#objects.filter(
      ({ kind, metadata }) =>
        kind === 'Service' &&
        wanted.every(([key, value]) => (metadata.labels as Labels)[key] === value),
    );
    const ports = found.flatMap(({ spec }) => (spec as ServiceSpec).ports.map(({ name }) => name));
    const isRight = found.length === 1 && ports.includes(monitor.endpoints[0]?.port ?? '');
    return isRight ? [] : [`the monitor finds ${found.length} services, ports ${ports}`];
  }

  #ports(): string[] {
    const ports = new Map(this.#container.ports.map((port) => [port.name, port.containerPort]));
    const line = (name: string): number =>
      Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(this.configuration)?.[1] ?? 0);
    const targets = [
      ...this.#of<ServiceSpec>('Service').flatMap((one) => one.ports.map((p) => p.targetPort)),
      ...this.#of<{ ingress: readonly { ports?: readonly { port: string }[] }[] }>('NetworkPolicy')
        .flatMap(({ ingress }) => ingress.flatMap((rule) => rule.ports ?? []))
        .map(({ port }) => port),
      ...[this.#container.startupProbe, this.#container.livenessProbe].map((p) => p.httpGet.port),
    ];
    return [
      ...targets.filter((name) => !ports.has(name)).map((name) => `no port ${name}`),
      ...((line('tls-port') || line('port')) === ports.get('redis') ? [] : ['another port']),
      ...(line('http-port') === ports.get('http') ? [] : ['another http-port']),
      ...this.probePaths.filter((one) => !HTTP_PATHS.includes(one)).map((one) => `no page ${one}`),
    ];
  }

  #mounts(): string[] {
    const { args, env = [], volumeMounts } = this.#container;
    const claims = (this.#set.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name);
    const volumes = [...claims, ...this.#spec.volumes.map(({ name }) => name)];
    const [configFile = ''] = args;
    const secretFile = env.find(({ name }) => name === 'FORGEKV_REQUIREPASS_FILE')?.value;
    const lines = this.configuration.matchAll(/^(?:aclfile|dir|tls-\S+-file) (\S+)$/gm);
    const files = [configFile, ...(secretFile ? [secretFile] : []), ...[...lines].map((m) => m[1])];
    const places = volumeMounts.map(({ mountPath }) => mountPath);
    const isMounted = (file = ''): boolean =>
      places.some((place) => file === place || file.startsWith(`${place}/`));
    const own = this.#spec.volumes.filter(({ name }) => name === 'auth' || name === 'acl');
    return [
      ...volumeMounts.filter(({ name }) => !volumes.includes(name)).map((m) => `no ${m.name}`),
      ...(new Set(volumes).size === volumes.length ? [] : [`volumes twice: ${volumes}`]),
      ...(new Set(places).size === places.length ? [] : [`mounts twice: ${places}`]),
      ...files.filter((file) => !isMounted(file)).map((file) => `${file} is not mounted`),
      ...own.flatMap((volume) => this.#secretProblems(volume)),
      ...(volumes.includes('data') ? [] : ['no data']),
    ];
  }

  /** Where the chart has made the Secret, it has the key. */
  #secretProblems({ secret }: Volume): string[] {
    const [item] = secret?.items ?? [];
    const made = this.#objects.find(
      ({ kind, metadata }) => kind === 'Secret' && metadata.name === secret?.secretName,
    );
    if (made === undefined || item === undefined) return item === undefined ? ['no items'] : [];
    return this.secret(item.key) === undefined ? [`${made.metadata.name} has no ${item.key}`] : [];
  }

  #rights(): string[] {
    const pod = this.#spec.securityContext;
    const { capabilities, ...container } = this.#container.securityContext;
    const dropped = (capabilities as { drop?: readonly string[] } | undefined)?.drop ?? [];
    const account = this.#name('ServiceAccount') || this.#spec.serviceAccountName;
    const wanted: readonly (readonly [isSo: boolean, what: string])[] = [
      [pod.runAsNonRoot === true && Number(pod.runAsUser) > 0, 'not root'],
      [(pod.seccompProfile as Labels | undefined)?.type === 'RuntimeDefault', 'seccomp'],
      [container.readOnlyRootFilesystem === true, 'a root that cannot be written to'],
      [container.allowPrivilegeEscalation === false, 'no further rights'],
      [container.privileged === undefined, 'no privileges'],
      [dropped.includes('ALL'), 'no capabilities'],
      [this.#spec.automountServiceAccountToken === false, 'no token'],
      [account === this.#spec.serviceAccountName, 'the account'],
    ];
    return wanted.filter(([isSo]) => !isSo).map(([, what]) => `must have ${what}`);
  }

  #times(): string[] {
    const seconds = ({ periodSeconds, failureThreshold }: Probe) =>
      periodSeconds * failureThreshold;
    const { startupProbe, livenessProbe } = this.#container;
    return [
      ...(this.#spec.terminationGracePeriodSeconds > STOP_SECONDS ? [] : ['too short a stop']),
      ...(seconds(livenessProbe) >= LEAST_LIVENESS_SECONDS ? [] : ['too short a liveness']),
      ...(seconds(startupProbe) >= LEAST_STARTUP_SECONDS ? [] : ['too short a start']),
    ];
  }
}
