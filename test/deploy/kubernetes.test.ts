import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as operator from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import * as apps from 'kubernetes-models/apps/v1';
import * as autoscaling from 'kubernetes-models/autoscaling/v2';
import * as networking from 'kubernetes-models/networking.k8s.io/v1';
import * as policy from 'kubernetes-models/policy/v1';
import * as core from 'kubernetes-models/v1';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadText } from '#config/load.js';
import { typeCheck } from './type-check.js';

const folder = fileURLToPath(new URL('../../deploy/kubernetes', import.meta.url));
const read = (file: string): unknown => parse(readFileSync(join(folder, file), 'utf8'));

interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}
const kustomization = read('kustomization.yaml') as {
  readonly resources: readonly string[];
  readonly images: readonly { readonly name: string }[];
};
const resources = kustomization.resources.map(file => read(file) as Resource);
const one = <T>(kind: string): T => {
  const found = resources.filter(resource => resource.kind === kind);
  expect(found, kind).toHaveLength(1);
  return found[0] as T;
};

const MODELS: Readonly<Record<string, { readonly from: string; readonly models: object }>> = {
  v1: { from: 'kubernetes-models/v1', models: core },
  'apps/v1': { from: 'kubernetes-models/apps/v1', models: apps },
  'autoscaling/v2': { from: 'kubernetes-models/autoscaling/v2', models: autoscaling },
  'networking.k8s.io/v1': { from: 'kubernetes-models/networking.k8s.io/v1', models: networking },
  'policy/v1': { from: 'kubernetes-models/policy/v1', models: policy },
  'monitoring.coreos.com/v1': {
    from: '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1',
    models: operator,
  },
};

/** Against the schema that Kubernetes' API server has. */
function validate(resource: Resource): void {
  const models = MODELS[resource.apiVersion]?.models ?? {};
  const model = (models as Readonly<Record<string, new (it: object) => { validate(): void }>>)[resource.kind];
  if (model === undefined) throw new Error(`there is no ${resource.apiVersion} ${resource.kind}`);
  const { apiVersion: _, kind: __, ...rest } = resource;
  new model(rest).validate();
}

/** Against its types, which let no field pass that is not in them: the API server would drop it in silence. */
function typed(all: readonly Resource[]): string {
  return typeCheck(
    all
      .map(({ apiVersion, kind, ...rest }, at) => {
        const from = MODELS[apiVersion]?.from ?? '';
        return `import type { I${kind} as T${at} } from '${from}';\nexport const r${at}: Omit<T${at}, 'apiVersion' | 'kind'> = ${JSON.stringify(rest)};`;
      })
      .join('\n'),
  );
}

interface Container {
  readonly image: string;
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env: readonly { readonly name: string; readonly valueFrom: object }[];
  readonly securityContext: Record<string, unknown>;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
  readonly [probe: `${string}Probe`]: { readonly httpGet: { readonly path: string; readonly port: string } };
}
interface Deployment extends Resource {
  readonly spec: {
    readonly selector: { readonly matchLabels: object };
    readonly template: {
      readonly metadata: { readonly labels: object };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly Container[];
        readonly securityContext: object;
        readonly volumes: readonly Record<string, unknown>[];
      };
    };
  };
}
const deployment = one<Deployment>('Deployment');
const pod = deployment.spec.template.spec;
const container = pod.containers[0]!;

function configuration() {
  const { data } = one<Resource & { readonly data: Readonly<Record<string, string>> }>('ConfigMap');
  const loaded = loadText(data['weir.yaml'] ?? '', 'weir.yaml', {
    env: {
      WEIR_ADMIN_KEY: 'an-admin-key-of-the-test',
      WEIR_POSTGRES: 'postgres://weir@postgres.data/weir',
      WEIR_REDIS: 'redis://redis.data:6379/0',
    },
    overrides: { host: '0.0.0.0' },
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  expect(loaded.warnings).toEqual([]);
  return loaded.config;
}

describe('deploy/kubernetes', () => {
  it('lists every manifest', () => {
    const files = readdirSync(folder).filter(file => file !== 'kustomization.yaml');
    expect([...kustomization.resources].sort()).toEqual(files.sort());
    expect(kustomization.images.map(({ name }) => name)).toEqual([container.image]);
  });

  it('has manifests that are right by the schemas of Kubernetes', () => {
    for (const resource of resources) expect(() => validate(resource), resource.kind).not.toThrow();
    const broken = JSON.parse(
      JSON.stringify(deployment).replace('"containerPort":8080', '"containerPort":"http"'),
    ) as Resource;
    expect(() => validate(broken)).toThrow('containerPort');
  });

  it('has no field that Kubernetes does not know', () => {
    expect(typed(resources)).toBe('');
    expect(typed([{ ...deployment, spec: { ...deployment.spec, bogus: 1 } } as Resource])).toContain('bogus');
  });

  it('has a configuration that is valid, with every variable from a secret', () => {
    expect(configuration().gateway.auth.postgres).toBeDefined();
    const { data } = one<Resource & { readonly data: Readonly<Record<string, string>> }>('ConfigMap');
    const used = new Set([...(data['weir.yaml'] ?? '').matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name));
    expect(container.env.map(({ name }) => name).sort()).toEqual([...used].sort());
    for (const { valueFrom } of container.env) expect(Object.keys(valueFrom)).toEqual(['secretKeyRef']);
  });

  it('gives a pod longer than the gateway takes to drain', () => {
    const { drain, drain_delay } = configuration().gateway;
    expect(drain_delay).toBeGreaterThanOrEqual(5000);
    expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThanOrEqual(drain + drain_delay + 15_000);
  });

  it('selects the pods that it makes, everywhere', () => {
    const { labels } = deployment.spec.template.metadata;
    expect(labels).toMatchObject(deployment.spec.selector.matchLabels);
    const spec = <T>(kind: string) => one<Resource & { readonly spec: T }>(kind).spec;
    expect(labels).toMatchObject(spec<{ selector: object }>('Service').selector);
    expect(labels).toMatchObject(
      spec<{ selector: { matchLabels: object } }>('PodDisruptionBudget').selector.matchLabels,
    );
    expect(labels).toMatchObject(
      spec<{ podSelector: { matchLabels: object } }>('NetworkPolicy').podSelector.matchLabels,
    );
    expect(spec<{ scaleTargetRef: object }>('HorizontalPodAutoscaler').scaleTargetRef).toEqual({
      apiVersion: deployment.apiVersion,
      kind: deployment.kind,
      name: deployment.metadata.name,
    });
    expect(one<Resource & { readonly metadata: { readonly labels: object } }>('Service').metadata.labels).toMatchObject(
      spec<{ selector: { matchLabels: object } }>('ServiceMonitor').selector.matchLabels,
    );
  });

  it('asks for health where the gateway tells it, and keeps liveness apart from readiness', () => {
    const ports = new Set(container.ports.map(({ name }) => name));
    const probes = Object.entries(container).filter(([name]) => name.endsWith('Probe')) as [
      string,
      { httpGet: { path: string; port: string } },
    ][];
    for (const [, { httpGet }] of probes) expect(ports.has(httpGet.port)).toBe(true);
    expect(Object.fromEntries(probes.map(([name, { httpGet }]) => [name, httpGet.path]))).toEqual({
      startupProbe: '/healthz',
      livenessProbe: '/healthz',
      readinessProbe: '/readyz',
    });
  });

  it('runs with no rights, on a root that cannot be written, with a place for state', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    const image = readFileSync(join(folder, '../Containerfile'), 'utf8');
    const writable = container.volumeMounts
      .filter(({ readOnly }) => readOnly !== true)
      .map(({ mountPath }) => mountPath);
    expect(writable).toContain(/^VOLUME (\S+)$/m.exec(image)?.[1]);
    expect(new Set(pod.volumes.map(({ name }) => name))).toEqual(
      new Set(container.volumeMounts.map(({ name }) => name)),
    );
  });
});
