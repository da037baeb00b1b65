import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessibilityFaults, browserPath, launch, type Visit, visit } from './browser.js';
import { type ServedGateway, serve } from './served-gateway.js';

const path = browserPath();

describe.skipIf(path === undefined)('the dashboard on the demonstration', () => {
  let browser: Browser;
  let served: ServedGateway;
  let open: Visit;

  beforeAll(async () => {
    served = await serve();
    browser = await launch(path ?? '');
    open = await visit(browser, served.url);
  });

  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  const goTo = async (name: string) => {
    await open.page.getByRole('navigation').getByRole('link', { name }).click();
    await open.page.getByRole('heading', { level: 1 }).waitFor();
  };
  const send = async () => {
    const { page } = open;
    const told = page.locator('#story p.id');
    const before = (await told.count()) === 0 ? '' : await told.innerText();
    await page.getByRole('button', { name: 'Send' }).click();
    await expect.poll(() => told.innerText().catch(() => before)).not.toBe(before);
    await page.locator('[data-step="outcome"]').waitFor();
    return (await page.locator('#story').innerText()).replace(/\s+/g, ' ');
  };

  test('each example meets the decision its button names, and the second turn finds its prompt in the cache', async () => {
    const { page, troubles } = open;
    await goTo('Playground');
    const buttons = page.getByRole('group', { name: 'Examples' }).getByRole('button');
    await buttons.last().getByText('→').waitFor();
    for (const label of ['Code', 'Refused', 'Long document']) {
      const button = buttons.filter({ hasText: label });
      const decision = (await button.locator('small').innerText()).replace('→ ', '');
      await button.click();
      expect(await send()).toContain(`Decision ${decision} `);
    }
    await page.getByLabel('Prompt', { exact: true }).fill('And who may inspect the records?');
    const second = await send();
    expect(second).toContain('Turn 2, warm');
    expect(Number(/Found in cache ([\d,]+) \(/.exec(second)?.[1]?.replaceAll(',', ''))).toBeGreaterThan(8000);
    expect(troubles).toEqual([]);
  });

  test('every API streams an answer into the playground', async () => {
    const { page, troubles } = open;
    for (const api of ['Messages', 'Responses']) {
      await page.getByRole('button', { name: 'New conversation' }).click();
      await page.getByLabel('API').selectOption(api);
      await page.getByLabel('Prompt', { exact: true }).fill('Name three rivers that flow north.');
      expect(await send()).toContain('Outcome answered');
      expect(await page.getByRole('log').getByRole('alert').count()).toBe(0);
      expect(await page.locator('[data-speed]').innerText()).toContain('tokens');
    }
    await page.getByLabel('API').selectOption('Chat Completions');
    expect(troubles).toEqual([]);
  });

  test('a replica that is told to fail is passed over, and the story says so', async () => {
    const { page, troubles } = open;
    await goTo('Fleet');
    const cards = page.locator('#fleet .pool').first().locator('[data-replica]');
    // The page is there before what the fleet is like has come.
    await cards.nth(1).waitFor();
    const all = await cards.count();
    for (let i = 1; i < all; i++) {
      await cards.nth(i).getByRole('combobox').selectOption('error');
      await cards.nth(i).getByRole('button', { name: 'Inject' }).click();
      await cards.nth(i).getByText('now: error').waitFor();
    }
    await goTo('Playground');
    await page.getByRole('button', { name: 'New conversation' }).click();
    let story = '';
    // Where a request is placed first is the placer's choice: one of these meets a replica that fails.
    for (let i = 0; i < 6 && !story.includes('failed'); i++) {
      await page.getByLabel('Prompt', { exact: true }).fill(`Name ${i + 2} rivers that flow north.`);
      story = await send();
      expect(story).toContain('Outcome answered');
    }
    expect(story).toContain('HTTP 503 · upstream.status');
    expect(troubles).toEqual([]);
  });

  test('a replica is drained and returned', async () => {
    const { page } = open;
    await goTo('Fleet');
    const card = page.locator('#fleet .pool').last().locator('[data-replica]').last();
    await card.getByRole('button', { name: 'Drain' }).click();
    await card.getByText('drained', { exact: false }).first().waitFor();
    await card.getByRole('button', { name: 'Return' }).click();
    await card.getByRole('button', { name: 'Drain' }).waitFor();
  });

  test('the overview counts what was asked, and a chart is read with the arrow keys', async () => {
    const { page } = open;
    await goTo('Overview');
    const figures = page.locator('.figures');
    await expect.poll(async () => Number(/Requests\s*(\d+)/.exec(await figures.innerText())?.[1])).toBeGreaterThan(5);
    expect(await page.locator('#by-decision').innerText()).toContain('no-probing');
    const chart = page.getByRole('slider', { name: /^Requests/ });
    await chart.focus();
    await page.keyboard.press('End');
    expect(await chart.getAttribute('aria-valuetext')).toMatch(
      /^\d\d:\d\d: answered \d+, refused or left \d+, failed \d+$/,
    );
    await page.locator('#chart-traffic-title').locator('xpath=ancestor::figure').getByText('As a table').click();
    await page.getByRole('table', { name: 'Requests as a table' }).getByRole('row').nth(1).waitFor();
  });

  test('the keyboard alone reaches every page, and a new page is announced', async () => {
    const { page } = open;
    await page.reload();
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toContain('Skip to the page');
    await page.getByRole('navigation').getByRole('link', { name: 'Fleet' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Fleet' }).waitFor();
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('main');
    expect(await page.title()).toBe('Fleet · Weir');
  });

  for (const [colorScheme, width] of [
    ['light', 1440],
    ['dark', 1440],
    ['light', 390],
    ['dark', 390],
  ] as const) {
    test(`every page fits ${width} px in ${colorScheme}, and axe finds nothing serious`, async () => {
      const { page, context, troubles } = await visit(browser, served.url, { colorScheme, width });
      const names = await page.getByRole('navigation').getByRole('link').allInnerTexts();
      expect(names.length).toBeGreaterThan(5);
      for (const name of names) {
        await page.getByRole('navigation').getByRole('link', { name }).click();
        await expect.poll(() => page.getByRole('status').filter({ hasText: '…' }).count()).toBe(0);
        expect([name, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([name, width]);
        expect([name, await accessibilityFaults(page)]).toEqual([name, []]);
      }
      expect(troubles).toEqual([]);
      await context.close();
    }, 120_000);
  }
});
