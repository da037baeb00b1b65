import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const weir = fileURLToPath(new URL('../../bin/weir.js', import.meta.url));

interface Served {
  readonly child: ChildProcess;
  readonly url: string;
  readonly folder: string;
  said(): string;
}

async function serve(folder: string, ...args: string[]): Promise<Served> {
  const child = spawn(process.execPath, [weir, 'serve', '--port', '0', ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const match = /listens on (\S+)/.exec(said);
      if (match?.[1] !== undefined) resolve(match[1]);
    });
    child.once('exit', code => reject(new Error(`ended with ${code}: ${said}`)));
  });
  return { child, url, folder, said: () => said };
}

async function run(folder: string, ...args: string[]): Promise<{ code: number | null; out: string }> {
  const child = spawn(process.execPath, [weir, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out };
}

describe('weir serve without a file', () => {
  let served: Served;
  let client: OpenAI;

  beforeAll(async () => {
    served = await serve(mkdtempSync(join(tmpdir(), 'weir-serve-')));
    client = new OpenAI({ baseURL: `${served.url}/v1`, apiKey: 'unused', maxRetries: 0 });
  });
  afterAll(() => {
    served.child.kill('SIGKILL');
    rmSync(served.folder, { recursive: true, force: true });
  });

  const ask = (content: string) => ({ model: 'auto', max_tokens: 12, messages: [{ role: 'user' as const, content }] });

  it('answers the official client, plain and streaming', async () => {
    const plain = await client.chat.completions.create(ask('hello there'));
    expect(plain.choices[0]?.message.content).toContain('simulated');
    expect(plain.usage?.completion_tokens).toBe(12);
    let text = '';
    let finish: string | null = null;
    for await (const chunk of await client.chat.completions.create({ ...ask('hello there'), stream: true })) {
      text += chunk.choices[0]?.delta.content ?? '';
      finish = chunk.choices[0]?.finish_reason ?? finish;
    }
    expect(text).toContain('simulated');
    expect(finish).toBe('length');
    expect((await client.models.list()).data.map(model => model.id)).toContain('auto');
  });

  it('gives the official client an error that it understands', async () => {
    await expect(client.chat.completions.create({ ...ask('x'), model: 'nosuch' })).rejects.toMatchObject({
      status: 404,
      code: 'request.unknown_model',
      param: 'model',
    });
  });

  it('sends different prompts to different models; header, record and explanation tell the same reason', async () => {
    const models = new Set<string | null>();
    for (const content of ['hello there', 'Write a python function that sorts a list']) {
      const { response } = await client.chat.completions.create(ask(content)).withResponse();
      models.add(response.headers.get('x-weir-model'));
      const id = response.headers.get('x-request-id') ?? '';
      const reason = response.headers.get('x-weir-reason');
      const decision = response.headers.get('x-weir-decision');
      const page = (await (await fetch(`${served.url}/api/records/${id}`)).json()) as { reason: { summary: string } };
      expect(page.reason.summary).toBe(reason);
      const told = JSON.parse((await run(served.folder, 'explain', '--id', id, '--json')).out) as Record<
        string,
        unknown
      >;
      expect(told).toMatchObject({ decision, reason, selected: response.headers.get('x-weir-model') });
      const ahead = JSON.parse((await run(served.folder, 'explain', content, '--json')).out) as Record<string, unknown>;
      expect(ahead).toMatchObject({ decision, reason });
    }
    expect(models.size).toBe(2);
  });

  it('drains on SIGTERM: the open stream ends whole, and the process with 0', async () => {
    const stream = await client.chat.completions.create({ ...ask('tell me more'), max_tokens: 60, stream: true });
    let chunks = 0;
    for await (const _ of stream) if (++chunks === 2) served.child.kill('SIGTERM');
    expect(chunks).toBeGreaterThan(10);
    const [code] = (await once(served.child, 'exit')) as [number | null];
    expect(code).toBe(0);
  });
});

describe('weir serve with a file', () => {
  it('puts a valid change in force at once, and keeps what it has when a change is not valid', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-serve-'));
    const file = join(folder, 'weir.yaml');
    const yaml = (answer: string) => `
router: { decisions: [{ name: fixed, when: otherwise, respond: "${answer}" }] }
pool:
  models: { m: {} }
  pools: { p: { model: m, health: false, replicas: ["http://127.0.0.1:9"] } }
gateway: { record: { path: "${join(folder, 'record.db')}" } }
`;
    writeFileSync(file, yaml('one'));
    const served = await serve(folder);
    try {
      const client = new OpenAI({ baseURL: `${served.url}/v1`, apiKey: 'unused', maxRetries: 0 });
      const said = async () =>
        (await client.chat.completions.create({ model: 'auto', messages: [{ role: 'user', content: 'x' }] })).choices[0]
          ?.message.content;
      expect(await said()).toBe('one');
      writeFileSync(file, yaml('two'));
      await expect.poll(said).toBe('two');
      writeFileSync(file, yaml('three').replace('respond', 'responde'));
      await expect.poll(() => served.said()).toContain('responde');
      expect(await said()).toBe('two');
    } finally {
      served.child.kill('SIGTERM');
      await once(served.child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('on none at first: what is saved by the API becomes its file, which is watched from then on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-serve-'));
    const served = await serve(folder);
    try {
      const post = async (path: string, body: unknown) => {
        const headers = { 'content-type': 'application/json' };
        const answer = await fetch(served.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
        return (await answer.json()) as Record<string, unknown>;
      };
      const backends = [{ url: 'http://127.0.0.1:9', models: [{ id: 'org/some model' }] }];
      const { text, base } = await post('/api/discovery/proposal', { backends });
      expect(await post('/api/configuration', { text, base })).toMatchObject({ number: 1, author: 'local' });
      // It took the place of what was in force when it was made, and of nothing that came since.
      expect(await post('/api/configuration', { text, base })).toMatchObject({ error: { code: 'config.stale' } });
      const names = async () =>
        ((await (await fetch(`${served.url}/v1/models`)).json()) as { data: { id: string }[] }).data.map(
          ({ id }) => id,
        );
      expect(await names()).toEqual(['auto', 'org/some-model']);
      const file = join(folder, 'weir.yaml');
      writeFileSync(file, readFileSync(file, 'utf8').replaceAll('org/some-model', 'renamed'));
      await expect.poll(names).toEqual(['auto', 'renamed']);
      const history = await run(folder, 'config', 'history', '--json');
      const { versions } = JSON.parse(history.out) as { versions: { author: string }[] };
      expect(versions.map(({ author }) => author)).toEqual(['file', 'local']);
    } finally {
      served.child.kill('SIGTERM');
      await once(served.child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('says in the log which changed settings wait for the next start', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-serve-'));
    const file = join(folder, 'weir.yaml');
    const yaml = (gateway: string) =>
      `router: { decisions: [{ name: d, when: otherwise, respond: hello }] }\npool: { models: { m: {} }, pools: { p: { model: m, replicas: [http://127.0.0.1:9] } } }\n${gateway}`;
    writeFileSync(file, yaml(''));
    const served = await serve(folder, '--workers', '1');
    try {
      const changed = 'gateway: { log: { format: json }, auth: { path: other.db }, drain: 5s, workers: 3 }\n';
      writeFileSync(file, yaml(changed));
      await expect.poll(served.said).toMatch(/gateway\.log\.format.*gateway\.auth\.path.*need a restart/s);
      expect(served.said()).not.toMatch(/gateway\.drain/);
      // The command line says how many: the next start will ask the file as little as this one.
      expect(served.said()).not.toMatch(/gateway\.workers/);
    } finally {
      served.child.kill('SIGTERM');
      await once(served.child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('refuses to start on a file that is not valid, and on a port that is taken', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-serve-'));
    writeFileSync(join(folder, 'weir.yaml'), 'pool: { modells: {} }');
    await expect(serve(folder)).rejects.toThrow(/ended with 2.*config\.unknown_key/s);
    rmSync(folder, { recursive: true });
  });

  it('refuses to listen where others can connect and are asked for nothing, unless it is forced', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-serve-'));
    await expect(serve(folder, '--host', '0.0.0.0')).rejects.toThrow(/ended with 2.*insecure-no-auth/s);
    const forced = await serve(folder, '--host', '0.0.0.0', '--insecure-no-auth');
    forced.child.kill('SIGKILL');
    await once(forced.child, 'close');
    rmSync(folder, { recursive: true });
  });
});
