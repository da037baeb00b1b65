import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { begunModels } from '#cli/local-models.js';
import { createLogger } from '#telemetry/log.js';
import { configOf } from '../support/running-gateway.js';

const log = createLogger({ level: 'error', format: 'json', stream: new PassThrough() });

const config = (router: string) => `router:
${router}
pool:
  models: { m: {} }
  pools: { p: { model: m, replicas: ["http://127.0.0.1:9"] } }
`;

test.each([
  ['a signal asks it', '  signals: { law: { domain: law } }', ['all-MiniLM-L6-v2']],
  ['no signal asks a model', '  signals: { long: { context: { above: 1000 } } }', []],
  [
    'there are embedders of one’s own',
    '  learned: { embedders: { e5: { url: "http://127.0.0.1:9/v1/embeddings", model: e5, dimension: 8 } } }\n  signals: { law: { domain: law } }',
    [],
  ],
])('where %s, models begun early are as they should', async (_, router, begun) => {
  const models = begunModels(configOf(config(router)), log);
  try {
    expect(models.status().map(({ name }) => name)).toEqual(begun);
  } finally {
    await models.close();
  }
});
