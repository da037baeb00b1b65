// The walk through the dashboard: what is to be done on each page before its picture is taken.

const settle = page => page.waitForTimeout(700);
const open = async (page, url, place) => {
  await page.goto(`${url}#/${place}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await settle(page);
};

/** On the demonstration, after some traffic. */
export const DEMONSTRATION = [
  { name: 'overview', walk: (page, { url }) => open(page, url, 'overview') },
  {
    name: 'story',
    height: 1400,
    of: '#story',
    async walk(page, { url }) {
      await open(page, url, `requests/${await failedOver(url)}`);
      await page.locator('[data-step="outcome"]').waitFor();
    },
  },
  {
    name: 'playground',
    height: 1000,
    async walk(page, { url }) {
      await open(page, url, 'playground');
      await page.getByRole('group', { name: 'Examples' }).getByRole('button', { name: /^Code/ }).click();
      await page.getByRole('button', { name: 'Send' }).click();
      await page.locator('[data-step="outcome"]').waitFor();
      await settle(page);
    },
  },
  {
    name: 'side-by-side',
    height: 900,
    async walk(page, { url }) {
      await open(page, url, 'playground');
      await page.getByRole('button', { name: 'Compare side by side' }).click();
      await page.getByLabel('API 2').selectOption('Messages');
      await page.getByLabel('Prompt', { exact: true }).fill('Name three rivers that flow north.');
      await page.getByRole('button', { name: 'Send' }).click();
      await page.locator('[data-step="outcome"]').nth(1).waitFor();
      await settle(page);
    },
  },
  {
    name: 'fleet',
    async walk(page, { url }) {
      await open(page, url, 'fleet');
      await page.getByRole('button', { name: 'Drain large/2' }).click();
      await page.getByRole('button', { name: 'Return large/2' }).waitFor();
      await settle(page);
    },
    after: page => page.getByRole('button', { name: 'Return large/2' }).click(),
  },
  {
    name: 'map',
    height: 1000,
    async walk(page, { url }) {
      await open(page, url, 'map');
      await page.locator('.map-cell.good').first().click();
      await page.locator('.map-latest li').first().waitFor();
      await settle(page);
    },
  },
  {
    name: 'configuration',
    async walk(page, { url }) {
      await open(page, url, 'configuration');
      const editor = page.getByRole('textbox', { name: 'weir.yaml' });
      await editor.fill(
        (await editor.inputValue()).replace('models: [llama-3.1-70b, qwen3-8b] }', 'models: [llama-3.1-7b] }'),
      );
      const problems = page.getByRole('list', { name: 'What the check says' });
      await problems.getByRole('button').first().click();
      await settle(page);
    },
  },
  {
    name: 'workload',
    height: 900,
    walk: (page, { url }) => open(page, url, 'workload'),
  },
  {
    name: 'texts',
    height: 900,
    async walk(page, { url }) {
      await open(page, url, 'texts');
      // The first verdict of the model waits until it is loaded.
      for (let time = 0; time < 2; time++) {
        await page.getByRole('button', { name: 'See what it is taken for' }).click();
        await page.getByText('by the').first().waitFor();
        await page.waitForTimeout(5000);
      }
      await page.locator('summary').first().click();
      await settle(page);
    },
  },
  {
    name: 'planner',
    height: 1500,
    async walk(page, { url }) {
      await open(page, url, 'planner');
      await page.getByRole('button', { name: 'Plan', exact: true }).click();
      await page.locator('#plan-stress').waitFor({ timeout: 300_000 });
      await settle(page);
    },
  },
  {
    name: 'simulation',
    height: 1200,
    async walk(page, { url }) {
      await open(page, url, 'simulation');
      await page.getByLabel('How many').fill('2000');
      await page.getByRole('button', { name: 'Simulate' }).click();
      await page.locator('#simulation-result').waitFor({ timeout: 300_000 });
      await settle(page);
    },
  },
  {
    name: 'what-if',
    height: 1350,
    async walk(page, { url }) {
      await open(page, url, 'what-if');
      await page.getByLabel('How many').fill('2000');
      const second = page.getByLabel('The second weir.yaml');
      await second.fill((await second.inputValue()).replace('replicas: 3', 'replicas: 5'));
      await page.getByRole('button', { name: 'Compare' }).click();
      await page.locator('#what-if-result').waitFor({ timeout: 300_000 });
      await settle(page);
    },
  },
  { name: 'phone', width: 390, height: 844, colorScheme: 'dark', walk: (page, { url }) => open(page, url, 'overview') },
];

/** On a gateway that asks for keys. */
export const GOVERNED = [
  {
    name: 'access',
    async walk(page, { url, key }) {
      await page.goto(url);
      await page.getByLabel('Key', { exact: true }).fill(key);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      await open(page, url, 'access');
      await page.getByText('New key').click();
      await page.getByLabel('What it is for').fill('search, nightly');
      await page.getByLabel('Budget', { exact: true }).fill('50');
      await page.getByRole('button', { name: 'Make the key' }).click();
      await page.getByRole('textbox', { name: 'Secret' }).waitFor();
      await page.getByText('New key').click();
      await settle(page);
    },
  },
];

/** On the demonstration beside an engine, with a provider's key in the environment. */
export const FIRST_RUN = [
  {
    name: 'setup',
    height: 1180,
    async walk(page, { url }) {
      await open(page, url, 'setup');
      await page.getByRole('button', { name: 'Use weir engine' }).click();
      await page.getByLabel('Proposed weir.yaml').waitFor();
      await settle(page);
    },
  },
];

/** A request that one replica failed and another answered. */
async function failedOver(url) {
  for (let tries = 0; tries < 40; tries++) {
    for (const replica of ['small/1', 'small/2', 'large/1']) {
      const body = JSON.stringify({ kind: 'error', for: '2s' });
      const headers = { 'content-type': 'application/json' };
      await fetch(`${url}api/replicas/${encodeURIComponent(replica)}/faults`, { method: 'POST', headers, body });
    }
    await new Promise(resolve => setTimeout(resolve, 1500));
    const { records } = await (await fetch(`${url}api/records?status=answered&limit=50`)).json();
    const failed = records.filter(({ attempts, signals }) => attempts.length > 1 && signals.length > 3);
    // Best where there was still a choice of replicas after the failure; often enough there is none.
    const found =
      failed.find(({ placement }) => placement?.parts !== undefined) ?? (tries >= 20 ? failed[0] : undefined);
    if (found !== undefined) return found.id;
  }
  throw new Error('no request failed over');
}
