import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessibilityFaults, browserPath, launch, type Visit, visit } from './browser.js';
import { type StubGateway, stubGateway } from './stub-gateway.js';

const path = browserPath();

describe.skipIf(path === undefined)('the live map', () => {
  let browser: Browser;
  let stub: StubGateway;
  let open: Visit;

  beforeAll(async () => {
    stub = await stubGateway();
    browser = await launch(path ?? '');
    open = await visit(browser, `${stub.url}#/map`);
    await open.page.getByRole('heading', { level: 1, name: 'Live map' }).waitFor();
    await open.page.locator('[data-replica]').first().waitFor();
  });

  afterAll(async () => {
    await browser?.close();
    await stub?.close();
  });

  const cell = (port: number) => open.page.locator(`.map-cell[data-replica="gpu-small/127.0.0.1:${port}"]`);

  test('each pool is a group, each replica a cell that says in words what it shows', async () => {
    const { page } = open;
    const small = page.getByRole('region', { name: /^gpu-small/ });
    expect(await small.locator('[data-replica]').count()).toBe(3);
    expect(await small.innerText()).toMatch(/2 of 128 in line, the first for 120\sms.*825\sW/s);
    expect(await small.innerText()).toContain('spilling over');
    expect((await cell(9001).locator('.unseen').innerText()).replaceAll('\u00a0', ' ')).toBe(
      '10 running and 2 waiting of 64 places, KV 34 % used, 61 % of prompts found in cache, 412 watts',
    );
    expect(await cell(9003).innerText()).toContain('circuit open');
    expect(await page.locator('#map-gpu-large [data-replica]').innerText()).toContain('cold');
  });

  test('each group tells how many replicas are recommended and why, or why none', async () => {
    const { page } = open;
    await page.getByText('4 replicas recommended').waitFor();
    await page.getByText(/^Recommended: 4 \(9\.1 requests\/s forecast/).waitFor();
    const large = page.locator('#map-gpu-large').getByText(/^No number of replicas is recommended: too few requests/);
    expect(await large.count()).toBe(1);
  });

  test('one stop for Tab in each group, arrows within it, Enter for the story', async () => {
    const { page } = open;
    expect(await page.locator('#map-gpu-small a[tabindex="0"]').count()).toBe(1);
    await cell(9001).focus();
    await page.keyboard.press('ArrowRight');
    const focused = () => page.evaluate('document.activeElement.dataset.replica');
    expect(await focused()).toBe('gpu-small/127.0.0.1:9002');
    await page.keyboard.press('End');
    expect(await focused()).toBe('gpu-small/127.0.0.1:9003');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const story = page.locator('#story');
    await story.getByText('More short ones came.').waitFor();
    expect(await story.innerText()).toContain('from gpu-large to gpu-small');
    expect(await cell(9002).getAttribute('aria-current')).toBe('true');
    await story.getByRole('button', { name: /^Drain/ }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('a table tells the same, and stays in the address', async () => {
    const { page, troubles } = open;
    await page.getByRole('radio', { name: 'Table' }).check();
    const table = page.getByRole('table', { name: 'Replicas by pool' });
    const row = table.getByRole('row').filter({ hasText: ':9001' });
    expect((await row.innerText()).replace(/\s+/g, ' ')).toBe(
      'gpu-small gpu-small/127.0.0.1:9001 up 10 2 64 2 34 % 61 % 412 W',
    );
    expect(page.url()).toContain('view=table');
    await row.getByRole('link').click();
    await page.locator('#story').getByText('http://127.0.0.1:9001', { exact: true }).waitFor();
    await table.waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(troubles).toEqual([]);
  });
});
