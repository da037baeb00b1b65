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
  learned: { patience: 20s, classifiers: { ner: { path: ${path}, length: 16, windows: 8 } } }
  privacy: { kinds: { person: mask, drug: log, email: mask }, models: { ner: { DRUG: drug } }, patience: 20s }
  signal_deadline: 20s
  signals:
    drug: { classifier: { name: ner, any: [DRUG], above: 0.8 } }
    named: { pii: person }
  decisions:
    - { name: pharmacy, when: drug, models: [m] }
    - { name: people, when: named, models: [m] }
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
    ['who is zuri mbeki?', 'people'],
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
    expect((await ask(gateway.url, 'GET', '/api/heads')).body.classifiers).toEqual(['ner']);
    const { stdout } = await weir('classify', '-c', file, '--classifier', 'ner', TEXT);
    expect(JSON.parse(stdout)).toMatchObject(told);
  });

  test('what the built-in tagger does not know is masked by it, and put back; other kinds are told', async () => {
    const content = 'write to zuri mbeki at zuri@example.org about aspirin';
    const response = await gateway.chat({ model: 'm', messages: [{ role: 'user', content }] });
    expect(response.status).toBe(200);
    const sent = JSON.stringify(upstream.seen.at(-1)?.body);
    expect(sent).toMatch(/write to \[PERSON_\w+\] at \[EMAIL_\w+\] about aspirin/);
    const record = await gateway.recordOf(response);
    expect(record.stages.find(({ stage }) => stage === 'privacy')?.note).toBe('masked email 1, person 1');
    const logged = await gateway.chat({ model: 'm', messages: [{ role: 'user', content: 'aspirin' }] });
    const { stages } = await gateway.recordOf(logged);
    expect(stages.find(({ stage }) => stage === 'privacy')?.note).toBe('found drug 1');
  });

  test('a text that it cannot read whole does not go on, and what cannot be told is unknown', async () => {
    const content = 'nobody is here. '.repeat(40);
    const response = await gateway.chat({ model: 'auto', messages: [{ role: 'user', content }] });
    expect([response.status, await response.json()]).toMatchObject([503, { error: { code: 'privacy.unread' } }]);
    const { signals } = await gateway.recordOf(response);
    expect(signals.find(({ name }) => name === 'named')).toMatchObject({ state: 'unknown', tier: 'busy' });
  });

  test('pii in /api/classify and weir classify is what the configuration says', async () => {
    const found = { label: 'person', scores: { person: expect.any(Number), drug: expect.any(Number) }, tier: 'model' };
    const answer = await ask(gateway.url, 'POST', '/api/classify', { body: { kind: 'pii', texts: [TEXT] } });
    expect(answer.body.results).toMatchObject([found]);
    const { stdout } = await weir('classify', '-c', file, '--kind', 'pii', TEXT);
    expect(JSON.parse(stdout)).toMatchObject(found);
  });
});
