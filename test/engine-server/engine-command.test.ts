import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ask } from './http.js';

const MAIN = join(import.meta.dirname, '../../dist/cli/commands/engine.js');
const SCRIPT = `import { engineCommand } from ${JSON.stringify(MAIN)}; await engineCommand().parseAsync(process.argv.slice(1), { from: 'user' });`;

function run(...args: string[]) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT, '--', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', chunk => {
    said += chunk;
  });
  return { child, said: () => said };
}

describe('weir engine', () => {
  test('listens, serves under its name, and ends on SIGTERM', async () => {
    const { child, said } = run(
      '--model',
      'qwen3-8b',
      '--gpu',
      'l40s',
      '--port',
      '0',
      '--served-as',
      'Qwen/Qwen3-8B',
      '--fault',
      'error:1:500',
    );
    while (!said().includes('KV blocks')) await once(child.stderr, 'data');
    const url = /listens on (http:\/\/127\.0\.0\.1:\d+)/.exec(said())![1]!;
    expect(JSON.parse((await ask(`${url}/v1/models`)).text)).toMatchObject({ data: [{ id: 'Qwen/Qwen3-8B' }] });
    expect((await ask(`${url}/v1/chat/completions`, {})).status).toBe(500);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test.each([
    [['--fault', 'flood'], 'no fault'],
    [['--model', 'gpt-9', '--port', '0'], 'No model is called'],
    [['--gpu', 'a10g', '--model', 'llama-3.1-70b', '--port', '0'], 'tp 8'],
    [['--speed', '0'], 'Expected a number above 0'],
    [['--gguf', 'model.gguf', '--gpu', 'h100'], 'cannot be used with'],
  ])('refuses %j', async (args, reason) => {
    const { child, said } = run(...args);
    const [code] = (await once(child, 'close')) as [number];
    expect(code).not.toBe(0);
    expect(said()).toContain(reason);
  });
});
