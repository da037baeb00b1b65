// `npm run pictures`: takes the pictures of docs/dashboard.md anew, from gateways and traffic that it starts itself.
//   --minutes N   traffic before the first picture (3); the overview shows the last 15 minutes
//   --only a,b    these pictures alone
//   --out FOLDER  where to (docs/images)
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root, setup } from './setup.mjs';

await setup({ need: 'test' });
const { openCamera } = await import('./pictures/camera.mjs');
const { startEngine, startGateway } = await import('./pictures/gateway.mjs');
const { traffic } = await import('./pictures/traffic.mjs');
const { DEMONSTRATION, FIRST_RUN, GOVERNED } = await import('./pictures/walk.mjs');

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    only: { type: 'string' },
    out: { type: 'string', default: join(root, 'docs', 'images') },
  },
});
const only = values.only?.split(',');
const wanted = views => views.filter(({ name }) => only === undefined || only.includes(name));
const CALLERS = 6;
const SEED = 1;

const camera = await openCamera();
mkdirSync(values.out, { recursive: true });

async function take(views, gateway) {
  for (const { name, walk, after, of, ...size } of views) {
    const page = await camera.page(size);
    await walk(page, gateway);
    const bytes = await camera.take(of === undefined ? page : page.locator(of), join(values.out, `${name}.webp`));
    await after?.(page);
    await page.context().close();
    process.stdout.write(`${name}.webp ${(bytes / 1000).toFixed(0)} kB\n`);
  }
}

async function onDemonstration(views) {
  const gateway = await startGateway();
  const end = new AbortController();
  const running = traffic(gateway.url, { callers: CALLERS, seed: SEED, signal: end.signal });
  try {
    await new Promise(resolve => setTimeout(resolve, Number(values.minutes) * 60_000));
    await take(views, gateway);
  } finally {
    end.abort();
    await running;
    await gateway.close();
  }
}

async function onGoverned(views) {
  const gateway = await startGateway({ config: GOVERNED_CONFIG });
  try {
    const key = /shown this once: (\S+)/.exec(gateway.said())?.[1];
    await take(views, { ...gateway, key });
  } finally {
    await gateway.close();
  }
}

async function onFirstRun(views) {
  const engine = await startEngine();
  const gateway = await startGateway({ env: { OPENAI_API_KEY: 'sk-only-for-the-picture' } });
  try {
    await take(views, gateway);
  } finally {
    await gateway.close();
    await engine.close();
  }
}

const GOVERNED_CONFIG = `gateway:
  auth: { required: true }
pool:
  models:
    qwen3-8b: { price: { prompt: 0.05, completion: 0.20 } }
  pools:
    small: { model: qwen3-8b, simulate: { replicas: 2, model: qwen3-8b, gpu: l40s } }
router:
  decisions:
    - { name: default, when: otherwise, models: [qwen3-8b] }
`;

try {
  for (const [views, run] of [
    [wanted(FIRST_RUN), onFirstRun],
    [wanted(GOVERNED), onGoverned],
    [wanted(DEMONSTRATION), onDemonstration],
  ]) {
    if (views.length > 0) await run(views);
  }
} finally {
  await camera.close();
}
