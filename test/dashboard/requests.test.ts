import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { accessibilityFaults, browserPath, launch, type Visit, visit } from './browser.js';
import { type StubGateway, stubGateway } from './stub-gateway.js';

const path = browserPath();

describe.skipIf(path === undefined)('requests and fleet', () => {
  let browser: Browser;
  let stub: StubGateway;
  let open: Visit;

  beforeAll(async () => {
    browser = await launch(path ?? '');
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    stub = await stubGateway();
  });
  afterEach(async () => {
    expect(open.troubles).toEqual([]);
    await open.context.close();
    await stub.close();
  });

  const start = async (hash: string) => {
    open = await visit(browser, `${stub.url}${hash}`);
    return open.page;
  };
  const request = (prompt: string) =>
    fetch(`${stub.url}v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: prompt }] }),
    }).then(response => response.text());

  test('requests appear as they end, newest first, and each opens its story', async () => {
    const page = await start('#/requests');
    await page.getByText('No request yet').waitFor();
    await page.locator('[data-live="on"]').waitFor();
    await request('one');
    await request('something forbidden');
    const rows = page.locator('#latest tbody tr');
    await expect.poll(() => rows.count()).toBe(2);
    expect(await rows.first().innerText()).toContain('refuse');
    await rows.nth(1).getByRole('link').click();
    await page.locator('[data-step="placement"]').waitFor();
    expect(new URL(page.url()).hash).toBe('#/requests/req_000000000000000000000001');
    await rows.first().getByRole('link').click();
    await page.locator('#story').getByText('no model was asked').waitFor();
    await page.goBack();
    await page.locator('[data-step="placement"]').waitFor();
    await page.reload();
    await page.locator('[data-step="placement"]').waitFor();
    await page.getByRole('link', { name: 'Close' }).click();
    await expect.poll(() => page.locator('#story').count()).toBe(0);
  });

  for (const [colorScheme, width] of [
    ['light', 1440],
    ['dark', 390],
  ] as const) {
    test(`what each score is made of, and why the others lost, ${colorScheme}, ${width} px`, async () => {
      await request('one');
      open = await visit(browser, `${stub.url}#/requests/req_000000000000000000000001`, { colorScheme, width });
      const { page } = open;
      const step = page.locator('[data-step="placement"]');
      const table = step.getByRole('table', { name: 'Scores of the replicas' });
      await table.waitFor();
      const cells = async (row: number) =>
        (await table.locator('tr').nth(row).locator('th, td').allInnerTexts()).map(text =>
          text.replace(/\s+/g, ' ').trim(),
        );
      expect(await cells(0)).toEqual(['Replica, and why', 'Score', 'prefix × 0.56', 'load × 0.44']);
      expect(await cells(1)).toEqual(['gpu-small/127.0.0.1:9001 chosen', '0.868', '1', '0.7']);
      expect(await cells(2)).toEqual(['gpu-small/127.0.0.1:9002 prefix cost it 0.493', '0.456', '0.12', '0.884']);
      expect(await cells(3)).toEqual(['gpu-small/127.0.0.1:9003 circuit open', '–', '–', '–']);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      expect(await accessibilityFaults(page)).toEqual([]);
    });
  }

  test('where nobody that could be chosen has any of a prompt, it says whether one that could not has', async () => {
    await request('cold');
    await request('left out');
    const page = await start('#/requests/req_000000000000000000000001');
    const step = page.locator('[data-step="placement"]');
    await step.getByText('None of these replicas has any of this prompt in its cache').waitFor();
    await page.locator('#latest tbody tr').first().getByRole('link').click();
    await step
      .getByText(/^gpu-small\/127\.0\.0\.1:9003 has about 1,024 tokens.*it could not: circuit open\.$/)
      .waitFor();
    expect(await step.getByText('None of these replicas').count()).toBe(0);
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('from which tier a prefix comes, and what reading it takes', async () => {
    await request('tiered');
    const page = await start('#/requests/req_000000000000000000000001');
    const step = page.locator('[data-step="placement"]');
    const fact = async (name: string) =>
      (await step.locator('dt', { hasText: name }).locator('+ dd').innerText()).trim().replace('\u00a0', ' ');
    await step.getByText('On its GPUs').waitFor();
    expect(await fact('On its GPUs')).toBe('500 tokens');
    expect(await fact("In its host's memory")).toBe('3,000 tokens');
    expect(await fact('In storage')).toBe('500 tokens');
    expect(await fact('Reading that takes')).toBe('12 ms');
    expect(await fact('Computing it would take')).toBe('140 ms');
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('a link of before the dashboard had pages still opens its story', async () => {
    await request('one');
    const page = await start('#req_000000000000000000000001');
    await page.locator('[data-step="placement"]').waitFor();
  });

  test('what does not match the filter is not shown, and the address keeps the filter', async () => {
    const page = await start('#/requests?status=failed');
    await page.getByText('No request matches').waitFor();
    await page.locator('[data-live="on"]').waitFor();
    await request('one');
    await request('overload it');
    const rows = page.locator('#latest tbody tr');
    await expect.poll(() => rows.count()).toBe(1);
    expect(await rows.first().innerText()).toContain('failed');
    await rows.first().getByRole('link').click();
    expect(new URL(page.url()).hash).toBe('#/requests/req_000000000000000000000002?status=failed');
    await page.getByLabel('Status').selectOption('any');
    expect(new URL(page.url()).hash).toBe('#/requests/req_000000000000000000000002');
    await expect.poll(() => rows.count()).toBe(2);
  });

  test('the fleet shows what is wrong, and faults can be injected', async () => {
    const page = await start('#/fleet');
    const card = page.locator('[data-replica="gpu-small/127.0.0.1:9003"]');
    await card.getByText('circuit open').waitFor();
    await page.locator('#fleet').getByText('24 of 128 places taken, 2 queued, a wait of about 340 ms').waitFor();
    const simulated = page.locator('[data-replica="gpu-small/127.0.0.1:9001"]');
    await simulated.getByRole('combobox').selectOption('cut');
    await simulated.getByRole('button', { name: 'Inject' }).click();
    await simulated.getByText('now: cut; cut for 30 s').waitFor();
    expect(stub.faults).toEqual([{ replica: 'gpu-small/127.0.0.1:9001', body: { kind: 'cut', for: '30s' } }]);
    const real = page.locator('[data-replica="gpu-large/10.0.0.1:8000"]');
    expect(await real.getByRole('button', { name: 'Inject' }).count()).toBe(0);
  });
});
