import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserPath, launch, type Visit, visit } from './browser.js';

const path = browserPath();
const weir = fileURLToPath(new URL('../../bin/weir.js', import.meta.url));

/** The demonstration on a free port, with its record in a folder of its own. */
async function serveDemonstration(folder: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [weir, 'serve', '--port', '0'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr?.on('data', chunk => {
      said += String(chunk);
      const found = /listens on (http:\/\/\S+)/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', code => reject(new Error(`weir serve ended with ${code}: ${said}`)));
  });
  return { child, url };
}

describe.skipIf(path === undefined)('the page on the demonstration', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-page-'));
  let browser: Browser;
  let child: ChildProcess;
  let open: Visit;

  beforeAll(async () => {
    const served = await serveDemonstration(folder);
    child = served.child;
    browser = await launch(path ?? '');
    open = await visit(browser, served.url);
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    const ended = new Promise(resolve => child?.once('exit', resolve));
    if (child?.kill('SIGTERM')) await ended;
    rmSync(folder, { recursive: true, force: true });
  });

  const send = async () => {
    const before = open.page.url();
    await open.page.getByRole('button', { name: 'Send' }).click();
    // The address names the request once its answer is whole.
    await expect.poll(() => open.page.url(), { timeout: 15_000 }).not.toBe(before);
    await open.page.locator('[data-step="outcome"]').waitFor();
    return (await open.page.locator('#story').innerText()).replace(/\s+/g, ' ');
  };

  test('each example meets the decision its button names, and the second turn finds its prompt in the cache', async () => {
    const { page, troubles } = open;
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
  }, 60_000);

  test('a replica that is told to fail is passed over, and the story says so', async () => {
    const { page, troubles } = open;
    const cards = page.locator('#fleet .pool').first().locator('[data-replica]');
    const all = await cards.count();
    expect(all).toBeGreaterThan(1);
    for (let i = 1; i < all; i++) {
      await cards.nth(i).getByRole('combobox').selectOption('error');
      await cards.nth(i).getByRole('button', { name: 'Inject' }).click();
      await cards.nth(i).getByText('now: error').waitFor();
    }
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
  }, 60_000);
});
