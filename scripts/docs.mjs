// `npm run docs`: writes schema/, docs/reference, what is generated of deploy/ and the types of the dashboard's client from the code, and the kernel's bytes from its text. With --check it writes nothing and exits 1
// when a file is not what it would write.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { apiTypes } from './docs/api-types.mjs';
import { cliReference } from './docs/cli.mjs';
import { configurationReference } from './docs/configuration.mjs';
import { errorReference } from './docs/errors.mjs';
import { grafanaDashboard } from './docs/grafana.mjs';
import { kernelCode } from './docs/kernel.mjs';
import { prometheusRule } from './docs/prometheus-rule.mjs';
import { root, setup } from './setup.mjs';

const checking = process.argv.includes('--check');
if (!checking) await setup({ need: 'test' });

const { configJsonSchema } = await import('../dist/config/json-schema.js');
const { ERRORS } = await import('../dist/contract/errors.js');
const { openApi } = await import('../dist/gateway/admin/openapi.js');
const { ADMIN_ROUTES } = await import('../dist/gateway/admin/routes.js');
const { buildProgram } = await import('../dist/cli/program.js');

// Without a version: a release changes nothing of the API by itself.
const document = openApi(ADMIN_ROUTES, '1');

const files = {
  'schema/weir.schema.json': `${JSON.stringify(configJsonSchema(), undefined, 2)}\n`,
  'schema/openapi.json': `${JSON.stringify(document, undefined, 2)}\n`,
  'dashboard/api/types.ts': apiTypes(document),
  'docs/reference/configuration.md': configurationReference(configJsonSchema()),
  'docs/reference/errors.md': errorReference(ERRORS),
  'deploy/grafana/weir.json': `${JSON.stringify(grafanaDashboard(), undefined, 2)}\n`,
  'deploy/kubernetes/prometheusrule.yaml': prometheusRule(
    readFileSync(join(root, 'deploy/prometheus/rules.yml'), 'utf8'),
  ),
  'src/models/kernels/row-products-code.ts': await kernelCode(join(root, 'src/models/kernels/row-products.wat')),
  'docs/reference/cli.md': cliReference(await buildProgram(undefined)),
};

for (const [path, text] of Object.entries(files)) {
  const target = join(root, path);
  if (existsSync(target) && readFileSync(target, 'utf8') === text) continue;
  if (checking) {
    process.stdout.write(`${path} is stale: npm run docs\n`);
    process.exitCode = 1;
    continue;
  }
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
  process.stdout.write(`wrote ${path}\n`);
}
