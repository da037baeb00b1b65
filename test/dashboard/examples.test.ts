import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessibilityFaults, browserPath, launch, type Visit, visit } from './browser.js';
import { type ServedGateway, serve } from './served-gateway.js';

const path = browserPath();

const CONFIG = `router:
  names: [desk]
  signals: { money: { keyword: { any: [refund] } } }
  decisions:
    - { name: billing, when: money, respond: Ask the billing desk. }
    - { name: hello, when: otherwise, respond: Hello. }
  tests:
    - { prompt: When do I get my refund?, expect: billing }
    - { prompt: Good morning, expect: hello }
pool:
  models: { small: {} }
  pools: { small: { model: small, replicas: [http://127.0.0.1:9] } }
`;

describe.skipIf(path === undefined)('examples of a configuration of one’s own', () => {
  let browser: Browser;
  let served: ServedGateway;
  let open: Visit;

  beforeAll(async () => {
    served = await serve({}, CONFIG);
    browser = await launch(path ?? '');
    open = await visit(browser, `${served.url}#/playground`);
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  test('are its own tests with their decisions, then neutral ones, and are asked of its own name', async () => {
    const { page, troubles } = open;
    const buttons = page.getByRole('group', { name: 'Examples' }).getByRole('button');
    await buttons.filter({ hasText: 'When do I get my refund?' }).getByText('→ billing').waitFor();
    await buttons.last().getByText('→ hello').waitFor();
    const labels = await buttons.evaluateAll(all => all.map(one => one.firstChild?.textContent?.trim()));
    expect(labels).toEqual([
      ...['When do I get my refund?', 'Good morning'],
      ...['Arithmetic', 'Code', 'Long document', 'French'],
    ]);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await page.getByLabel('Model').inputValue()).toBe('desk');
    await buttons.first().click();
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByRole('log').getByText('Ask the billing desk.', { exact: true }).waitFor();
    expect(troubles).toEqual([]);
  });
});
