import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGgufProcess } from '#engine-server/gguf/engine-process.js';
import { LLAMA_FOLDER, testModel } from '../../support/llama.js';
import { ask } from '../http.js';

const WEIR = join(import.meta.dirname, '../../../bin/weir.js');
const file = testModel();

/** Runs `weir …` where node-llama-cpp is found. */
function weir(...args: string[]) {
  const child = spawn(process.execPath, [WEIR, ...args], { cwd: LLAMA_FOLDER, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', chunk => {
    said += chunk;
  });
  const saying = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = pattern.exec(said);
      if (found !== null) return found;
      if (child.exitCode !== null) throw new Error(said);
      await Promise.race([once(child.stderr, 'data'), once(child, 'exit')]);
    }
  };
  return { child, saying, said: () => said };
}

describe.skipIf(file === undefined)('from a GGUF file to an answer', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-gguf-'));
    await cp(file!, join(folder, 'story.gguf'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('weir init --gguf and weir serve answer through the gateway, and end the engine with it', async () => {
    const config = join(folder, 'weir.yaml');
    const init = weir('init', config, '--gguf', join(folder, 'story.gguf'));
    expect(await once(init.child, 'exit')).toEqual([0, null]);
    const text = await readFile(config, 'utf8');
    await writeFile(config, text.replace('.gguf"', '.gguf", threads: 1, cpu: true, sequences: 2'));
    const { child, saying } = weir('serve', '-c', config, '--port', '0');
    const [, url] = await saying(/listens on (http:\S+)/);
    const reply = await ask(`${url}/v1/chat/completions`, {
      ...{ model: 'auto', messages: [{ role: 'user', content: 'Once upon a time' }], max_tokens: 12, seed: 1 },
    });
    expect(JSON.parse(reply.text)).toMatchObject({
      ...{ system_fingerprint: 'weir-gguf-cpu', choices: [{ finish_reason: 'length' }] },
      usage: { completion_tokens: 12 },
    });
    const models = JSON.parse((await ask(`${url}/v1/models`)).text) as { data: { id: string }[] };
    expect(models.data.map(({ id }) => id)).toContain('story');
    const pools = JSON.parse((await ask(`${url}/api/pools`)).text) as unknown;
    const address = /"(http:\/\/127\.0\.0\.1:\d+)"/.exec(JSON.stringify(pools))?.[1];
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    if (address !== undefined) await expect(ask(`${address}/health`)).rejects.toThrow();
  });

  test('weir engine --gguf says what it is, and ends on SIGTERM', async () => {
    const { child, saying } = weir('engine', '--gguf', join(folder, 'story.gguf'), '--port', '0', '--threads', '1');
    const [said] = await saying(/listens on [\s\S]*weir serve\n/);
    expect(said).toMatch(/real: .*story\.gguf .* answers, served as story/);
    expect(said).toMatch(/computes on \S+.*context \d+ tokens each; no chat template/);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('a missing model ends weir serve with a reason', async () => {
    const config = join(folder, 'none.yaml');
    await once(weir('init', config, '--gguf', join(folder, 'none.gguf')).child, 'exit');
    const served = weir('serve', '-c', config, '--port', '0');
    expect(await once(served.child, 'close')).toEqual([2, null]);
    expect(served.said()).toMatch(/engine\.unusable: .*none\.gguf cannot be read \(ENOENT\)/);
  });

  test('an engine whose process dies is started again at the same address', async () => {
    const events: string[] = [];
    const options = { file: file!, servedAs: 'small', contextTokens: 256, threads: 1, cpu: true };
    const engine = await startGgufProcess({ ...options, modulesFrom: [LLAMA_FOLDER] }, text => events.push(text));
    const pid = engine.pid();
    process.kill(pid, 'SIGKILL');
    while (engine.pid() === pid) await new Promise(resolve => setTimeout(resolve, 20));
    expect(events[0]).toMatch(/ended \(SIGKILL\)/);
    expect((await ask(`${engine.url}/health`)).status).toBe(200);
    await engine.close();
    await expect(ask(`${engine.url}/health`)).rejects.toThrow();
  });
});
