// `npm test`: set-up, type check of the tests, lint, then the tests. With arguments (a test filter or vitest options)
// only set-up and vitest run: `npm test -- test/router/score.test.ts`.
import { setup } from './setup.mjs';
import { runTool } from './tools.mjs';

const args = process.argv.slice(2);

async function step(name, work) {
  const start = performance.now();
  const code = (await work()) ?? 0;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  process.stderr.write(`weir: ${name} ${code === 0 ? 'ok' : 'FAILED'} (${seconds} s)\n`);
  if (code !== 0) process.exit(code);
}

await step('set-up', () => setup({ need: 'test' }));
if (args.length === 0) {
  await step('type check', () => runTool('tsc', ['-p', 'test/tsconfig.json']));
  await step('type check of the dashboard', () => runTool('tsc', ['-p', 'dashboard/tsconfig.json']));
  await step('lint', () => runTool('biome', ['ci', '--error-on-warnings']));
}
await step('tests', () => runTool('vitest', ['run', ...args]));
