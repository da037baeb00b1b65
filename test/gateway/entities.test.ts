import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machineClock } from '#gateway/machine-clock.js';
import { ModelHost } from '#models/model-host.js';
import { weir } from '../cli/run.js';
import { writeTokenModel } from '../models/own/word-model.js';
import { type MockUpstream, startMockUpstream } from '../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../support/running-gateway.js';
import { ask } from './admin/support.js';

const folder = mkdtempSync(join(tmpdir(), 'weir-entities-'));
const host = new ModelHost(machineClock);
const file = join(folder, 'weir.yaml');
let upstream: MockUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  const path = writeTokenModel(join(folder, 'ner'), ['O', 'B-PER', 'I-PER', 'B-DRUG'], {
    zuri: [0, 6, 0, 0],
    mbeki: [0, 0, 6, 0],
    aspirin: [0, 0, 0, 6],
  });
  upstream = await startMockUpstream();
  const config = `
router:
  learned: { patience: 20s, classifiers: { ner: { path: ${path} } } }
  signal_deadline: 20s
  signals: { drug: { classifier: { name: ner, any: [DRUG], above: 0.8 } } }
  decisions:
    - { name: pharmacy, when: drug, models: [m] }
    - { name: rest, when: otherwise, models: [m] }
pool:
  models: { m: {} }
  pools: { p: { model: m, health: false, replicas: ["${upstream.url}"] } }
`;
  writeFileSync(file, config);
  gateway = await startGateway(config, {}, { localModels: host });
}, 60_000);

afterAll(async () => {
  await gateway.close();
  await host.close();
  await upstream.close();
  rmSync(folder, { recursive: true, force: true });
});

const told = {
  label: 'PER',
  tier: 'model',
  spans: [
    { type: 'PER', start: 0, end: 10, text: 'Zuri Mbeki', score: expect.any(Number) },
    { type: 'DRUG', start: 17, end: 24, text: 'aspirin', score: expect.any(Number) },
  ],
};
const TEXT = 'Zuri Mbeki takes aspirin';

describe('entities by a model of one’s own', { timeout: 60_000 }, () => {
  test.each([
    ['how much aspirin may I take?', 'pharmacy'],
    ['how are you?', 'rest'],
  ])('%s leads to %s', async (content, decision) => {
    const response = await gateway.chat({ model: 'auto', messages: [{ role: 'user', content }] });
    const record = await gateway.recordOf(response);
    expect([record.decision, record.signals.find(({ name }) => name === 'drug')?.tier]).toEqual([decision, 'model']);
  });

  test('/api/classify and weir classify tell them with their places', async () => {
    const body = { kind: 'classifier', classifier: 'ner', texts: [TEXT, 'nobody'] };
    const answer = await ask(gateway.url, 'POST', '/api/classify', { body });
    expect(answer.body.results).toMatchObject([told, { label: null, score: 0, spans: [] }]);
    const { stdout } = await weir('classify', '-c', file, '--classifier', 'ner', TEXT);
    expect(JSON.parse(stdout)).toMatchObject(told);
  });
});
