import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { describeWith, installed } from '../support/real-component.js';
import { typeCheck } from './type-check.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const manifest = parse(read('deploy/engines/autoscaler.yaml'));
const keda = parse(read('deploy/engines/keda.yaml'));
const [trigger] = keda.spec.triggers;
const gauges = new Set([...read('docs/metrics.md').matchAll(/^\| `(\w+)` \| gauge \|/gm)].map(([, name]) => name));

describe('deploy/engines', () => {
  it('has no file but those looked at here', () => {
    expect(readdirSync(join(root, 'deploy/engines')).sort()).toEqual(['autoscaler.yaml', 'keda.yaml']);
  });

  it('has an autoscaler that is right by the schema and the types of Kubernetes', () => {
    const { apiVersion, kind, ...rest } = manifest;
    expect([apiVersion, kind]).toEqual(['autoscaling/v2', 'HorizontalPodAutoscaler']);
    expect(() => new HorizontalPodAutoscaler(rest).validate()).not.toThrow();
    const typed = (it: object) =>
      typeCheck(
        `import type { IHorizontalPodAutoscaler as T } from 'kubernetes-models/autoscaling/v2';\nexport const one: Omit<T, 'apiVersion' | 'kind'> = ${JSON.stringify(it)};`,
      );
    expect(typed(rest)).toBe('');
    expect(typed({ ...rest, spec: { ...rest.spec, bogus: 1 } })).toContain('bogus');
  });

  it('scales by metrics that a gateway has, one replica for each that is recommended', () => {
    const { metric, target } = manifest.spec.metrics[0].external;
    expect(gauges).toContain(metric.name);
    expect(target).toEqual({ type: 'AverageValue', averageValue: '1' });
    expect(gauges).toContain(/weir_\w+/.exec(trigger.metadata.query)?.[0]);
    expect([trigger.type, trigger.metricType, trigger.metadata.threshold]).toEqual(['prometheus', 'AverageValue', '1']);
    expect(trigger.metadata.ignoreNullValues).toBe('false');
    expect(keda.spec.scaleTargetRef).toEqual(manifest.spec.scaleTargetRef);
    expect([keda.spec.minReplicaCount, keda.spec.maxReplicaCount]).toEqual([
      manifest.spec.minReplicas,
      manifest.spec.maxReplicas,
    ]);
  });
});

describeWith('prometheus', installed('/usr/bin/promtool'), 'the query of KEDA, by promtool', promtool => {
  it('sums over gateways, rounds up and holds', () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-keda-'));
    const series = (instance: string, values: string) => ({
      series: `weir_pool_needed_replicas{instance="${instance}",pool="short"}`,
      values,
    });
    const at = (eval_time: string, value: number) => ({
      ...{ expr: trigger.metadata.query, eval_time },
      exp_samples: [{ labels: '{}', value }],
    });
    const tests = [
      {
        interval: '1m',
        input_series: [
          series('a', '1.2x20 0.2x30'),
          series('b', '0.6x50'),
          { series: 'weir_pool_needed_replicas{pool="long"}', values: '9x50' },
        ],
        promql_expr_test: [at('15m', 2), at('28m', 2), at('40m', 1)],
      },
    ];
    try {
      writeFileSync(join(folder, 'test.yml'), JSON.stringify({ rule_files: [], tests }));
      const { status, stdout, stderr } = spawnSync(promtool, ['test', 'rules', 'test.yml'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect({ status, said: stdout + stderr }).toMatchObject({ status: 0, said: expect.stringContaining('SUCCESS') });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
