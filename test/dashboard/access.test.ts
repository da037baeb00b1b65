import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessibilityFaults, browserPath, launch, type Visit, visit } from './browser.js';
import { ASKS_WHO, type ServedGateway, serve } from './served-gateway.js';

const path = browserPath();

describe.skipIf(path === undefined)('sign-in and access', () => {
  let browser: Browser;
  let served: ServedGateway;
  let open: Visit;
  let page: Page;

  beforeAll(async () => {
    served = await serve({}, ASKS_WHO);
    browser = await launch(path ?? '');
    open = await visit(browser, served.url);
    page = open.page;
  });

  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  const signIn = async (key: string) => {
    await page.getByLabel('Key', { exact: true }).fill(key);
    await page.getByRole('button', { name: 'Sign in' }).click();
  };
  const adminKey = () => /shown this once: (\S+)/.exec(served.said())?.[1] ?? '';
  let issued = '';

  test('nothing is shown without a key, and a wrong one is refused', async () => {
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    // As copied from where only its beginning is shown: no header can carry that, and nobody could be asked.
    await signIn('wk-W8YZ…');
    const field = page.getByLabel('Key', { exact: true });
    expect(
      await field.evaluate(input => (input as unknown as { validationMessage: string }).validationMessage),
    ).toContain('letters');
    await signIn('wk_wrong');
    await page.getByRole('alert').waitFor();
    await signIn(adminKey());
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
  });

  test('a team, a user and a key with a budget are made; the secret is shown once', async () => {
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Access' }).click();
    await page.getByRole('link', { name: 'Teams and users' }).click();
    await page.getByText('New team').click();
    await page.getByLabel('Name of the team').fill('search');
    await page.getByRole('button', { name: 'Add the team' }).click();
    await page.locator('#teams').getByText('search').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('link', { name: 'Keys', exact: true }).click();
    await page.getByText('New key').click();
    await page.getByLabel('What it is for').fill('search, nightly');
    await page.getByRole('combobox', { name: 'Team' }).selectOption('search');
    await page.getByLabel('Budget').fill('5');
    await page.getByLabel('Models, with commas').fill('smal');
    await page.getByRole('button', { name: 'Make the key' }).click();
    await page.getByRole('alert').getByText('There is no model "smal"').waitFor();
    await page.getByRole('alert').getByText('did you mean "small"?').waitFor();
    await page.getByLabel('Models, with commas').fill('');
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Make the key' }).click();
    issued = await page.getByRole('textbox', { name: 'Secret' }).inputValue();
    expect(issued.length).toBeGreaterThan(20);
    const row = page.locator('[data-key]').filter({ hasText: 'search, nightly' });
    expect((await row.innerText()).replace(/\s+/g, ' ')).toContain('team search all models · $5.00 a month');
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'I have it' }).click();
    expect(await page.content()).not.toContain(issued);
  });

  test('budgets, usage and the audit log tell of it', async () => {
    await page.getByRole('link', { name: 'Budgets and usage' }).click();
    await page.locator('#budgets').getByText('$0 of $5.00 a month').waitFor();
    await page.locator('#budgets').getByText('search, nightly').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('link', { name: 'Audit' }).click();
    await page.getByText('unbroken').waitFor();
    await page.locator('#audit').getByRole('rowheader', { name: /key/ }).first().waitFor();
    expect(await page.content()).not.toContain(issued);
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('who may only ask sees the playground and the own keys', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await signIn(issued);
    await page.getByRole('heading', { name: 'Playground' }).waitFor();
    const links = page.getByRole('navigation', { name: 'Pages' }).getByRole('link');
    await expect.poll(() => links.allInnerTexts()).toEqual(['Playground', 'Access']);
    await page.getByLabel('Prompt', { exact: true }).fill('Hello?');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByRole('log').getByText('Hello.', { exact: true }).waitFor();
    await page.locator('#story').getByText('The whole story is for keys that may look on.').waitFor();
    await page.getByRole('link', { name: 'Access' }).click();
    await page.getByRole('link', { name: 'Budgets and usage' }).waitFor();
    await expect.poll(() => page.getByRole('link', { name: 'Audit' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Sign out' }).click();
  });

  test('a revoked key is refused', async () => {
    await signIn(adminKey());
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Access' }).click();
    const row = page.locator('[data-key]').filter({ hasText: 'search, nightly' });
    await row.getByRole('button', { name: /^Revoke/ }).click();
    await row.getByRole('button', { name: 'Revoke for good' }).click();
    await row.getByText('revoked').waitFor();
    const answer = await fetch(`${served.url}v1/models`, { headers: { authorization: `Bearer ${issued}` } });
    expect(answer.status).toBe(401);
    expect(open.troubles).toEqual([]);
  });
});
