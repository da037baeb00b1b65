import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type MockUpstream, startMockUpstream } from '../support/mock-upstream.js';
import { accessibilityFaults, browserPath, launch, type Visit, visit } from './browser.js';
import { type ServedGateway, serve } from './served-gateway.js';

const path = browserPath();
const weir = fileURLToPath(new URL('../../bin/weir.js', import.meta.url));

/** As Ollama lists them. */
const OLLAMA = ['llama3.2:latest', 'nomic-embed-text:latest'].map(id => ({
  id,
  object: 'model',
  created: 1_764_000_000,
  owned_by: 'library',
}));

/** `weir engine` as a process of its own, on a free port. */
async function startEngine(): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(process.execPath, [weir, 'engine', '--model', 'qwen3-8b', '--gpu', 'l40s', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  return new Promise((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said += String(chunk);
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
      if (url !== undefined) resolve({ url, child });
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', code => reject(new Error(`weir engine ended with ${code}: ${said}`)));
  });
}

describe.skipIf(path === undefined)('the first run, from the demonstration to models of one’s own', () => {
  let browser: Browser;
  let ollama: MockUpstream;
  let engine: Awaited<ReturnType<typeof startEngine>>;
  let served: ServedGateway;
  let open: Visit;
  let page: Page;

  beforeAll(async () => {
    ollama = await startMockUpstream({ kind: 'answer', words: 6 }, { models: OLLAMA, health: false });
    engine = await startEngine();
    served = await serve({ OLLAMA_HOST: new URL(ollama.url).host, ANTHROPIC_API_KEY: 'sk-ant-never-shown' });
    browser = await launch(path ?? '');
    open = await visit(browser, served.url);
    page = open.page;
  });

  afterAll(async () => {
    await browser?.close();
    await served?.close();
    await ollama?.close();
    engine?.child.kill('SIGTERM');
  });

  const step = (number: number) => page.locator(`[data-step="${number}"]`);
  const proposal = () => page.getByLabel('Proposed weir.yaml');
  const file = () => readFileSync(join(served.folder, 'weir.yaml'), 'utf8');

  test('the overview says what it has found beside the demonstration', async () => {
    await page.getByText('Ollama with 2 models').waitFor();
    expect(await page.locator('.callout').innerText()).toContain('a key of Anthropic');
    expect(await page.content()).not.toContain('sk-ant-never-shown');
    await page.getByRole('link', { name: 'Connect your own models' }).click();
    await page.getByRole('heading', { name: 'Set up Weir' }).waitFor();
  });

  test('Ollama is used with one click; a model for embeddings is no candidate for answers', async () => {
    await page.getByRole('button', { name: 'Use Ollama' }).click();
    await page.getByRole('button', { name: 'Added Ollama' }).waitFor();
    expect(await page.getByRole('checkbox', { name: /^nomic-embed-text:latest for embeddings/ }).isChecked()).toBe(
      true,
    );
    await proposal().getByText('kind: embedding').waitFor();
    expect(await proposal().innerText()).toMatch(/when: otherwise, models: \[ llama3\.2:latest \]/);
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('an engine elsewhere is tested, told for what it is, and added', async () => {
    await page.getByLabel('Address').fill(engine.url);
    await page.getByRole('button', { name: 'Test and add' }).click();
    const added = page.getByRole('group', { name: /^weir engine/ });
    expect(await added.getByRole('checkbox', { name: 'qwen3-8b' }).isChecked()).toBe(true);
    await proposal().getByText(engine.url).waitFor();
  });

  test('it is kept as weir.yaml, every replica turns healthy, and the first prompt is answered', async () => {
    await page.getByRole('button', { name: 'Save and use it' }).click();
    await step(3).getByText('It is in force as version').waitFor();
    const answer = await fetch(`${served.url}api/configuration`);
    expect(file()).toBe(((await answer.json()) as { text: string }).text);
    const replicas = page.getByRole('list', { name: 'Replicas' }).getByRole('listitem');
    await expect.poll(() => replicas.getByText('healthy').count()).toBe(3);
    await page.getByLabel('First prompt').fill('Hello?');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByRole('link', { name: 'Read why it went there' }).waitFor();
    expect(ollama.seen.at(-1)).toMatchObject({ path: '/v1/chat/completions', body: { model: 'llama3.2:latest' } });
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('the engine answers too, and nothing is demonstrated any more', async () => {
    await page.getByRole('link', { name: 'go on in the playground' }).click();
    await page.getByLabel('Model').selectOption('qwen3-8b');
    await page.getByLabel('Prompt', { exact: true }).fill('Name a river.');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('#story [data-step="outcome"]').getByText('answered').first().waitFor();
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('heading', { name: 'By model' }).waitFor();
    expect(await page.locator('.callout').count()).toBe(0);
    expect(open.troubles).toEqual([]);
  });

  test('what somebody else has changed since the proposal is not overwritten by it', async () => {
    const later = await visit(browser, `${served.url}#/setup`);
    const { page: set } = later;
    await set.getByLabel('Address').fill(engine.url);
    await set.getByRole('button', { name: 'Test and add' }).click();
    await set.getByLabel('Proposed weir.yaml').getByText(engine.url).first().waitFor();
    const text = `# Kept by another.\n${file()}`;
    const headers = { 'content-type': 'application/json' };
    const made = { method: 'POST', headers, body: JSON.stringify({ text }) };
    expect((await fetch(`${served.url}api/configuration`, made)).status).toBe(200);
    await set.getByRole('button', { name: 'Save and use it' }).click();
    await set.getByRole('alert').getByText('config.stale').waitFor();
    await set.getByLabel('Proposed weir.yaml').getByText('Kept by another').waitFor();
    expect(file()).toBe(text);
    await set.getByRole('button', { name: 'Save and use it' }).click();
    await set.getByText('It is in force as version').waitFor();
    expect(file()).toContain('# Kept by another.');
    await later.page.close();
  });
});
