import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { POSTGRES } from '../support/postgres-server.js';
import { describeWith, installed } from '../support/real-component.js';
import { exportedMetrics, metricsIn } from './exported-metrics.js';
import { typeCheck } from './type-check.js';

const root = fileURLToPath(new URL('../../deploy', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
}
const rules = (parse(read('prometheus/rules.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  group => group.rules,
);

interface Panel {
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}
const dashboard = JSON.parse(read('grafana/weir.json')) as { readonly panels: readonly Panel[] };
const expressions = dashboard.panels.flatMap(panel => panel.targets ?? []).map(({ expr }) => expr);

/** As Grafana asks it, with its variables filled in. */
const asked = (expr: string): string =>
  expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$(?:job|instance)/g, '.*');

describeWith('prometheus', installed('/usr/bin/promtool'), 'rules and queries, by promtool', promtool => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-promtool-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(promtool, args, { cwd: join(root, 'prometheus'), encoding: 'utf8' });
    return { status, said: stdout + stderr };
  };

  it.each([
    ['rules', ['check', 'rules', 'rules.yml']],
    ['the example configuration', ['check', 'config', '--syntax-only', 'prometheus.yml']],
    ['what the rules come to', ['test', 'rules', 'rules.test.yml']],
  ])('accepts %s', (_, args) => {
    expect(run(...args)).toMatchObject({ status: 0, said: expect.stringMatching(/SUCCESS/) });
  });

  it('accepts every query of the dashboard', () => {
    const file = join(folder, 'queries.yml');
    const queries = expressions.map((expr, at) => ({ record: `query:${at}`, expr: asked(expr) }));
    writeFileSync(file, stringify({ groups: [{ name: 'queries', rules: queries }] }));
    expect(run('check', 'rules', file)).toMatchObject({
      status: 0,
      said: expect.stringContaining(`${queries.length} rules found`),
    });
    writeFileSync(file, stringify({ groups: [{ name: 'broken', rules: [{ record: 'a', expr: 'sum(' }] }] }));
    expect(run('check', 'rules', file).status).not.toBe(0);
  });

  it('tests every alert', () => {
    const tests = read('prometheus/rules.test.yml');
    const alerts = rules.flatMap(({ alert }) => (alert === undefined ? [] : [alert]));
    expect(alerts.length).toBeGreaterThan(10);
    expect(alerts.filter(alert => !tests.includes(`alertname: ${alert}\n`))).toEqual([]);
  });
});

describeWith('postgresql', POSTGRES, 'what is asked for is exported', postgres => {
  let exported: ReadonlyMap<string, ReadonlySet<string>>;
  beforeAll(async () => {
    exported = await exportedMetrics(postgres);
  });

  const unknown = (asks: readonly string[]): string[] =>
    asks.flatMap(metricsIn).filter(name => !exported.has(name) && !name.startsWith('weir_queries'));

  it('by the dashboard, the rules and the autoscaler', () => {
    expect(exported.size).toBeGreaterThan(40);
    expect(unknown(['rate(weir_nosuch_total[5m])'])).toEqual(['weir_nosuch_total']);
    expect(unknown(expressions)).toEqual([]);
    expect(unknown(rules.map(({ expr }) => expr))).toEqual([]);
    const [, metric = ''] = /metric: \{ name: (\w+) \}/.exec(read('kubernetes/autoscaler.yaml')) ?? [];
    expect(exported.has(metric)).toBe(true);
    expect(exported.has('weir_build_info')).toBe(true);
  });

  it('with the labels that are asked for', () => {
    const wrong = [...expressions, ...rules.map(({ expr }) => expr)].flatMap(expr =>
      [...expr.matchAll(/\b((?:weir|process|nodejs)_\w+)\{([^}]*)\}/g)].flatMap(([, name = '', matchers = '']) =>
        [...matchers.matchAll(/(\w+)[!=~]+"/g)]
          .map(([, label = '']) => label)
          .filter(label => !['job', 'instance'].includes(label) && exported.get(name)?.has(label) !== true)
          .map(label => `${name}{${label}}`),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it('and described in docs/metrics.md, each of them', () => {
    const page = readFileSync(join(root, '../docs/metrics.md'), 'utf8');
    const described = (name: string): boolean =>
      page.includes(`\`${name}\``) ||
      new RegExp(`\`${name.replace(/_(?:p50|p99|max)_/, '_{p50,p99,max}_')}\``).test(page);
    const names = new Set([...exported.keys()].map(name => name.replace(/_(?:bucket|sum|count)$/, '')));
    expect([...names].filter(name => !described(name))).toEqual([]);
  });
});

describe('the dashboard for Grafana', () => {
  it('is one by the schema of Grafana, with no field that is not in it', () => {
    const enums = `
      type Plain<T> = T extends string ? \`\${T}\`
        : T extends number ? (\`\${T}\` extends \`\${infer N extends number}\` ? N : T)
        : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;`;
    const source = (text: string) =>
      `import type { Dashboard } from '@grafana/schema';\n${enums}\nexport const it: Plain<Dashboard> = ${text};\n`;
    expect(typeCheck(source(JSON.stringify(dashboard)))).toBe('');
    expect(typeCheck(source(JSON.stringify({ ...dashboard, bogus: 1 })))).toContain('bogus');
    expect(typeCheck(source(JSON.stringify({ ...dashboard, panels: [{ type: 7 }] })))).not.toBe('');
  });

  it('has no two panels in one place, and none beyond the edge', () => {
    const taken = new Set<string>();
    for (const { title, gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x} ${y}`), title).toBe(false);
          taken.add(`${x} ${y}`);
        }
      }
    }
  });
});
