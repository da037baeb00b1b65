import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const ARGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'];

/**
 * The browser of this machine, or `undefined` with a message where there is none. Under `CI=true` a missing browser is an
 * error: what is not tested there is tested nowhere.
 */
export function browserPath(): string | undefined {
  const path = [process.env.WEIR_BROWSER, ...CANDIDATES].find(candidate => candidate && existsSync(candidate));
  if (path === undefined) {
    const message = 'no browser found (install Debian’s chromium, or name one in WEIR_BROWSER)';
    if (process.env.CI === 'true') throw new Error(message);
    process.stderr.write(`weir: tests of the page are skipped: ${message}\n`);
  }
  return path;
}

export function launch(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ARGS });
}

/** What never comes is told before the test is given up. */
const MOST_MS = 50_000;

/** A page, and what went wrong on it: uncaught errors, what the security policy refused, requests to elsewhere. */
export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly troubles: readonly string[];
}

export async function visit(
  browser: Browser,
  url: string,
  options: { colorScheme?: 'light' | 'dark'; width?: number; height?: number } = {},
): Promise<Visit> {
  const { colorScheme = 'light', width = 1280, height = 900 } = options;
  const context = await browser.newContext({ colorScheme, viewport: { width, height } });
  const page = await context.newPage();
  page.setDefaultTimeout(MOST_MS);
  const troubles: string[] = [];
  page.on('pageerror', error => troubles.push(error.message));
  page.on('console', message => {
    // A failed request is logged too; those that a test provokes are the page's business to explain.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      troubles.push(message.text());
  });
  const { origin } = new URL(url);
  page.on('request', request => {
    if (new URL(request.url()).origin !== origin) troubles.push(`asked for ${request.url()}`);
  });
  await page.goto(url);
  return { page, context, troubles };
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeViolation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** Serious and critical findings of axe, one line each. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(AXE);
  // What passes is worked out for nobody.
  const { violations } = (await page.evaluate('axe.run({ resultTypes: ["violations"] })')) as {
    violations: readonly AxeViolation[];
  };
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`));
}
