import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { accessibilityFaults, browserPath, launch, type Visit, visit } from './browser.js';
import { type StubGateway, stubGateway } from './stub-gateway.js';

const path = browserPath();

describe.skipIf(path === undefined)('the playground', () => {
  let browser: Browser;
  let stub: StubGateway;
  let open: Visit | undefined;

  beforeAll(async () => {
    browser = await launch(path ?? '');
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    stub = await stubGateway();
  });
  afterEach(async () => {
    const troubles = open?.troubles ?? [];
    await open?.context.close();
    open = undefined;
    await stub.close();
    expect(troubles).toEqual([]);
  });

  const start = async (
    ...options: Parameters<typeof visit> extends [unknown, unknown, ...infer Rest] ? Rest : never
  ) => {
    open = await visit(browser, `${stub.url}#/playground`, ...options);
    const { page } = open;
    await page.getByText('serving the demonstration').waitFor();
    const log = page.getByRole('log');
    const story = page.locator('#story');
    const step = (name: string) => story.locator(`[data-step="${name}"]`);
    const send = async (prompt: string) => {
      await page.getByLabel('Prompt', { exact: true }).fill(prompt);
      await page.getByRole('button', { name: 'Send' }).click();
    };
    return { page, log, story, step, send };
  };

  test('shows an answer as it comes, as text, then the whole story', async () => {
    const { page, log, story, step, send } = await start();
    await send('please hold');
    await log.getByText('First half,').waitFor();
    expect(await log.getAttribute('aria-busy')).toBe('true');
    // The headers have told the beginning of the story by now.
    expect(await step('decision').innerText()).toContain('programming');
    expect(await step('outcome').count()).toBe(0);
    stub.release();
    await log.getByText('First half, second half <b>as text</b>.').waitFor();
    await step('outcome').waitFor();
    expect(await log.getAttribute('aria-busy')).toBe('false');
    expect(await page.locator('[data-speed]').innerText()).toMatch(/first token .+ 96 tokens/);
    const told = (await story.innerText()).replace(/\s+/g, ' ');
    for (const part of [
      'req_000000000000000000000001',
      'Turn 2, warm',
      '~1,180, reported 1,204',
      '3 of 4 signals read',
      'code keyword true 2 "function", "await" 21 µs',
      'french language unknown',
      'Not read, as nothing depended on it: gold',
      'refuse spam: no match',
      'small, by cheapest',
      'ruled out: context of 1024 is too short',
      'Expected in cache 1,024 tokens (85 %)',
      'circuit open',
      'Prompt 1,204 tokens Found in cache 1,024 (85 %)',
      'First token 184 ms',
      'Per token after 21.4 ms',
      'End to end 2.22 s',
      'Cost $0.0000384',
      '$0.0000384 = ',
      'The score weighs how much of the prompt',
      'on large would have cost $0.0004',
    ]) {
      expect(told).toContain(part);
    }
    expect(await story.getByRole('link', { name: 'req_000000000000000000000001' }).getAttribute('href')).toBe(
      '#/requests/req_000000000000000000000001',
    );
  });

  test('sends the conversation, the system prompt and the headers along', async () => {
    const { page, log, send } = await start();
    await page.getByText('System prompt and headers').click();
    await page.getByLabel('System prompt', { exact: true }).fill('Be brief.');
    await page.getByLabel('Headers, one a line').fill('x-tier: gold');
    await page.getByLabel('Model').selectOption('large');
    await send('one');
    await log.getByText('The answer is 391.').waitFor();
    await page.locator('[data-step="outcome"]').waitFor();
    await page.getByLabel('Prompt', { exact: true }).fill('two');
    await page.keyboard.press('Control+Enter');
    await log.getByText('The answer is 391.').nth(1).waitFor();
    const [first, second] = stub.asked;
    expect(first?.headers['x-tier']).toBe('gold');
    expect(first?.body.model).toBe('large');
    expect(second?.body.messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'one' },
      { role: 'assistant', content: 'The answer is 391.' },
      { role: 'user', content: 'two' },
    ]);
  });

  test('a new conversation forgets the one before', async () => {
    const { page, log, step, send } = await start();
    await send('one');
    await step('outcome').waitFor();
    await page.getByRole('button', { name: 'New conversation' }).click();
    expect(await log.getByText('391').count()).toBe(0);
    await send('two');
    await log.getByText('The answer is 391.').waitFor();
    expect(stub.asked[1]?.body.messages).toEqual([{ role: 'user', content: 'two' }]);
  });

  test('headers that are none are not sent', async () => {
    const { page, send } = await start();
    await page.getByText('System prompt and headers').click();
    await page.getByLabel('Headers, one a line').fill('no colon here');
    await send('one');
    expect(await page.locator('#headers:invalid').count()).toBe(1);
    expect(stub.asked).toEqual([]);
  });

  test('a refused prompt is told as such: no model, no placement', async () => {
    const { log, story, step, send } = await start();
    await send('something forbidden');
    await log.getByText('I cannot help with that.').waitFor();
    await step('outcome').waitFor();
    expect(await step('decision').innerText()).toContain('fixed answer');
    expect(await step('outcome').innerText()).toContain('no model was asked');
    expect(await story.locator('[data-step="placement"], [data-step="attempts"]').count()).toBe(0);
  });

  test('failover can be seen', async () => {
    const { step, send } = await start();
    await send('failover');
    await step('outcome').waitFor();
    const told = await step('attempts').innerText();
    expect(told).toContain('2 attempts, 1 failed');
    expect(told).toContain('HTTP 500');
    expect(told).toContain('upstream.status');
  });

  test('an error is shown with its code, and the prompt comes back', async () => {
    const { page, log, step, send } = await start();
    await send('overload it');
    const alert = log.getByRole('alert');
    await alert.waitFor();
    expect(await alert.innerText()).toBe('429 pool.saturated: All replicas are at their limit. Try again in 3 s.');
    expect(await page.getByLabel('Prompt', { exact: true }).inputValue()).toBe('overload it');
    await step('outcome').waitFor();
    expect(await step('outcome').innerText()).toContain('failed, pool.saturated');
  });

  test('an answer that breaks off is not passed for a whole one', async () => {
    const { log, step, send } = await start();
    await send('cut it');
    await log.getByRole('alert').getByText('upstream.cut: The replica broke off.').waitFor();
    expect(await log.innerText()).toContain('The beginning of an');
    await step('outcome').waitFor();
    expect(await step('outcome').innerText()).toContain('cut, upstream.cut');
  });

  test('a request without a record says so', async () => {
    const { story, send } = await start();
    await send('nonsense');
    await story.getByText('There is no record of this request').waitFor();
  });

  test('Stop leaves, and the gateway notices', async () => {
    const { page, log, step, send } = await start();
    await send('please hold');
    await log.getByText('First half,').waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await stub.left;
    await log.getByText('Stopped').waitFor();
    await step('outcome').waitFor();
    expect(await step('outcome').innerText()).toContain('cancelled');
  });

  test('who looks at another page meanwhile loses nothing', async () => {
    const { page, log, send } = await start();
    await send('please hold');
    await log.getByText('First half,').waitFor();
    await page.getByRole('link', { name: 'Fleet' }).click();
    await page.getByRole('heading', { name: 'Fleet' }).waitFor();
    stub.release();
    await page.getByRole('link', { name: 'Playground' }).click();
    await log.getByText('First half, second half <b>as text</b>.').waitFor();
    await page.locator('[data-step="outcome"]').waitFor();
  });

  test('asks models and APIs side by side', async () => {
    const { page } = await start();
    await page.getByRole('button', { name: 'Compare side by side' }).click();
    await page.getByRole('button', { name: 'Compare side by side' }).click();
    expect(await page.getByRole('button', { name: 'Compare side by side' }).isDisabled()).toBe(true);
    await page.getByLabel('API 2').selectOption('Messages');
    await page.getByLabel('API 3').selectOption('Responses');
    await page.getByLabel('Model 3').selectOption('large');
    await page.getByText('System prompt and headers').click();
    await page.getByLabel('System prompt', { exact: true }).fill('Be brief.');
    await page.getByLabel('Prompt', { exact: true }).fill('What is 17 × 23?');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByRole('log', { name: 'Conversation 1' }).getByText('The answer is 391.').waitFor();
    await page.getByRole('log', { name: 'Conversation 2' }).getByText('Told as a message.').waitFor();
    await page.getByRole('log', { name: 'Conversation 2' }).getByText('Ended at the longest answer allowed.').waitFor();
    await page.getByRole('log', { name: 'Conversation 3' }).getByText('Told as a response.').waitFor();
    await expect.poll(() => page.locator('[data-step="outcome"]').count()).toBe(3);
    const speeds = await page.locator('[data-speed]').allInnerTexts();
    expect(speeds.map(text => /\d+ tokens$/.exec(text)?.[0])).toEqual(['96 tokens', '7 tokens', '5 tokens']);
    const user = { role: 'user', content: 'What is 17 × 23?' };
    const bodies = stub.asked.map(({ body }) => body as unknown as Record<string, unknown>);
    expect(bodies).toContainEqual(
      expect.objectContaining({ model: 'small', system: 'Be brief.', messages: [user], stream: true }),
    );
    expect(bodies).toContainEqual(
      expect.objectContaining({ model: 'large', instructions: 'Be brief.', input: [user], store: false }),
    );
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Remove conversation 3' }).click();
    await page.getByRole('button', { name: 'Remove conversation 2' }).click();
    await page.locator('#story').getByText('The same tokens').waitFor();
  });

  test('a gateway that is gone is said to be gone', async () => {
    const { page, log, send } = await start();
    stub.break(true);
    await page.locator('#trouble').getByText('The gateway cannot be reached.').waitFor();
    await send('anyone there?');
    await log.getByText('The gateway cannot be reached.').waitFor();
    await page.locator('#story').getByText('It ended before the gateway had named it.').waitFor();
    stub.break(false);
    await page.getByText('serving the demonstration').waitFor();
    expect(await page.locator('#trouble').innerText()).toBe('');
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`axe finds nothing serious in ${colorScheme}`, async () => {
      const { page, step, send } = await start({ colorScheme });
      await send('failover');
      await step('outcome').waitFor();
      await send('overload it');
      await step('outcome').getByText('failed, pool.saturated').waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
    });
  }
});
