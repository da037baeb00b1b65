import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { call, childrenOf, metric, newFolder, open, type Served, serve } from './served.js';

const WORKERS = 3;
/** So many connections at once come to all of them. */
const ASKED = 12;
const ADMIN = 'the-admin-key-of-this-test';

const yaml = (answer: string, auth = `{ required: true, admin_key: ${ADMIN} }`) => `
router:
  signals: { fixed: { keyword: { any: [fixed] } }, slow: { keyword: { any: [slow] } } }
  decisions:
    - { name: fixed, when: fixed, respond: "${answer}" }
    - { name: slow, when: slow, models: [slow] }
    - { name: model, when: otherwise, models: [small] }
pool:
  models: { small: { price: { prompt: 1000, completion: 1000 }, context: 8k }, slow: { context: 8k } }
  pools:
    small: { model: small, simulate: { replicas: 2, model: qwen3-8b, gpu: h100, speed: 20 } }
    slow: { model: slow, simulate: { replicas: 1, model: qwen3-8b, gpu: h100, speed: 0.25 } }
gateway: { auth: ${auth}, log: { level: warn } }
`;

const chat = (content: string, more: object = {}) => ({
  model: 'auto',
  max_tokens: 10,
  messages: [{ role: 'user', content }],
  ...more,
});

describe('several workers', { timeout: 120_000 }, () => {
  let served: Served;
  beforeAll(async () => {
    served = await serve(newFolder(yaml('one')), '--workers', String(WORKERS));
  });
  afterAll(() => served.dispose());

  const admin = (method: string, path: string, body?: unknown) =>
    call(served.url, method, path, { key: ADMIN, ...(body === undefined ? {} : { body }) });
  const ask = (content: string, key = ADMIN) =>
    call(served.url, 'POST', '/v1/chat/completions', { key, body: chat(content) });
  /** The same question on as many connections as come to every worker. */
  const everywhere = <T>(question: () => Promise<T>): Promise<T[]> => {
    return Promise.all(Array.from({ length: ASKED }, question));
  };
  const newKey = async (form: object) => {
    const { status, body } = await admin('POST', '/api/keys', { name: 'k', ...form });
    expect(status).toBe(200);
    return body as { secret: string; key: { id: string } };
  };

  it('tell of all requests, whichever is asked', async () => {
    const stream = await open(served.url, 'GET', '/api/records/live', { key: ADMIN });
    let seen = '';
    stream.setEncoding('utf8').on('data', (text: string) => {
      seen += text;
    });
    const before = await metric(served.url, 'weir_requests_total', ADMIN);
    const ids: string[] = [];
    for (let at = 0; at < 9; at++) {
      const { status, body } = await ask('hello');
      expect(status).toBe(200);
      ids.push(body.id);
    }
    expect((await metric(served.url, 'weir_requests_total', ADMIN)) - before).toBe(9);
    for (const { body } of await everywhere(() => admin('GET', '/api/overview?window=1h'))) {
      expect(body.total).toMatchObject({ requests: 9, answered: 9 });
    }
    for (const { body } of await everywhere(() => admin('GET', '/api/state'))) {
      expect(body.pools[0]).toMatchObject({ name: 'small', available: 2, counts: { granted: 9 } });
      expect(body.replicas.reduce((sum: number, { requests }: { requests: number }) => sum + requests, 0)).toBe(9);
    }
    await expect.poll(() => seen.match(/^event: record$/gm)?.length ?? 0).toBe(9);
    stream.destroy();
  });

  it('record the traffic of all under one key, whichever is asked', async () => {
    const stream = await open(served.url, 'GET', '/api/traffic/live', { key: ADMIN });
    let seen = '';
    stream.setEncoding('utf8').on('data', (text: string) => {
      seen += text;
    });
    const rowsOf = (tokens: number) =>
      [...seen.matchAll(/^event: row\ndata: (.*)$/gm)]
        .map(([, row]) => JSON.parse(row!) as { prompt_tokens: number; prefix: { hashes: number[] } })
        .filter(row => row.prompt_tokens === tokens);
    // A worker may begin to tell a moment after the recording has begun: what all are asked after that is whole.
    let tokens = 0;
    for (let words = 500; rowsOf(tokens).length < ASKED; words += 20) {
      const answers = await everywhere(() => ask('hello '.repeat(words)));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      tokens = answers[0]!.body.usage.prompt_tokens;
      await vi.waitUntil(() => rowsOf(tokens).length >= ASKED, { timeout: 5000 }).catch(() => undefined);
    }
    expect(rowsOf(tokens)).toHaveLength(ASKED);
    expect(rowsOf(tokens)[0]!.prefix.hashes.length).toBeGreaterThan(0);
    expect(new Set(rowsOf(tokens).map(({ prefix }) => prefix.hashes.join())).size).toBe(1);
    expect(seen).not.toMatch(/hello|event: skipped/);
    stream.destroy();
  });

  it('know of a key at once, and of its end', async () => {
    const { secret, key } = await newKey({});
    for (const { status } of await everywhere(() => ask('fixed', secret))) expect(status).toBe(200);
    await admin('POST', `/api/keys/${key.id}/revoke`, {});
    for (const { status } of await everywhere(() => ask('fixed', secret))) expect(status).toBe(401);
    const rows = await everywhere(() => admin('GET', `/api/audit?target=${key.id}`));
    for (const { body } of rows) expect(body.entries.length).toBe(2);
  });

  it('share a budget to the last request, and a limit', async () => {
    // 1,000 USD a million tokens: a request of some 20 tokens costs about 2 cents.
    const { secret, key } = await newKey({ budgets: [{ amount: 0.5, window: 'day' }] });
    let spent = 0;
    const caller = async (): Promise<void> => {
      for (let refused = 0; refused < 3; ) {
        const { status, body } = await ask('hello', secret);
        if (status === 200) spent += body.usage.total_tokens / 1000;
        else {
          expect([402, 429]).toContain(status);
          refused++;
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, caller));
    expect(spent).toBeGreaterThan(0.4);
    // What was expected of a request may be less than what it used: by no more than those in flight at the end.
    expect(spent).toBeLessThan(0.6);
    const own = ({ id }: { id: string }) => id === key.id;
    for (const { body } of await everywhere(() => admin('GET', '/api/usage'))) {
      expect(body.usage.find(own).usd).toBeCloseTo(spent, 6);
    }
    await expect
      .poll(async () => {
        const told = await everywhere(() => admin('GET', '/api/budgets'));
        return told.map(({ body }) => {
          const { spent: counted, reserved } = body.budgets.find(own);
          return [counted.toFixed(6), reserved];
        });
      })
      .toEqual(Array(ASKED).fill([spent.toFixed(6), 0]));
    const { secret: limited } = await newKey({ limits: { requestsPerMinute: 7 } });
    const statuses = await Promise.all(Array.from({ length: 20 }, () => ask('fixed', limited)));
    expect(statuses.filter(({ status }) => status === 200).length).toBe(7);
  });

  it('go on from a response that another one stored', async () => {
    const respond = (body: object) =>
      call(served.url, 'POST', '/v1/responses', {
        key: ADMIN,
        body: { model: 'auto', max_output_tokens: 10, ...body },
      });
    const first = await respond({ input: 'hello' });
    expect(first.status).toBe(200);
    const after = await Promise.all(
      Array.from({ length: ASKED }, () => respond({ input: 'and then?', previous_response_id: first.body.id })),
    );
    expect(after.map(({ status }) => status)).toEqual(Array(ASKED).fill(200));
  });

  it('take a configuration by the API or the file, all at once, and go back', async () => {
    const said = () => everywhere(async () => (await ask('fixed')).body.choices[0].message.content);
    const applied = await admin('POST', '/api/configuration', { text: yaml('two'), note: 'why not' });
    expect(applied).toMatchObject({ status: 200, body: { note: 'why not' } });
    expect(await said()).toEqual(Array(ASKED).fill('two'));
    expect(readFileSync(join(served.folder, 'weir.yaml'), 'utf8')).toBe(yaml('two'));
    const bad = await admin('POST', '/api/configuration', { text: yaml('three').replace('otherwise', 'othrwise') });
    expect(bad).toMatchObject({ status: 422, body: { error: { code: 'config.rejected' }, check: { errors: [{}] } } });
    const { body: check } = await admin('POST', '/api/configuration/check', { text: yaml('three') });
    expect(check.changes.length).toBe(1);
    writeFileSync(join(served.folder, 'weir.yaml'), yaml('four'));
    await expect.poll(async () => new Set(await said())).toEqual(new Set(['four']));
    const history = async () => (await admin('GET', '/api/configuration/versions')).body.versions;
    const authors = async () => (await history()).map(({ author }: { author: string }) => author);
    // What is in force in all of them is kept right after.
    await expect.poll(authors).toEqual(['file', expect.any(String), 'start']);
    const audited = async () => (await admin('GET', '/api/audit?limit=1')).body.entries;
    const [{ number, version }] = await history();
    await expect.poll(audited).toMatchObject([
      {
        ...{ actor: { kind: 'system', id: 'file' }, action: 'configuration.reload' },
        ...{ target: { kind: 'configuration', id: String(number) }, after: { version } },
      },
    ]);
    await admin('POST', '/api/configuration/rollback', { to: (await history()).at(-1).number });
    expect(await said()).toEqual(Array(ASKED).fill('one'));
    for (const { body } of await everywhere(() => admin('GET', '/api/configuration')))
      expect(body.text).toContain('"one"');
  });

  it('lose one under load: the others answer, it is replaced and begins with what was ordered, and no count goes back', async () => {
    const id = encodeURIComponent('small/1');
    expect((await admin('POST', `/api/replicas/${id}/drain`, {})).body).toMatchObject({ drained: true });
    const [victim] = served.children();
    let loading = true;
    const results = { answered: 0, broken: 0, refused: 0 };
    const counts: number[] = [];
    const caller = async (): Promise<void> => {
      while (loading) {
        const said = await ask('fixed').catch(() => undefined);
        if (said === undefined) results.broken++;
        else if (said.status === 200) results.answered++;
        else results.refused++;
      }
    };
    const watcher = async (): Promise<void> => {
      while (loading) {
        const count = await metric(served.url, 'weir_requests_total', ADMIN).catch(() => undefined);
        if (count !== undefined) counts.push(count);
      }
    };
    const load = Promise.all([caller(), caller(), caller(), watcher()]);
    await expect.poll(() => results.answered).toBeGreaterThan(50);
    process.kill(victim!, 'SIGKILL');
    await expect.poll(() => metric(served.url, 'weir_worker_restarts_total', ADMIN).catch(() => 0)).toBe(1);
    await expect.poll(() => metric(served.url, 'weir_workers', ADMIN).catch(() => 0)).toBe(WORKERS);
    const after = results.answered;
    await expect.poll(() => results.answered).toBeGreaterThan(after + 30);
    loading = false;
    await load;
    expect(results.refused).toBe(0);
    // Only what was on the connections of the one that died.
    expect(results.broken).toBeLessThanOrEqual(4);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(served.children()).not.toContain(victim);
    expect(served.children().length).toBe(WORKERS);
    for (const { body } of await everywhere(() => admin('GET', '/api/replicas'))) {
      const drained = body.replicas.filter((replica: { drained: boolean }) => replica.drained);
      expect(drained).toMatchObject([{ id: 'small/1', drained: true }]);
    }
  });

  it('drain on SIGTERM: open streams end whole, and all processes', async () => {
    const streams = await Promise.all(
      Array.from({ length: 4 }, () =>
        open(served.url, 'POST', '/v1/chat/completions', {
          key: ADMIN,
          body: chat('a slow one', { stream: true, max_tokens: 600 }),
        }),
      ),
    );
    const texts = streams.map(() => '');
    const ended = streams.map((stream, at) => {
      stream.setEncoding('utf8').on('data', (text: string) => {
        texts[at] += text;
      });
      return once(stream, 'end');
    });
    await expect.poll(() => texts.every(text => text.length > 0)).toBe(true);
    expect(texts.some(text => text.includes('[DONE]'))).toBe(false);
    const pids = served.children();
    served.child.kill('SIGTERM');
    const [code] = (await once(served.child, 'exit')) as [number];
    await Promise.all(ended);
    expect(texts.map(text => text.trimEnd().endsWith('data: [DONE]'))).toEqual([true, true, true, true]);
    expect(code).toBe(0);
    await expect.poll(() => pids.filter(alive)).toEqual([]);
  });
});

describe('several workers, at their first start and their last', { timeout: 60_000 }, () => {
  it('make one admin key, and end with the process that started them', async () => {
    const served = await serve(newFolder(yaml('one', '{ required: true }')), '--workers', '2');
    try {
      const keys = [...served.said().matchAll(/the first admin key, shown this once: (\S+)/g)];
      expect(keys.length).toBe(1);
      const key = keys[0]![1]!;
      for (let at = 0; at < 4; at++) {
        const { body } = await call(served.url, 'GET', '/api/keys', { key });
        expect(body.keys.length).toBe(1);
      }
      const pids = childrenOf(served.child.pid!);
      expect(pids.length).toBe(2);
      served.child.kill('SIGKILL');
      await expect.poll(() => pids.filter(alive)).toEqual([]);
    } finally {
      await served.dispose();
    }
  });

  it('refuse to keep in memory what all must see', async () => {
    const folder = newFolder(yaml('one', '{ required: true, path: ":memory:" }'));
    await expect(serve(folder, '--workers', '2')).rejects.toThrow('Several workers cannot share');
  });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
