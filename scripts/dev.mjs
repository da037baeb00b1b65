// `npm run build | typecheck | lint | format`: set-up, as far as the tool needs it, then that one tool.
import { setup } from './setup.mjs';
import { runTool } from './tools.mjs';

const [task, ...args] = process.argv.slice(2);
const tasks = {
  build: () => 0,
  typecheck: async () =>
    (await runTool('tsc', ['-p', 'test/tsconfig.json', ...args])) ||
    (await runTool('tsc', ['-p', 'dashboard/tsconfig.json', ...args])),
  lint: () => runTool('biome', ['check', '--error-on-warnings', ...args]),
  format: () => runTool('biome', ['check', '--write', ...args]),
};

// Types, lint and format are judged on the sources alone.
await setup({ need: 'test', build: task === 'build' });
process.exitCode = await tasks[task]();
