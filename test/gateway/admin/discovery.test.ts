import { expect, it } from 'vitest';
import { propose } from '#gateway/discovery/proposal.js';
import { engineNamed, enginesToFind } from '#gateway/discovery/providers.js';

const ollamaAt = (said?: string) =>
  enginesToFind(said === undefined ? {} : { OLLAMA_HOST: said }).find(({ name }) => name === 'Ollama')?.url;

it.each([
  [undefined, 'http://127.0.0.1:11434'],
  ['', 'http://127.0.0.1:11434'],
  ['127.0.0.1:11500', 'http://127.0.0.1:11500'],
  ['http://localhost:11500/', 'http://localhost:11500'],
  [':11500', 'http://127.0.0.1:11500'],
  ['0.0.0.0', 'http://127.0.0.1:11434'],
  ['[::1]:11500', 'http://[::1]:11500'],
  // Not on this machine, or no address at all: where it usually is.
  ['10.0.0.8:11434', 'http://127.0.0.1:11434'],
  ['https://ollama.example', 'http://127.0.0.1:11434'],
  ['127.0.0.1:99999', 'http://127.0.0.1:11434'],
  ['127.0.0.1:80@evil.example', 'http://127.0.0.1:11434'],
])('OLLAMA_HOST %s is looked for at %s', (said, url) => {
  expect(ollamaAt(said)).toBe(url);
});

it('an engine is called what it calls itself, whatever port it listens on', () => {
  const owners = ['vllm', 'sglang', 'llamacpp', 'library', 'organization_owner', 'weir-simulated', 'acme', undefined];
  const names = ['vLLM', 'SGLang', 'llama.cpp', 'Ollama', 'LM Studio', 'weir engine', undefined, undefined];
  expect(owners.map(engineNamed)).toEqual(names);
});

it('adds to a configuration what it lacks, and nothing twice', () => {
  const backend = { url: 'http://127.0.0.1:11434', models: [{ id: 'llama3.2:latest' }] };
  const once = propose([backend]);
  expect(propose([backend], once)).toBe(once);
  const own = once.replace('http://127.0.0.1:11434', '{ url: http://127.0.0.1:11434/v1, weight: 2 }');
  expect(propose([backend], own)).toBe(own);
  const twice = propose([{ ...backend, url: 'http://10.0.0.2:11434' }], `# mine\n${once}`);
  expect(twice).toMatch(/^# mine\n/);
  expect(twice).toContain('llama3.2-latest-2: { model: llama3.2:latest, replicas: [ http://10.0.0.2:11434 ] }');
});

it('proposes what each model costs, what its provider speaks, and no embedding model for answers', () => {
  const text = propose([
    {
      url: 'https://api.anthropic.com',
      api: 'anthropic',
      variable: 'ANTHROPIC_API_KEY',
      models: [{ id: 'claude-x', price: { prompt: 3, completion: 15 } }],
    },
    { url: 'http://127.0.0.1:11434', models: [{ id: 'nomic-embed-text:latest', kind: 'embedding' }] },
  ]);
  expect(text).toContain('claude-x: { price: { prompt: 3, completion: 15 } }');
  expect(text).toContain('api: anthropic');
  expect(text).toContain(`api_key: "\${ANTHROPIC_API_KEY}"`);
  expect(text).toMatch(/nomic-embed-text:latest: \{ kind: embedding/);
  expect(text).toMatch(/models: \[ claude-x \]/);
});
