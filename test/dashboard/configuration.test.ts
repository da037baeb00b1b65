import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type MockUpstream, startMockUpstream } from '../support/mock-upstream.js';
import { accessibilityFaults, browserPath, launch, type Visit, visit } from './browser.js';
import { type ServedGateway, serve } from './served-gateway.js';

const path = browserPath();

describe.skipIf(path === undefined)('set-up and configuration', () => {
  let browser: Browser;
  let served: ServedGateway;
  let engine: MockUpstream;
  let open: Visit;
  let page: Page;

  beforeAll(async () => {
    engine = await startMockUpstream({ kind: 'answer', words: 5 });
    served = await serve({ OPENAI_API_KEY: 'sk-never-shown-anywhere' });
    browser = await launch(path ?? '');
    open = await visit(browser, `${served.url}#/setup`);
    page = open.page;
  });

  afterAll(async () => {
    await browser?.close();
    await served?.close();
    await engine?.close();
  });

  const editor = () => page.getByRole('textbox', { name: 'weir.yaml' });
  const verdict = () => page.locator('[data-verdict]');
  const file = () => readFileSync(join(served.folder, 'weir.yaml'), 'utf8');

  test('a key in the environment is offered by its name alone', async () => {
    await page.getByText('OPENAI_API_KEY').waitFor();
    expect(await page.content()).not.toContain('sk-never-shown-anywhere');
  });

  test('a server that does not answer is told as such', async () => {
    await page.getByLabel('Address').fill('http://127.0.0.1:9');
    await page.getByRole('button', { name: 'Test and add' }).click();
    await page.getByRole('alert').first().waitFor();
    expect(await page.locator('[data-step="2"]').getAttribute('class')).toContain('waiting');
  });

  test('from an address to a first answer, and the weir.yaml is kept', async () => {
    await page.getByLabel('Address').fill(engine.url);
    await page.getByRole('button', { name: 'Test and add' }).click();
    expect(await page.getByRole('checkbox', { name: 'mock' }).isChecked()).toBe(true);
    await page.getByLabel('Proposed weir.yaml').getByText(engine.url).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Save and use it' }).click();
    await page.getByText('It is in force as version').waitFor();
    expect(file()).toContain(engine.url);
    await page.getByRole('list', { name: 'Replicas' }).getByText('healthy').waitFor();
    await page.getByLabel('First prompt').fill('Hello?');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByRole('link', { name: 'Read why it went there' }).waitFor();
    expect(engine.seen.at(-1)?.body.model).toBe('mock');
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('link', { name: 'Read why it went there' }).click();
    await page.locator('[data-step="outcome"]').getByText('answered').first().waitFor();
  });

  test('a mistake is told with its line while it is typed, and cannot be put in force', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Configuration' }).click();
    const before = await editor().inputValue();
    expect(before).toBe(file());
    await editor().fill(`${before}\nrooter: {}\n`);
    await verdict().getByText('wrong').waitFor();
    const problems = page.getByRole('list', { name: 'What the check says' });
    expect(await problems.innerText()).toMatch(/config\.unknown_key/);
    expect(await page.getByRole('button', { name: 'Put in force' }).isDisabled()).toBe(true);
    expect(await accessibilityFaults(page)).toEqual([]);
    await problems.getByRole('button').first().click();
    // It is chosen after the page has been painted.
    const chosen = () =>
      page.evaluate('((e) => (e.value ?? "").slice(e.selectionStart, e.selectionEnd))(document.activeElement)');
    await expect.poll(chosen).toContain('rooter');
    await page.getByRole('button', { name: 'Undo changes' }).click();
    await verdict().getByText('As in force').waitFor();
    expect(file()).toBe(before);
  });

  test('a change is shown, put in force, and taken back', async () => {
    const before = file();
    await editor().fill(before.replace('name: default', 'name: everything'));
    await page.getByRole('region', { name: 'What would change' }).getByText('everything').waitFor();
    await page.getByLabel('Why, for the history').fill('a better name');
    await page.getByRole('button', { name: 'Put in force' }).click();
    await page.locator('#history').getByText('a better name').waitFor();
    expect(file()).toContain('everything');
    const first = page.locator('#history li').filter({ hasText: 'set up in the dashboard' });
    await first.getByRole('button', { name: /^Changes since/ }).click();
    await page
      .getByRole('region', { name: /^Changes since version/ })
      .getByText('everything')
      .waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await first.getByRole('button', { name: /^Go back/ }).click();
    await first.getByRole('button', { name: /^Yes, put/ }).click();
    await expect.poll(file).toBe(before);
    await expect.poll(() => editor().inputValue()).toBe(before);
    expect(open.troubles).toEqual([]);
  });
});
