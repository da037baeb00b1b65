import * as apps from 'kubernetes-models/apps/v1';
import * as policy from 'kubernetes-models/policy/v1';
import * as core from 'kubernetes-models/v1';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { loadText } from '#config/load.js';
import { BUILT_IN } from '#fleet/catalogue.js';
import { planFiles } from '#fleet/emit/emit.js';
import type { PlanReport, PoolReport } from '#fleet/plan/report.js';
import { findGpu } from '#pool/engine/hardware.js';
import { typeCheck } from '../../deploy/type-check.js';

function pool(gpu: string, tp: number, replicas: number, boundary: number | null): PoolReport {
  return {
    ...{ gpu, tp, replicas, gpus: tp * replicas, context: boundary ?? 131_072, boundary },
    ...{ share_of_requests: 0.5, share_of_tokens: 0.5, utilisation: 0.5, p99_ttft_ms: 400, tpot_ms: 30 },
    ...{ screened_p99_ttft_ms: 380, usd_per_hour: 1, price: findGpu(gpu).prices[0]!, one_fewer: null, prefill: null },
    ...{ prefix_hit_rate: 0.2, tiers: null },
  };
}

function planOf(pools: readonly PoolReport[]): PlanReport {
  const verified = {
    by: 'twin',
    ok: true,
    p99_ttft_ms: 400,
    p99_ttft_interval_ms: [390, 410],
    tpot_ms: 30,
    seeds: 3,
  } as const;
  return {
    best: { pools, usd_per_hour: 10, gpus: 4, tokens_per_joule: 1, watts: 1000, verified },
    ...{ why: [], next: null, pareto: [], sensitivity: [], screen: { trusted: true, because: [] } },
    ...{ buying: [], demand_response: [], over_time: null, tiers: null, budget: null },
    workload: { lengths: [[100, 1]], rate_over_time: [[0, 4]] },
    ...{
      model: 'llama-3.1-70b',
      weights: 'bf16',
      kv_cache: 'bf16',
      rate: 4,
      requests: 100,
      requests_played: 1,
      wall_s: 1,
    },
    slo: { ttft_p99_ms: 500, tpot_ms: 50 },
  };
}

const whole = planFiles(planOf([pool('h100', 4, 3, null)]), BUILT_IN, false);
const divided = planFiles(planOf([pool('a100', 4, 2, 2048), pool('h100', 8, 1, null)]), BUILT_IN, false);

const NO_HITS = { host_hit_rate: 0.1, disk_hit_rate: 0, read_ms: 1, stalled: 0 };
const remembering = planFiles(
  planOf([
    { ...pool('h100', 4, 3, null), tiers: { host: { gb: 50, link: 25 }, disk: null, ...NO_HITS } },
    { ...pool('h100', 8, 2, null), tiers: { host: { gb: 50, link: 25 }, disk: { gb: 500, link: 3 }, ...NO_HITS } },
  ]),
  BUILT_IN,
  false,
);

const apart = planFiles(
  planOf([
    {
      ...pool('h100', 8, 3, null),
      prefill: {
        ...{ gpu: 'a100', tp: 4, replicas: 2, gpus: 8, link: 40, usd_per_hour: 1, price: findGpu('a100').prices[0]! },
        ...{ prefix_hit_rate: 0, tiers: null },
      },
    },
  ]),
  BUILT_IN,
  false,
);

interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
}
interface StatefulSet extends Resource {
  readonly spec: {
    readonly replicas: number;
    readonly serviceName: string;
    readonly template: {
      readonly spec: {
        readonly containers: readonly [
          { readonly args: readonly string[]; readonly resources: { readonly limits: object } },
        ];
      };
    };
  };
}

const FROM: Readonly<Record<string, readonly [string, object]>> = {
  v1: ['kubernetes-models/v1', core],
  'apps/v1': ['kubernetes-models/apps/v1', apps],
  'policy/v1': ['kubernetes-models/policy/v1', policy],
};

function resources(files: ReadonlyMap<string, string>): readonly Resource[] {
  return [...files]
    .filter(([name]) => name.startsWith('kubernetes/') && !name.endsWith('kustomization.yaml'))
    .flatMap(([, text]) => parseAllDocuments(text).map(document => document.toJS() as Resource));
}

describe.each([
  ['one pool', whole, 1],
  ['two pools divided by length', divided, 2],
  ['a pool with prompts on replicas of their own', apart, 2],
  ['pools with memory behind their GPUs', remembering, 2],
] as const)('what is written for %s', (_, files, pools) => {
  const sets = resources(files).filter(({ kind }) => kind === 'StatefulSet') as StatefulSet[];

  test('weir.yaml is a configuration without errors or doubts', () => {
    const loaded = loadText(files.get('weir.yaml')!, 'weir.yaml');
    expect(loaded.ok ? loaded.warnings : loaded.problems).toEqual([]);
    expect(Object.keys(parse(files.get('weir.yaml')!).pool.pools)).toHaveLength(pools);
  });

  test('its replicas are the pods that Kubernetes will make', () => {
    const entries = Object.values(parse(files.get('weir.yaml')!).pool.pools) as {
      replicas: { url: string }[];
      tp: number;
    }[];
    const urls = entries.flatMap(({ replicas }) => replicas.map(({ url }) => url));
    const pods = sets.flatMap(({ metadata: { name, namespace }, spec }) =>
      Array.from(
        { length: spec.replicas },
        (_, i) => `http://${name}-${i}.${spec.serviceName}.${namespace}.svc.cluster.local:8000`,
      ),
    );
    expect(urls).toEqual(pods);
    const services = resources(files).filter(({ kind }) => kind === 'Service');
    expect(services.map(({ metadata }) => metadata.name)).toEqual(sets.map(({ spec }) => spec.serviceName));
    for (const [i, { spec }] of sets.entries()) {
      const [
        {
          args,
          resources: { limits },
        },
      ] = spec.template.spec.containers;
      expect(limits).toEqual({ 'nvidia.com/gpu': entries[i]!.tp });
      expect(args).toContain(`--tensor-parallel-size=${entries[i]!.tp}`);
      // The boundary is the gateway's: an engine cuts no answer short that turns out longer.
      expect(args).toContain('--max-model-len=131072');
    }
  });

  test('Kubernetes’ schemas hold, and every resource is in the kustomization', () => {
    for (const { apiVersion, kind, ...rest } of resources(files)) {
      const models = FROM[apiVersion]![1] as Readonly<Record<string, new (it: object) => { validate(): void }>>;
      new models[kind]!(rest).validate();
    }
    const { resources: listed } = parse(files.get('kubernetes/kustomization.yaml')!) as { resources: string[] };
    expect([...listed, 'kustomization.yaml'].map(name => `kubernetes/${name}`).sort()).toEqual(
      [...files.keys()].filter(name => name.startsWith('kubernetes/')).sort(),
    );
  });
});

test('prompts on replicas of their own: both pools transfer KV, one names the other, and weir simulate can play it', () => {
  const { pools } = parse(apart.get('weir.yaml')!).pool;
  expect(pools['llama-3-1-70b'].prefill).toEqual({ pool: 'llama-3-1-70b-prefill', link: 40 });
  expect(pools['llama-3-1-70b-prefill'].tp).toBe(4);
  for (const { spec } of resources(apart).filter(({ kind }) => kind === 'StatefulSet') as StatefulSet[]) {
    const config = spec.template.spec.containers[0].args.find(arg => arg.startsWith('--kv-transfer-config='))!;
    expect(JSON.parse(config.slice(config.indexOf('=') + 1))).toMatchObject({ kv_connector: 'NixlConnector' });
  }
  expect(whole.get('kubernetes/llama-3-1-70b.yaml')).not.toContain('kv-transfer');
  const loaded = loadText(apart.get('simulate.yaml')!, 'simulate.yaml');
  expect(loaded.ok ? loaded.config.pool.pools['llama-3-1-70b']!.prefill?.link : loaded.problems).toBe(40);
});

test('prompts on replicas of their own with memory behind the GPUs: both pools have it, and one connector over both', () => {
  const rates = { host_hit_rate: 0.1, disk_hit_rate: 0.1, read_ms: 1, stalled: 0 };
  const filesOf = (disk: { gb: number; link: number } | null) => {
    const tiers = { host: { gb: 30, link: 25 }, disk, ...rates };
    const { tp, replicas, gpus, usd_per_hour, price } = pool('h100', 4, 2, null);
    const prefill = { gpu: 'h100', link: 40, tp, replicas, gpus, usd_per_hour, price, prefix_hit_rate: 0, tiers };
    return planFiles(planOf([{ ...pool('h100', 8, 3, null), tiers, prefill }]), BUILT_IN, false);
  };
  for (const [disk, second] of [
    [null, 'OffloadingConnector'],
    [{ gb: 100, link: 3 }, 'LMCacheConnectorV1'],
  ] as const) {
    const files = filesOf(disk);
    const { pools } = parse(files.get('weir.yaml')!).pool;
    expect(pools['llama-3-1-70b'].host_memory.size).toBe('240GB');
    expect(pools['llama-3-1-70b-prefill'].host_memory.size).toBe('120GB');
    const sets = resources(files).filter(({ kind }) => kind === 'StatefulSet') as StatefulSet[];
    expect(sets).toHaveLength(2);
    for (const { spec } of sets) {
      const said = spec.template.spec.containers[0].args.filter(arg => arg.startsWith('--kv-'));
      expect(said).toHaveLength(1);
      const { kv_connector: connector, kv_connector_extra_config: extra } = JSON.parse(
        said[0]!.slice(said[0]!.indexOf('=') + 1),
      );
      expect(connector).toBe('MultiConnector');
      expect(extra.connectors.map((one: { kv_connector: string }) => one.kv_connector)).toEqual([
        'NixlConnector',
        second,
      ]);
    }
    const loaded = loadText(files.get('simulate.yaml')!, 'simulate.yaml');
    expect(loaded.ok).toBe(true);
  }
});

describe('precision', () => {
  const filesOf = (weights: PlanReport['weights'], kv: PlanReport['kv_cache'], model = 'llama-3.1-70b') => {
    const plan = { ...planOf([pool('h200', 8, 2, null)]), model, weights, kv_cache: kv };
    const files = planFiles(plan, BUILT_IN, false);
    const manifest = [...files].find(
      ([name]) => /^kubernetes\/.*[^n]\.yaml$/.test(name) && name.includes(model.replace(/[^a-z0-9]+/g, '-')),
    )!;
    return { weir: files.get('weir.yaml')!, manifest: manifest[1] };
  };

  test('weir.yaml says what was planned, and engines are told the same', () => {
    const { weir, manifest } = filesOf('fp8', 'fp8');
    expect(parse(weir).pool.models['llama-3.1-70b']).toMatchObject({ weights: 'fp8', kv_cache: 'fp8' });
    expect(loadText(weir, 'weir.yaml').ok).toBe(true);
    for (const arg of ['--dtype=bfloat16', '--quantization=fp8', '--kv-cache-dtype=fp8']) {
      expect(manifest).toContain(`- ${arg}\n`);
    }
    expect(filesOf('fp16', 'fp16').manifest).toContain('--dtype=float16');
    const plain = filesOf('bf16', 'bf16').manifest;
    expect(plain).not.toContain('--quantization');
    expect(plain).not.toContain('--kv-cache-dtype');
  });

  test('where a checkpoint has to be another than the model’s own, the manifest says so', () => {
    expect(filesOf('int4', 'bf16').manifest).toMatch(/^# --model: .*weights are int4/m);
    for (const weights of ['bf16', 'fp8'] as const)
      expect(filesOf(weights, 'bf16').manifest).not.toMatch(/^# --model/m);
    // Published in FP8, and so not to be quantised again.
    expect(filesOf('fp8', 'bf16', 'deepseek-v3').manifest).not.toContain('--quantization');
  });
});

test('no field is unknown to Kubernetes', () => {
  const source = [...resources(divided), ...resources(apart)]
    .map(({ apiVersion, kind, ...rest }, at) => {
      const [from] = FROM[apiVersion]!;
      return `import type { I${kind} as T${at} } from '${from}';\nexport const r${at}: Omit<T${at}, 'apiVersion' | 'kind'> = ${JSON.stringify(rest)};`;
    })
    .join('\n');
  expect(typeCheck(source)).toBe('');
}, 60_000);

describe('the simulated configuration', () => {
  test('is valid, with as many engines as were planned', () => {
    const loaded = loadText(whole.get('simulate.yaml')!, 'simulate.yaml');
    expect(loaded.ok ? loaded.warnings : loaded.problems).toEqual([]);
    expect(parse(whole.get('simulate.yaml')!).pool.pools['llama-3-1-70b'].simulate).toMatchObject({
      replicas: 3,
      tp: 4,
    });
  });

  test('is left out where it could not be played as it is', () => {
    expect(divided.has('simulate.yaml')).toBe(false);
    expect(planFiles(planOf([pool('h100', 4, 3, null)]), BUILT_IN, true).has('simulate.yaml')).toBe(false);
    expect(planFiles({ ...planOf([]), best: null }, BUILT_IN, false).size).toBe(0);
  });
});

describe('KV behind the GPUs', () => {
  const containers = (resources(remembering).filter(({ kind }) => kind === 'StatefulSet') as StatefulSet[]).map(
    ({ spec }) => spec.template.spec.containers[0] as unknown as Container,
  );

  interface Container {
    readonly args: readonly string[];
    readonly env: readonly { readonly name: string; readonly value?: string }[];
    readonly resources: { readonly requests: { readonly memory: string } };
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  }

  test('is what the gateway is told of it, of the whole replica', () => {
    const pools = Object.values(parse(remembering.get('weir.yaml')!).pool.pools) as { host_memory: object }[];
    expect(pools.map(({ host_memory: memory }) => memory)).toEqual([
      { size: '200GB', link: 25 },
      { size: '400GB', link: 25, disk: { size: '4000GB', link: 3 } },
    ]);
    const alone = planFiles(
      planOf([{ ...pool('h100', 4, 3, null), tiers: { host: { gb: 50, link: 25 }, disk: null, ...NO_HITS } }]),
      BUILT_IN,
      false,
    );
    const simulated = loadText(alone.get('simulate.yaml')!, 'simulate.yaml');
    expect(simulated.ok && Object.values(simulated.config.pool.pools)[0]!.simulate?.host_memory).toEqual({
      ...{ size: 200e9, link: 25 },
    });
  });

  test('without storage is vLLM’s own, with it LMCache’s, and the pod has memory for it', () => {
    const [own, behind] = containers;
    expect(own!.args).toContain('--kv-offloading-size=186');
    expect(own!.args).toContain('--kv-offloading-backend=native');
    expect(own!.resources.requests.memory).toBe('218Gi');
    expect(behind!.args.join()).toContain('LMCacheConnectorV1');
    const env = Object.fromEntries(behind!.env.map(({ name, value }) => [name, value]));
    expect(env).toMatchObject({
      ...{ LMCACHE_MAX_LOCAL_CPU_SIZE: '50', LMCACHE_MAX_LOCAL_DISK_SIZE: '500', LMCACHE_LOCAL_DISK: 'file:///kv/' },
    });
    expect(behind!.volumeMounts).toContainEqual({ name: 'kv', mountPath: '/kv' });
  });
});
