import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { planFleet } from '#fleet/plan/plan.js';
import { html } from '#fleet/report-page/markup.js';
import { planPage } from '#fleet/report-page/plan-page.js';
import { simulationPage } from '#fleet/report-page/simulation-page.js';
import { whatIfPage } from '#fleet/report-page/what-if-page.js';
import { simulationReport } from '#fleet/simulate/report.js';
import { simulate } from '#fleet/simulate/simulation.js';
import { whatIf } from '#fleet/what-if/what-if.js';
import { poolSchema } from '#pool/schema.js';
import { NO_PREFIX, type TraceRequest } from '#workload/traces/trace.js';
import { accessibilityFaults, browserPath, launch } from '../../dashboard/browser.js';

const random = seededRandom(5);
let at = 0;
const requests: readonly TraceRequest[] = Array.from({ length: 300 }, () => {
  at += random.exponential(0.02);
  return {
    arrivalMs: at,
    promptTokens: 1 + random.below(3000),
    outputTokens: 1 + random.below(120),
    prefix: NO_PREFIX,
  };
});
const clock = { now: () => 0 };

function configOf(gpu: string) {
  const pool = poolSchema.parse({
    models: { m: {} },
    pools: { p: { model: 'm', simulate: { model: 'llama-3.1-8b', gpu } } },
  } as never);
  const entry = { ...pool.pools.p!, replicas: [{ url: 'http://127.0.0.1:9', id: '1', weight: 1 }] };
  return { pool: { ...pool, pools: { p: entry } } };
}

async function pages(): Promise<ReadonlyMap<string, string>> {
  const config = configOf('a100');
  const result = simulate(requests, { config, seed: 1 });
  const compared = await whatIf({
    ...{ first: config, second: configOf('h100'), seeds: [1, 2], clock },
    ...{ requests, arrivals: { rateScale: 1 }, threads: 1 },
  });
  const slo = { ttftP99Ms: 500, tpotMs: 50 };
  const options = { requests, model: 'llama-3.1-8b', gpus: ['h100', 'l40s'], seed: 1, clock };
  return new Map([
    ['simulation', simulationPage('<weir>.yaml', simulationReport(result, 1000), result.completed)],
    ['what-if', whatIfPage('now & then.yaml', 'other.yaml', compared)],
    ['plan', planPage(planFleet({ ...options, slo }))],
    ['no plan', planPage(planFleet({ ...options, slo: { ttftP99Ms: 1, tpotMs: 1 } }))],
  ]);
}

describe('markup', () => {
  test('what is put in is escaped, markup is not', () => {
    const inner = html`<b>${'<&"\'>'}</b>`;
    expect(html`<p title="${'"x'}">${[inner, undefined, 3]}</p>`.text).toBe(
      '<p title="&#34;x"><b>&#60;&#38;&#34;&#39;&#62;</b>3</p>',
    );
  });
});

const all = await pages();

describe('report pages', () => {
  test.each([...all])('%s is one small file: no script, nothing from elsewhere, both themes', (_, text) => {
    expect(text).toMatch(/^<!doctype html>/);
    expect(text).toContain("default-src 'none'");
    expect(text).toContain('prefers-color-scheme:dark');
    expect(text).not.toMatch(/<script|<link|<img|<iframe|url\(|@import|\son\w+=|(?:src|href)=/i);
    expect(text).not.toMatch(/NaN|Infinity|undefined|\[object/);
    expect(text.length).toBeLessThan(60_000);
  });

  test('names are text, whatever they hold', () => {
    expect(all.get('simulation')).toContain('&#60;weir&#62;.yaml');
    expect(all.get('what-if')).toContain('now &#38; then.yaml');
  });

  const path = browserPath();
  describe.skipIf(path === undefined)('in a browser', () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-pages-'));
    let browser: Browser;
    beforeAll(async () => {
      browser = await launch(path ?? '');
    }, 60_000);
    afterAll(async () => {
      await browser?.close();
      rmSync(folder, { recursive: true });
    });

    test.each(['light', 'dark'] as const)(
      'all are well-formed and can be read by anybody, %s',
      async colorScheme => {
        // The page's own policy would refuse the checker's script.
        const context = await browser.newContext({ colorScheme, bypassCSP: true });
        const page = await context.newPage();
        const troubles: string[] = [];
        page.on('console', message => message.type() === 'error' && troubles.push(message.text()));
        for (const [name, text] of all) {
          const file = join(folder, `${name}.html`);
          writeFileSync(file, text);
          await page.goto(pathToFileURL(file).href);
          expect(await accessibilityFaults(page), name).toEqual([]);
          const outside = await page.evaluate(
            'document.documentElement.scrollWidth - document.documentElement.clientWidth',
          );
          expect(outside, name).toBe(0);
        }
        expect(troubles).toEqual([]);
        await context.close();
      },
      60_000,
    );
  });
});
