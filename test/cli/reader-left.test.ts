import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { serve, WEIR } from '../support/served.js';

const folder = mkdtempSync(join(tmpdir(), 'weir-reader-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'weir.yaml'), 'rooter: {}\n');

/** Runs a command whose reader of one stream leaves before anything is printed. */
async function unread(stream: 'stdout' | 'stderr', ...args: string[]): Promise<{ code: number | null; other: string }> {
  const child = spawn(process.execPath, [WEIR, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  child[stream].destroy();
  let other = '';
  child[stream === 'stdout' ? 'stderr' : 'stdout'].setEncoding('utf8').on('data', (text: string) => {
    other += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, other };
}

describe('a command whose reader leaves', () => {
  it.each([
    ['stdout', ['check']],
    ['stdout', ['schema']],
    ['stdout', ['trace', 'generate', '--requests', '2000', '--seed', '1']],
    ['stderr', ['nonsense']],
    ['stderr', ['explain', 'hello']],
    ['stderr', ['trace', 'inspect', 'weir.yaml']],
  ] as const)('ends without a word: %s of weir %j', async (stream, args) => {
    expect(await unread(stream, ...args)).toEqual({ code: 141, other: '' });
  });

  it.each([
    ['check', 1],
    ['version', 0],
  ] as const)('ends as ever where it has nothing to say there: weir %s', async (command, code) => {
    const ended = await unread('stderr', command);
    expect(ended.code).toBe(code);
    expect(ended.other).not.toBe('');
  });
});

const SERVED = `
gateway: { log: { requests: all } }
pool: { models: { m: {} }, pools: { m: { model: m, simulate: { model: qwen3-8b, gpu: l40s, speed: 1000 } } } }
`;

describe('weir serve', () => {
  it.each([1, 2])('goes on without whoever reads its log, processes: %d', async workers => {
    const home = mkdtempSync(join(folder, 'serves-'));
    writeFileSync(join(home, 'weir.yaml'), SERVED);
    const { child, url } = await serve(home, ['serve', '--port', '0', '--workers', String(workers)]);
    try {
      child.stderr!.destroy();
      // Each has its line in the log.
      for (let turn = 0; turn < 8; turn++) {
        const answer = await fetch(`${url}/v1/chat/completions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', connection: 'close' },
          body: JSON.stringify({ model: 'm', max_tokens: 4, messages: [{ role: 'user', content: 'hello' }] }),
        });
        expect(answer.status).toBe(200);
        await answer.text();
      }
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).not.toMatch(/^weir_worker_restarts_total [1-9]/m);
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
