import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newFolder, open, type Served, serve } from './served.js';

const yaml = (replicas: number) => `
gateway: { record: { path: ":memory:" }, responses: { path: ":memory:" }, state: { path: state.db } }
pool:
  models: { m: {} }
  pools: { p: { model: m, simulate: { model: qwen3-8b, gpu: h100, speed: 0.25, replicas: ${replicas} } } }
`;

describe('engines that a changed configuration does not ask for', () => {
  let served: Served;
  beforeEach(async () => {
    served = await serve(newFolder(yaml(1)));
  });
  afterEach(() => served.dispose());

  it('finish what they answer, and then are gone', async () => {
    const messages = [{ role: 'user', content: 'tell me more' }];
    const body = { model: 'm', stream: true, max_tokens: 1200, messages };
    const stream = await open(served.url, 'POST', '/v1/chat/completions', { body });
    let text = '';
    let after = 0;
    let changed = false;
    for await (const chunk of stream) {
      text += String(chunk);
      if (served.said().includes('a new configuration is in force')) after++;
      if (changed) continue;
      changed = true;
      writeFileSync(join(served.folder, 'weir.yaml'), yaml(2));
    }
    expect(after).toBeGreaterThan(0);
    expect(text).toMatch(/"finish_reason":"(?:stop|length)"[\s\S]*data: \[DONE\]\n\n$/);
    expect(text).not.toContain('"error"');
    const answered = await open(served.url, 'POST', '/v1/chat/completions', { body: { ...body, max_tokens: 2 } });
    expect(answered.statusCode).toBe(200);
    answered.resume();
  });
});
