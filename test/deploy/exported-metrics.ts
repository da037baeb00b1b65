import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../support/postgres-server.js';
import { serve } from '../support/served.js';

const ADMIN = 'an-admin-key-of-the-test';

/** Every series name that a gateway with all its stores exports, once one request went through it, with its labels. */
export async function exportedMetrics(postgres: string): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-metrics-'));
  const server = await startPostgres(postgres);
  writeFileSync(
    join(folder, 'weir.yaml'),
    `
router:
  signals: { hard: { keyword: { any: [prove] } } }
  decisions:
    - { name: hard, when: hard, models: [m] }
    - { name: default, when: otherwise, models: [m] }
pool:
  models: { m: { context: 8k, price: { prompt: 1, completion: 1 } } }
  pools: { p: { model: m, simulate: { model: qwen3-8b, gpu: h100, replicas: 1 } } }
gateway:
  auth: { required: true, admin_key: ${ADMIN}, postgres: "${server.url}" }
  record: { postgres: "${server.url}" }
`,
  );
  try {
    const gateway = await serve(folder, ['serve', '--port', '0']);
    try {
      const headers = { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' };
      const ask = (body: object) =>
        fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers, body: JSON.stringify(body) });
      const messages = [{ role: 'user', content: 'prove it' }];
      const answered = await ask({ model: 'auto', max_tokens: 4, messages });
      if (answered.status !== 200) throw new Error(`${answered.status}: ${await answered.text()}`);
      await answered.text();
      await ask({ model: 'nosuch', messages });
      await fetch(`${gateway.url}/v1/models`);
      // An invalid configuration, for the count of reloads.
      writeFileSync(join(folder, 'weir.yaml'), 'router: 7');
      const read = async () => (await fetch(`${gateway.url}/metrics`, { headers })).text();
      while (!(await read()).includes('weir_config_reloads_total{'))
        await new Promise(resolve => setTimeout(resolve, 50));
      return seriesOf(await read());
    } finally {
      await gateway.stop();
    }
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function seriesOf(text: string): Map<string, Set<string>> {
  const series = new Map<string, Set<string>>();
  for (const line of text.split('\n')) {
    const type = /^# TYPE (\w+) (\w+)/.exec(line);
    if (type !== null) {
      const [, name = '', kind] = type;
      for (const suffix of kind === 'histogram' ? ['_bucket', '_sum', '_count'] : [''])
        series.set(name + suffix, new Set());
      continue;
    }
    const [, name = '', labels = ''] = /^(\w+)(?:\{(.*)\})? /.exec(line) ?? [];
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) series.get(name)?.add(label);
  }
  return series;
}

/** Names in PromQL that look like what Weir exports. */
export function metricsIn(expression: string): string[] {
  return [...new Set(expression.match(/\b(?:weir|process|nodejs)_\w+/g) ?? [])].filter(
    name => !/\b(?:by|on|without) \([^)]*$/.test(expression.slice(0, expression.indexOf(name))),
  );
}
