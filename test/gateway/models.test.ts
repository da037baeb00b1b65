import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningGateway, startGateway } from '../support/running-gateway.js';

const YAML = `
pool:
  models: { org/small: {}, org/deep/large: {} }
  pools:
    p: { model: org/small, health: false, replicas: ["http://127.0.0.1:9"] }
    q: { model: org/deep/large, health: false, replicas: ["http://127.0.0.1:9"] }
`;

let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway(YAML);
});
afterAll(() => gateway.close());

describe('one model by its name', () => {
  it.each([
    ['org/small', 'org/small'],
    ['org%2Fsmall', 'org/small'],
    ['org/deep/large', 'org/deep/large'],
    ['org/small/', 'org/small'],
  ])('is found at %s: slashes are encoded by some clients and not by others', async (path, id) => {
    const response = await fetch(`${gateway.url}/v1/models/${path}`);
    expect([response.status, await response.json()]).toMatchObject([200, { id }]);
  });

  it('is unknown by a part of it', async () => {
    const response = await fetch(`${gateway.url}/v1/models/org`);
    expect([response.status, await response.json()]).toMatchObject([404, { error: { code: 'request.unknown_model' } }]);
  });
});
