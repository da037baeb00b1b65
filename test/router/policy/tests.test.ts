import { expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import type { InferenceRequest } from '#contract/request.js';
import { runPolicyTests } from '#router/policy/tests.js';
import { VirtualClock } from '../../support/virtual-clock.js';
import { configured, facts, profile } from '../support.js';

const BLOCK = {
  signals: {
    legal: { keyword: { any: ['liability'] } },
    vip: { metadata: { header: 'X-Tier', equals: 'gold' } },
    agentic: { conversation: { tools: true, turns: { above: 1 } } },
    lang: { language: {} },
    risky: { metadata: { field: 'risk' } },
  },
  decisions: [
    { name: 'guard', when: 'risky > 0.7', refuse: 'No.', on_unknown: 'refuse', tier: 0 },
    { name: 'counsel', when: 'legal and vip', models: ['large'] },
    { name: 'agent', when: 'agentic', models: ['large', 'small'], select: 'cheapest' },
    { name: 'german', when: 'lang == de', respond: 'Guten Tag.' },
    { name: 'default', when: 'otherwise', models: ['small', 'large'] },
  ],
};

const deps = {
  clock: new VirtualClock(),
  random: seededRandom(1),
  models: [facts('small'), facts('large', { price: { prompt: 9, completion: 9, cached: 9 } })],
  profile: ({ messages, promptBytes }: InferenceRequest) =>
    profile({ turn: messages.filter(({ role }) => role === 'user').length, promptTokens: Math.ceil(promptBytes / 4) }),
};

const run = (...tests: readonly Record<string, unknown>[]) => runPolicyTests(configured({ ...BLOCK, tests }), deps);

test('requests are built from what a test says, and signals can be given', async () => {
  const report = await run(
    { prompt: 'who bears liability?', headers: { 'x-tier': 'gold' }, expect: 'counsel' },
    { prompt: 'who bears liability?', expect: 'default', expect_model: 'small' },
    { prompt: 'who?', signals: { legal: true, vip: 1 }, expect: 'counsel', expect_model: 'large' },
    { prompt: 'who bears liability?', headers: { 'x-tier': 'gold' }, signals: { legal: false }, expect: 'default' },
    {
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b' },
        { role: 'user', content: 'c' },
      ],
      tools: ['search'],
      expect: 'agent',
      expect_model: 'small',
    },
    { prompt: 'Wer haftet denn für diesen Schaden?', expect: 'german' },
    { prompt: 'x', signals: { lang: { label: 'de' } }, expect: 'german' },
    { prompt: 'x', metadata: { risk: '0.9' }, expect: 'guard' },
    { prompt: 'x', signals: { risky: 0.8 }, expect: 'guard' },
    { prompt: 'x', signals: { risky: 'unknown' }, expect: 'guard' },
    { prompt: 'x', model: 'large', expect: 'direct', expect_model: 'large' },
  );
  expect(report).toEqual({ passed: 11, failed: [] });
});

test('a failure says what came out instead and why', async () => {
  const report = await run(
    { prompt: 'hello', expect: 'default' },
    { prompt: 'liability', expect: 'counsel' },
    { name: 'the refusal', prompt: 'x', signals: { risky: 'unknown' }, expect_model: 'small' },
    { prompt: 'x', expect: 'default', expect_model: 'large' },
  );
  expect(report.passed).toBe(1);
  expect(report.failed).toEqual([
    { name: 'liability', path: ['tests', 1], expected: 'counsel', got: 'default', why: 'default: otherwise' },
    {
      name: 'the refusal',
      path: ['tests', 2],
      expected: 'small',
      got: 'guard → no model (route.signal_unknown)',
      why: 'guard: risky > 0.7 - risky is unknown (given by the test)',
    },
    { name: 'x', path: ['tests', 3], expected: 'default → large', got: 'default → small', why: 'default: otherwise' },
  ]);
});
