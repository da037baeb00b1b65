import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DecisionRecord } from '#contract/record.js';
import { machineClock } from '#gateway/machine-clock.js';
import { Traffic } from '#telemetry/traffic/traffic.js';
import { recordLike } from '../support/record-like.js';
import { type RunningGateway, startGateway } from '../support/running-gateway.js';
import { accessibilityFaults, browserPath, launch, visit } from './browser.js';

const path = browserPath();

const MINUTE = 60_000;
/** In the middle of a window of five minutes. */
const NOW = Date.UTC(2026, 0, 15, 18, 2, 30);

/** Names as long as people give them. */
const MODELS = ['qwen3-235b-a22b-instruct-2507-fp8-dynamic', 'small', 'meta-llama-3.3-70b-instruct-quantized-w8a8'];
const DECISIONS = ['contracts-and-everything-else-that-lawyers-ask-for', 'default', 'refuse'];

const CONFIG = `router: { decisions: [{ name: default, when: otherwise, models: [small] }] }
pool:
  models:
    ${MODELS.map((name, i) => `${name}: { price: { prompt: ${i + 1}, completion: ${2 * i + 2} }, quality: 0.${i + 1} }`).join('\n    ')}
  pools:
    ${MODELS.map((name, i) => `p${i}: { model: ${name}, health: false, replicas: ["http://127.0.0.1:${9 + i}"] }`).join('\n    ')}
`;

function recordOf(i: number): DecisionRecord {
  const record = recordLike(`r${i}`);
  const agent = i % 3 === 0;
  const promptTokens = 200 + ((i * 7919) % 30_000);
  return {
    ...record,
    decision: DECISIONS[i % 3]!,
    profile: {
      ...record.profile,
      archetype: agent ? 'agent' : 'chat',
      heaviness: (['balanced', 'prefill', 'decode'] as const)[i % 5 === 0 ? 2 : i % 2]!,
    },
    outcome: {
      ...record.outcome,
      ...(i % 41 === 0 ? { status: 'failed' as const } : i % 29 === 0 ? { status: 'refused' as const } : {}),
      model: MODELS[i % 3]!,
      pool: `p${i % 3}`,
      usage: { promptTokens, completionTokens: 40 + ((i * 31) % 900), cachedTokens: Math.floor(promptTokens / 3) },
      ttftMs: 40 + ((i * 13) % 1900),
      costUsd: promptTokens * 1e-4,
    },
  };
}

/** Three days, busier by day, of which many windows are whole. */
function threeDays(): Traffic {
  const traffic = new Traffic();
  let i = 0;
  for (let at = NOW - 3 * 1440 * MINUTE; at < NOW; at += MINUTE) {
    const requests = Math.round(6 + 5 * Math.sin((2 * Math.PI * at) / (1440 * MINUTE)));
    for (let j = 0; j < requests; j++) traffic.observe(recordOf(i++), at + j, promptCost(i));
  }
  return traffic;
}

const promptCost = (i: number): number => 0.5 + (i % 7);

describe.skipIf(path === undefined)('pages on days of traffic', () => {
  let browser: Browser;
  let running: RunningGateway;

  beforeAll(async () => {
    const clock = { ...machineClock, wall: () => NOW };
    running = await startGateway(CONFIG, { version: '0.0.0' }, { clock, traffic: threeDays() });
    browser = await launch(path ?? '');
  });
  afterAll(async () => {
    await browser?.close();
    await running?.close();
  });

  /** What reaches out of the screen and stands in nothing that scrolls or cuts it off. */
  const tooWide = (page: Page) =>
    page.evaluate(`(() => {
      const wide = [];
      for (const element of document.querySelectorAll('main *')) {
        const { left, right, width } = element.getBoundingClientRect();
        if (width <= 1 || (left >= 0 && right <= innerWidth + 0.5)) continue;
        let box = element.parentElement;
        while (box !== null && getComputedStyle(box).overflowX === 'visible') box = box.parentElement;
        if (box === null || box === document.documentElement || box === document.body) wide.push(element.outerHTML.slice(0, 120));
      }
      return [document.documentElement.scrollWidth, wide];
    })()`);
  const openAll = (page: Page) =>
    page.evaluate('for (const details of document.querySelectorAll("main details")) details.open = true');
  const picture = async (page: Page, name: string) => {
    const folder = process.env.WEIR_PICTURES;
    if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  };

  for (const [width, colorScheme] of [
    [390, 'light'],
    [390, 'dark'],
    [1280, 'light'],
    [1280, 'dark'],
  ] as const) {
    test(`the overview fits ${width} px in ${colorScheme}, whatever time it shows`, async () => {
      const { page, context, troubles } = await visit(browser, `${running.url}/#/overview`, { width, colorScheme });
      for (const time of ['15 min', '1 hour', '24 hours', '7 days', '30 days']) {
        await page.getByRole('radio', { name: time }).check();
        await page.locator('#by-decision').getByText(DECISIONS[0]!).waitFor();
        await openAll(page);
        expect([time, ...((await tooWide(page)) as unknown[])]).toEqual([time, width, []]);
      }
      expect(await accessibilityFaults(page)).toEqual([]);
      await picture(page, `overview-${width}-${colorScheme}`);
      expect(troubles).toEqual([]);
      await context.close();
    });

    test(`the workload fits ${width} px in ${colorScheme}, with whole windows and forecasts`, async () => {
      const { page, context, troubles } = await visit(browser, `${running.url}/#/workload`, { width, colorScheme });
      const kinds = page.getByRole('table', { name: 'Requests by kind', exact: true });
      await kinds.waitFor();
      // Every kind there is, and numbers in place of the dashes that stand where nothing is known.
      expect(await kinds.getByRole('row').count()).toBe(7);
      expect(await page.locator('#workload-scores').innerText()).not.toContain('–');
      await openAll(page);
      expect(await tooWide(page)).toEqual([width, []]);
      expect(await accessibilityFaults(page)).toEqual([]);
      await picture(page, `workload-${width}-${colorScheme}`);
      expect(troubles).toEqual([]);
      await context.close();
    });
  }
});
