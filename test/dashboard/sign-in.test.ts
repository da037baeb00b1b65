import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { accessibilityFaults, browserPath, launch, type Visit, visit } from './browser.js';
import { ASKS_WHO, type ServedGateway, serve } from './served-gateway.js';

const path = browserPath();

interface Key {
  readonly id: string;
  readonly secret: string;
}

describe.skipIf(path === undefined)('a sign-in over the page', () => {
  let browser: Browser;
  let served: ServedGateway;
  let open: Visit;
  let page: Page;

  beforeAll(async () => {
    served = await serve({}, ASKS_WHO);
    browser = await launch(path ?? '');
    for (const id of ['ann', 'bob']) await admin('/api/users', { id, role: 'admin' });
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  const admin = async (route: string, body: object) => {
    const key = /shown this once: (\S+)/.exec(served.said())?.[1] ?? '';
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const answer = await fetch(new URL(route, served.url), { method: 'POST', headers, body: JSON.stringify(body) });
    expect(answer.status).toBe(200);
    return (await answer.json()) as { key: { id: string }; secret: string };
  };
  const keyOf = async (user: string): Promise<Key> => {
    const { key, secret } = await admin('/api/keys', { name: `a key of ${user}`, role: 'admin', user });
    return { id: key.id, secret };
  };
  const revoke = ({ id }: Key) => admin(`/api/keys/${id}/revoke`, {});
  /** The key is good until the page sends something there. */
  const revokeAt = async (pattern: string) => {
    let good = true;
    await page.route(pattern, async route => {
      if (good && route.request().method() === 'POST') {
        good = false;
        await revoke(own);
      }
      await route.continue();
    });
  };
  const dialog = () => page.getByRole('dialog', { name: 'Sign in' });
  const signIn = async ({ secret }: Pick<Key, 'secret'>) => {
    await dialog().getByLabel('Key', { exact: true }).fill(secret);
    await dialog().getByRole('button', { name: 'Sign in' }).click();
  };
  const gone = () => expect.poll(() => dialog().count()).toBe(0);
  const goTo = async (name: string) => {
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name }).click();
    await page.getByRole('heading', { level: 1 }).waitFor();
  };

  let own: Key;
  const start = async (options: Parameters<typeof visit>[2] = {}) => {
    own = await keyOf('ann');
    open = await visit(browser, served.url, options);
    page = open.page;
    await signIn(own);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  };
  beforeEach(() => start());
  afterEach(async () => {
    expect(open.troubles).toEqual([]);
    await open.context.close();
  });

  const editor = () => page.getByRole('textbox', { name: 'weir.yaml', includeHidden: true });
  const typeEdit = async () => {
    await goTo('Configuration');
    const text = `${await editor().inputValue()}# ${own.id}\n`;
    await editor().fill(text);
    await page.locator('[data-verdict]').getByText('Valid').waitFor();
    return text;
  };

  test('keeps what was written in the editor, holds the focus, and lets what was begun go on', async () => {
    const text = await typeEdit();
    await page.getByLabel('Why, for the history').fill('said otherwise');
    await revokeAt('**/api/configuration');
    await page.getByRole('button', { name: 'Put in force' }).click();
    await dialog().waitFor();
    expect(await dialog().getByRole('alert').innerText()).toContain('revoked');
    expect(await editor().inputValue()).toBe(text);
    expect(await accessibilityFaults(page)).toEqual([]);

    // Neither Tab nor Escape nor the pointer leads out of it.
    const outside = () =>
      page.evaluate('document.activeElement !== document.body && document.activeElement.closest("dialog") === null');
    await expect.poll(() => page.evaluate('document.activeElement.type')).toBe('password');
    for (let i = 0; i < 8; i++) {
      await page.keyboard.press('Tab');
      expect(await outside()).toBe(false);
    }
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await dialog().waitFor();
    await expect(page.getByRole('link', { name: 'Fleet' }).click({ timeout: 500 })).rejects.toThrow();
    expect(page.url()).toContain('#/configuration');

    await signIn({ secret: 'wk_wrong' });
    await dialog().getByRole('alert').getByText('not known').waitFor();
    expect(await editor().inputValue()).toBe(text);
    await signIn(await keyOf('ann'));
    await gone();
    await page.locator('#history').getByText('said otherwise').waitFor();
    expect(await editor().inputValue()).toBe(text);
  });

  test('keeps the form of a new key, and the playground', async () => {
    await goTo('Playground');
    await page.getByLabel('Prompt', { exact: true }).fill('half a thought');
    await goTo('Access');
    await page.getByText('New key').click();
    await page.getByLabel('What it is for').fill('not yet made');
    await revokeAt('**/api/keys');
    await page.getByRole('button', { name: 'Make the key' }).click();
    await dialog().waitFor();
    await signIn(await keyOf('ann'));
    await gone();
    // What was pressed is done once somebody may do it.
    await page.getByRole('textbox', { name: 'Secret' }).waitFor();
    await page.locator('[data-key]').filter({ hasText: 'not yet made' }).waitFor();
    await goTo('Playground');
    expect(await page.getByLabel('Prompt', { exact: true }).inputValue()).toBe('half a thought');
  });

  test('keeps the way that the set-up has come', async () => {
    await goTo('Set up');
    await page.getByLabel('Address').fill('http://127.0.0.1:9');
    await revokeAt('**/api/discovery/test');
    await page.getByRole('button', { name: 'Test and add' }).click();
    await dialog().waitFor();
    await signIn(await keyOf('ann'));
    await gone();
    expect(await page.getByLabel('Address').inputValue()).toBe('http://127.0.0.1:9');
    await page.getByRole('alert').first().waitFor();
  });

  test('shows somebody else nothing of what the one before has written', async () => {
    const text = await typeEdit();
    await goTo('Playground');
    await page.getByLabel('Prompt', { exact: true }).fill('a secret of Ann');
    await goTo('Configuration');
    await editor().fill(text);
    await revoke(own);
    await dialog().waitFor();
    await signIn(await keyOf('bob'));
    await gone();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await goTo('Playground');
    expect(await page.getByLabel('Prompt', { exact: true }).inputValue()).toBe('');
    await goTo('Configuration');
    await page.locator('[data-verdict]').getByText('As in force').waitFor();
    expect(await editor().inputValue()).not.toBe(text);
  });

  test('comes with the first call that is refused, whichever it is', async () => {
    await goTo('Playground');
    await page.getByRole('option', { name: 'small' }).waitFor({ state: 'attached' });
    // The state goes on as if nothing were wrong.
    const headers = { authorization: `Bearer ${own.secret}` };
    const state = await (await fetch(`${served.url}api/state`, { headers })).text();
    await page.route('**/api/state', route => route.fulfill({ contentType: 'application/json', body: state }));
    await page.getByLabel('Prompt', { exact: true }).fill('Hello?');
    await revokeAt('**/v1/chat/completions');
    await page.getByRole('button', { name: 'Send' }).click();
    await dialog().waitFor();
    await signIn(await keyOf('ann'));
    await page.getByRole('log').getByText('Hello', { exact: false }).nth(1).waitFor();
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`fits a phone, ${colorScheme}`, async () => {
      await open.context.close();
      await start({ colorScheme, width: 390, height: 700 });
      await goTo('Configuration');
      await revoke(own);
      await dialog().waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
      expect(await accessibilityFaults(page)).toEqual([]);
      if (process.env.WEIR_PICTURES)
        await page.screenshot({ path: `${process.env.WEIR_PICTURES}/sign-in-${colorScheme}.png` });
    });
  }
});
