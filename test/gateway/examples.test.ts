import { expect, it } from 'vitest';
import { examplesOf } from '#gateway/examples.js';
import { configOf } from '../support/running-gateway.js';

const examples = (router: string) =>
  examplesOf(
    configOf(`router:
  signals: { law: { keyword: { any: [liability] } } }
  decisions:
    - { name: counsel, when: law, models: [m] }
    - { name: default, when: otherwise, models: [m] }
${router}
pool:
  models: { m: {} }
  pools: { p: { model: m, replicas: ["http://127.0.0.1:9"] } }
`),
  );

it('are the first test of each decision that is a prompt and nothing else', () => {
  const found = examples(`  tests:
    - { prompt: who bears the liability when a container full of tulips is lost at sea?, expect: counsel }
    - { prompt: liability, expect: counsel }
    - { prompt: hello, headers: { x-key: secret }, expect: default }
    - { prompt: hi, signals: { law: true }, expect: default }
    - { messages: [{ role: user, content: hi }], expect: default }
    - { name: a greeting, prompt: good morning, expect: default }
    - { prompt: straight to it, expect_model: m }`);
  expect(found).toEqual([
    {
      label: 'who bears the liability when a container…',
      prompt: 'who bears the liability when a container full of tulips is lost at sea?',
    },
    { label: 'a greeting', prompt: 'good morning' },
    { label: 'straight to it', prompt: 'straight to it' },
  ]);
  expect(JSON.stringify(found)).not.toContain('secret');
});

it('are examples of routes and preferences behind them, few and short', () => {
  const routes = (count: number) =>
    Array.from({ length: count }, (_, at) => `r${at}: [${'x'.repeat(501)}, "ask ${at}"]`).join(', ');
  expect(
    examples(`  routes: { ${routes(1)} }
  preferences: { tax: { description: about taxes, examples: [what do I owe?] }, none: { description: other } }`),
  ).toEqual([
    { label: 'r0', prompt: 'ask 0' },
    { label: 'tax', prompt: 'what do I owe?' },
  ]);
  expect(examples(`  routes: { ${routes(9)} }`)).toHaveLength(6);
  expect(examples('')).toEqual([]);
});
