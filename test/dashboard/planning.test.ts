import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessibilityFaults, browserPath, launch, type Visit, visit } from './browser.js';
import { type ServedGateway, serve } from './served-gateway.js';

const path = browserPath();

const forecasts = [5, 10, 15].map(minutes => ({ minutes, requests: 7, low: 3, high: 11 }));
const series = (name: string, share: number) => ({
  ...{ name, share, requests: [4, 6, 8], prompt_tokens: 900, output_tokens: 90, forecasts },
});
/** As `GET /api/workload` tells it. */
const WORKLOAD = {
  ...{ window_ms: 300_000, at: [0, 300_000, 600_000], requests: 24 },
  lengths: {
    ...{ archetype: 'dispersed', short_share: 0.9, cv2: 3.1 },
    ...{ prompt: { p50: 500, p90: 9000, p99: 20_000 }, output: { p50: 60, p90: 200, p99: 700 } },
  },
  kinds: [series('chat', 0.8), series('agent, prefill-heavy', 0.2)],
  models: [series('small', 1)],
  scores: [5, 10, 15].map(minutes => ({ minutes, count: 9, forecast: 2.5, last_value: 3.25, aggregate: 3 })),
};

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
  });

  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  test('a plan: the fleet, why, what else held and what breaks it', async () => {
    await page.getByLabel('How many').fill('600');
    await page.getByRole('checkbox', { name: /^a100/ }).uncheck();
    await page.getByLabel('Whose prices').selectOption('aws');
    await page.getByRole('checkbox', { name: /^h200/, disabled: true }).waitFor();
    await page.getByRole('checkbox', { name: /^h100.*aws/ }).waitFor();
    await page.getByLabel('Whose prices').selectOption({ index: 0 });
    await page.getByLabel('Spot machines are up, % of time').fill('90');
    await page.getByLabel('Enough replicas are up, % of time').fill('99.5');
    const every = page.getByLabel('Sized anew every');
    await every.fill('0.1');
    expect(await page.locator('input:invalid').count()).toBe(1);
    await every.fill('6 s');
    expect(await page.locator('input:invalid').count()).toBe(0);
    await page.getByRole('button', { name: 'Plan', exact: true }).click();
    const best = page.locator('#plan-best');
    await best
      .getByText(/× 1 h100/)
      .first()
      .waitFor();
    expect(await best.innerText()).toMatch(/one pool: \$/);
    expect(await page.locator('#plan-stress').innerText()).toMatch(/rate × 1.1\s+holds|breaks/);
    expect(await page.locator('#plan-buying').innerText()).toMatch(/spot of 1 × h100, \d+ needed\s+99\.[5-9]\d\d\s%/);
    expect(await page.locator('#plan-power').innerText()).toMatch(/5 %\s+holds|breaks/);
    expect(await page.locator('#plan-over-time').innerText()).toMatch(/without hysteresis[\s\S]*Up to, tokens/i);
    await page.getByRole('img', { name: /Price and first token/ }).waitFor();
    await page.locator('#plan-files').getByText('weir.yaml', { exact: true }).click();
    expect(await page.getByRole('textbox', { name: 'weir.yaml', exact: true }).inputValue()).toContain('pools:');
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save weir.yaml', exact: true }).click();
    expect((await saved).suggestedFilename()).toBe('weir.yaml');
    const report = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save the result as a page' }).click();
    expect((await report).suggestedFilename()).toBe('weir-plan.html');
    expect(await readFile(await (await report).path(), 'utf8')).toContain('A fleet for llama-3.1-8b');
    expect(await accessibilityFaults(page)).toEqual([]);
  }, 90_000);

  test('GPUs of one’s own are offered once they are read, and what is wrong with them is told', async () => {
    await page.reload();
    const text = page.getByLabel(/A catalogue whose rows/);
    await page.getByText('With the built-in GPUs and models').click();
    await text.fill('gpus: [{ name: mine }]');
    await page.getByRole('button', { name: 'Use these rows' }).click();
    await page
      .getByRole('alert')
      .getByText(/request\.invalid/)
      .waitFor();
    await text.fill(`gpus: [{ name: mine, bandwidth_tbps: 3.35, memory_bytes: 85899345920, tflops_16: 989, tflops_8: 1978, link_gbps: 450,
      board_watts: 700, source: made for this test, prices: [{ kind: on_demand, usd_per_hour: 1.95, provider: us, date: 2026-11-01, source: made for this test }] }]`);
    await page.getByRole('button', { name: 'Use these rows' }).click();
    await page.getByRole('checkbox', { name: /^mine \$1\.95/ }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('a trace file that cannot be read is told as such', async () => {
    await page.getByRole('combobox').first().selectOption('text');
    await page.getByRole('button', { name: 'Plan', exact: true }).click();
    await page.getByText('Choose a trace file first.').waitFor();
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'bad.csv', mimeType: 'text/csv', buffer: Buffer.from('nothing here\n') });
    await page.getByText('bad.csv').waitFor();
    await page.getByRole('button', { name: 'Plan', exact: true }).click();
    await page.getByRole('alert').getByText('trace.unreadable').waitFor();
  });

  test('rows that are left out of a trace are told, and lengths can be drawn from a distribution', async () => {
    const rows = 'arrived_at,num_prefill_tokens,num_decode_tokens\n';
    const csv = `${rows}${Array.from({ length: 40 }, (_, i) => `${i},${i === 3 ? 'x' : 90},9`).join('\n')}\n`;
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'some.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
    await page.getByText('some.csv').waitFor();
    await page.getByRole('button', { name: 'Plan', exact: true }).click();
    await page.getByText('39 requests read, 1 row left out').click();
    await page.getByText(/1 row: .*in line 5/).waitFor();
    await page.locator('#plan-best').waitFor();
    await page.getByRole('combobox').first().selectOption('cdf');
    const distribution = page.getByLabel(/^Distribution/);
    await distribution.fill('[[100, 0.5]');
    await page.getByRole('button', { name: 'Plan', exact: true }).click();
    await page.getByText(/The distribution is no list/).waitFor();
    await distribution.fill('[[100, 0.5], [200, 0.9]]');
    await page.getByRole('button', { name: 'Plan', exact: true }).click();
    await page.getByRole('alert').getByText('Distribution: [1] – the last share is 1').waitFor();
    await distribution.fill('[[100, 0.5], [200, 1]]');
    await page.getByLabel('How many').fill('300');
    await page.getByRole('button', { name: 'Plan', exact: true }).click();
    await page.locator('#plan-best').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  }, 60_000);

  test('the workload page says what it has learned, or that there is nothing yet', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Workload' }).click();
    await page.getByText('Nothing to learn from yet.').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    const answer = JSON.stringify(WORKLOAD);
    await page.route('**/api/workload', route => route.fulfill({ contentType: 'application/json', body: answer }));
    await page.getByRole('navigation').getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('navigation').getByRole('link', { name: 'Workload' }).click();
    expect(await page.locator('#workload-shape').innerText()).toMatch(/dispersed[\s\S]*agent, prefill-heavy/);
    expect(await page.locator('#workload-scores').innerText()).toMatch(/5 min\s+2.50\s+3.25/);
    await page.getByRole('slider', { name: /Requests by kind/ }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('two configurations are compared, and what is changed is told', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'What if' }).click();
    await page.getByLabel('How many').fill('300');
    await page.getByLabel('Arrival patterns').fill('2');
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.getByText(/Change something in the second configuration first/).waitFor();
    await page.getByLabel('All ask for').fill('nobody');
    const second = page.getByLabel('The second weir.yaml');
    await second.fill((await second.inputValue()).replace('replicas: 3', 'replicas: 4'));
    await page.getByRole('button', { name: 'Compare' }).click();
    await page
      .getByRole('alert')
      .getByText(/^Model – one of/)
      .waitFor();
    await page.getByLabel('All ask for').fill('auto');
    await page.getByRole('button', { name: 'Compare' }).click();
    const result = page.locator('#what-if-result');
    await result.getByRole('row', { name: /^TTFT, mean/ }).waitFor();
    expect(await result.innerText()).toMatch(/USD an hour\s+worse[\s\S]*TTFT, P99/);
    expect(await page.locator('#what-if-changes').innerText()).toMatch(/pool \S+\s+replicas/);
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('a simulation moves, and can be stopped', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Simulation' }).click();
    await page.getByLabel('How many').fill('400');
    const come = page.getByLabel('They come');
    await come.selectOption('faster or slower than that');
    await page.getByLabel('Times as fast as in the trace').fill('3');
    await come.selectOption('at random, at another rate');
    expect(await page.getByLabel('Times as fast').count()).toBe(0);
    await page.getByLabel('At random, requests a second').fill('8');
    await page.getByLabel('Runs, each with other draws').fill('2');
    await page.getByRole('button', { name: 'Simulate' }).click();
    await page
      .locator('#simulation-result')
      .getByText(/answered over/)
      .waitFor();
    for (const chart of ['On replicas', 'Waiting', 'KV memory held', 'Power, kW']) {
      expect(await page.getByRole('img', { name: chart }).locator('path').count()).toBeGreaterThan(0);
    }
    expect(await page.locator('#simulation-moments table').innerText()).toMatch(/kW/);
    expect(await page.locator('#simulation-result').innerText()).toMatch(
      /Over 2 runs[\s\S]*TTFT, mean[\s\S]*Decision/i,
    );
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByLabel('How many').fill('20000');
    await page.getByRole('button', { name: 'Simulate' }).click();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: 'Simulate' }).waitFor();
    expect(open.troubles).toEqual([]);
  }, 90_000);
});
