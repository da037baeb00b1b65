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

  /** For people to look at. */
  const picture = async (name: string) => {
    const folder = process.env.WEIR_PICTURES;
    if (folder === undefined) return;
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`) });
    }
    await page.emulateMedia({ colorScheme: 'light' });
  };
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

  /** As somebody else does it, at the same time. */
  const elsewhere = async (change: (text: string) => string) => {
    const { text } = (await (await fetch(`${served.url}api/configuration`)).json()) as { text: string };
    const body = JSON.stringify({ text: change(text), note: 'by somebody else' });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${served.url}api/configuration`, { method: 'POST', headers, body });
    expect(answer.status).toBe(200);
    return ((await answer.json()) as { version: string }).version;
  };
  const newer = () => page.locator('.newer');
  const difference = (version: string) => page.getByRole('region', { name: `What would change of version ${version}` });
  const goThere = async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Configuration' }).click();
    await verdict().getByText('As in force').waitFor();
  };

  test('an editor in which nothing was written follows what others put in force', async () => {
    await goThere();
    await elsewhere(text => `${text}# followed\n`);
    await expect.poll(() => editor().inputValue()).toContain('# followed');
    await verdict().getByText('As in force').waitFor();
    expect(await newer().count()).toBe(0);
  });

  test('what others change meanwhile is told, with the difference, and either text can go on', async () => {
    await goThere();
    const before = await editor().inputValue();
    await editor().fill(`${before}# mine\n`);
    await verdict().getByText('Valid').waitFor();
    const theirs = await elsewhere(text => `# theirs\n${text}`);
    await newer().getByText(theirs).waitFor();
    expect(await editor().inputValue()).toBe(`${before}# mine\n`);
    await difference(theirs).getByText('-# theirs').waitFor();
    await difference(theirs).getByText('+# mine').waitFor();
    expect(await page.getByRole('button', { name: 'Put in force' }).isDisabled()).toBe(true);
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture('newer');

    await newer()
      .getByRole('button', { name: /^Drop mine/ })
      .click();
    await verdict().getByText('As in force').waitFor();
    expect(await editor().inputValue()).toBe(`# theirs\n${before}`);

    // Filled again at the very moment in which the page learns of another version.
    const text = await editor().inputValue();
    await editor().fill(`${text}# again mine\n`);
    const again = await elsewhere(all => `# more of theirs\n${all}`);
    await newer().getByText(again).waitFor();
    await editor().fill(`${text}# mine at last\n`);
    await verdict().getByText('Valid').waitFor();
    await newer().getByRole('button', { name: 'Go on with mine' }).click();
    await verdict().getByText('Valid').waitFor();
    await page.getByRole('button', { name: 'Put in force' }).click();
    await verdict().getByText('As in force').waitFor();
    expect(file()).toBe(`${text}# mine at last\n`);
    expect(open.troubles).toEqual([]);
  });

  test('a text that is put in force when others were faster is kept, and the choice is given', async () => {
    const before = await editor().inputValue();
    // The page does not learn of it before it saves.
    const state = await (await fetch(`${served.url}api/state`)).text();
    await page.route('**/api/state', route => route.fulfill({ contentType: 'application/json', body: state }));
    await editor().fill(`${before}# too late\n`);
    await verdict().getByText('Valid').waitFor();
    const theirs = await elsewhere(text => `# sooner\n${text}`);
    await page.getByRole('button', { name: 'Put in force' }).click();
    await newer().getByText(theirs).waitFor();
    await difference(theirs).getByText('-# sooner').waitFor();
    expect(await editor().inputValue()).toBe(`${before}# too late\n`);
    expect(file()).toBe(`# sooner\n${before}`);
    await newer().getByRole('button', { name: 'Go on with mine' }).click();
    await verdict().getByText('Valid').waitFor();
    await page.getByRole('button', { name: 'Put in force' }).click();
    await expect.poll(file).toBe(`${before}# too late\n`);
    await page.unroute('**/api/state');
  });

  test('a text is checked after all when its check has failed', async () => {
    await goThere();
    const before = await editor().inputValue();
    let failures = 2;
    await page.route('**/api/configuration/check', route => (failures-- > 0 ? route.abort() : route.continue()));
    await editor().fill(`${before}# checked after all\n`);
    await verdict().getByText('Not checked').waitFor();
    await verdict().getByText('Valid').waitFor();
    await page.unroute('**/api/configuration/check');
    await page.getByRole('button', { name: 'Undo changes' }).click();
  });

  test('settings that wait for a restart are named before and after they are put in force', async () => {
    await goThere();
    const before = await editor().inputValue();
    await editor().fill(`${before}\ngateway: { log: { format: json }, auth: { path: other.db } }\n`);
    const waits = page.locator('.restart').getByText(/gateway\.log\.format and gateway\.auth\.path come into force/);
    await waits.waitFor();
    await verdict().getByText('Valid').waitFor();
    await page.getByRole('button', { name: 'Put in force' }).click();
    await verdict().getByText('As in force').waitFor();
    await waits.waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture('restart');
    await page.reload();
    await waits.waitFor();
  });
});
