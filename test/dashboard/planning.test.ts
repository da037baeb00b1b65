import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessibilityFaults, browserPath, launch, type Visit, visit } from './browser.js';
import { type ServedGateway, serve } from './served-gateway.js';

const path = browserPath();

describe.skipIf(path === undefined)('planner and simulation', () => {
  let browser: Browser;
  let served: ServedGateway;
  let open: Visit;
  let page: Page;

  beforeAll(async () => {
    served = await serve();
    browser = await launch(path ?? '');
    open = await visit(browser, `${served.url}#/planner`);
    page = open.page;
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  test('a plan: the fleet, why, what else held and what breaks it', async () => {
    await page.getByLabel('How many').fill('600');
    await page.getByRole('checkbox', { name: /^a100/ }).uncheck();
    await page.getByRole('button', { name: 'Plan', exact: true }).click();
    const best = page.locator('#plan-best');
    await best
      .getByText(/× 1 h100/)
      .first()
      .waitFor({ timeout: 60_000 });
    expect(await best.innerText()).toMatch(/one pool: \$/);
    expect(await page.locator('#plan-stress').innerText()).toMatch(/rate × 1.1\s+holds|breaks/);
    await page.getByRole('img', { name: /Price and first token/ }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  }, 90_000);

  test('a trace file that cannot be read is told as such', async () => {
    await page.getByRole('combobox').first().selectOption('text');
    await page.getByRole('button', { name: 'Plan', exact: true }).click();
    await page.getByText('Choose a trace file first.').waitFor();
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'bad.csv', mimeType: 'text/csv', buffer: Buffer.from('nothing here\n') });
    await page.getByText('bad.csv').waitFor();
    await page.getByRole('button', { name: 'Plan', exact: true }).click();
    await page.getByRole('alert').getByText('trace.unreadable').waitFor({ timeout: 30_000 });
  }, 60_000);

  test('a simulation moves, and can be stopped', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Simulation' }).click();
    await page.getByLabel('How many').fill('400');
    await page.getByRole('button', { name: 'Simulate' }).click();
    await page
      .locator('#simulation-result')
      .getByText(/answered over/)
      .waitFor({ timeout: 60_000 });
    for (const chart of ['On replicas', 'Waiting', 'KV memory held', 'Power, kW']) {
      expect(await page.getByRole('img', { name: chart }).locator('path').count()).toBeGreaterThan(0);
    }
    expect(await page.locator('#simulation-moments table').innerText()).toMatch(/kW/);
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByLabel('How many').fill('20000');
    await page.getByRole('button', { name: 'Simulate' }).click();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: 'Simulate' }).waitFor();
    expect(open.troubles).toEqual([]);
  }, 90_000);
});
