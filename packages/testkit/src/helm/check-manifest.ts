/**
 * Objects of Kubernetes against its schemas. These let fields through that they do not know, where
 * the API server warns or refuses; so it is noted which fields a validator asks for, and the others
 * are reported: a misspelt field is as bad as a wrong one.
 */
import {
  PrometheusRule,
  ServiceMonitor,
} from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { StatefulSet } from 'kubernetes-models/apps/v1';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Secret, Service, ServiceAccount } from 'kubernetes-models/v1';
import type { Manifest } from './render-chart.ts';

interface Model {
  /** Looks at `this`, and throws. A model that is made of data has a copy of all of it. */
  readonly prototype: { validate(): void };
  readonly apiVersion: string;
  readonly kind: string;
}

const MODELS: readonly Model[] = [
  ...[ConfigMap, Secret, Service, ServiceAccount],
  ...[StatefulSet, NetworkPolicy, PodDisruptionBudget],
  ...[PrometheusRule, ServiceMonitor],
];

/** What is wrong with an object; empty: nothing. */
export function checkManifest(manifest: Manifest): string[] {
  const { apiVersion, kind, metadata } = manifest;
  const place = `${kind} ${metadata?.name}`;
  const found = MODELS.find((one) => one.apiVersion === apiVersion && one.kind === kind);
  if (found === undefined) return [`${place}: ${apiVersion} has no such kind here`];
  const asked = new Set<string>();
  const problems: string[] = [];
  try {
    found.prototype.validate.call(watched(manifest, '', asked));
  } catch (error) {
    problems.push(`${place}: ${(error as Error).message}`);
  }
  const unknown = pathsIn(manifest, '').filter((path) => !asked.has(path));
  return [...problems, ...unknown.map((path) => `${place}: ${path} is no field`)];
}

/** A view of a value that notes the paths of what is read. */
function watched(value: unknown, path: string, asked: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return new Proxy(value, {
    get(target, key) {
      const inside: unknown = Reflect.get(target, key);
      if (typeof key === 'symbol' || !Object.hasOwn(target, key)) return inside;
      const inner = `${path}/${key}`;
      asked.add(inner);
      return watched(inside, inner, asked);
    },
    // A map of any names: a validator that goes through all of them knows all of them.
    ownKeys(target) {
      const keys = Reflect.ownKeys(target);
      for (const key of keys) asked.add(`${path}/${String(key)}`);
      return keys;
    },
  });
}

function pathsIn(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = `${path}/${key}`;
    return [here, ...pathsIn(inner, here)];
  });
}
