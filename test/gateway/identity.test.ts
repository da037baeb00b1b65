import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { SYSTEM } from '#identity/identity.js';
import { toNano } from '#identity/money.js';
import { type MockUpstream, startMockUpstream } from '../support/mock-upstream.js';
import { configOf, type RunningGateway, startGateway } from '../support/running-gateway.js';

let small: MockUpstream;
let large: MockUpstream;
let gateway: RunningGateway;

const yaml = (auth = '', more = '') => `
router:
  decisions:
    - { name: default, when: otherwise, models: [large, small], select: static }
pool:
  models:
    small: { price: { prompt: 1, completion: 2, cached: 0.5 }, context: 32k }
    large: { price: { prompt: 1000, completion: 2000 }, context: 128k }
    free: { context: 8k }
  pools:
    s: { model: small, health: false, replicas: ["${small.url}"], timeouts: { first_byte: 2s, stall: 2s }, circuit: { failures: 1000, least_requests: 10000 }, ejection: false }
    l: { model: large, health: false, replicas: ["${large.url}"], timeouts: { first_byte: 2s, stall: 2s }, circuit: { failures: 1000, least_requests: 10000 }, ejection: false }
    f: { model: free, health: false, replicas: ["${small.url}"] }
gateway:
  auth: { required: true, admin_key: an-admin-key-of-the-test${auth} }
${more}`;

beforeAll(async () => {
  small = await startMockUpstream();
  large = await startMockUpstream();
});
afterAll(() => Promise.all([small.close(), large.close()]));
beforeEach(async () => {
  small.behaviour = { kind: 'answer' };
  large.behaviour = { kind: 'answer' };
  small.seen.length = 0;
  large.seen.length = 0;
  gateway = await startGateway(yaml());
});
afterEach(() => gateway.close());

const identity = () => gateway.gateway.runtime.identity!;
const key = (form: object = {}) => identity().governance.createKey(SYSTEM, { name: 'k', ...form });
const as = (secret: string, more: Record<string, string> = {}) => ({
  headers: { authorization: `Bearer ${secret}`, ...more },
});
const errorOf = async (response: Response) =>
  ((await response.json()) as { error: { code: string; type: string; message: string } }).error;

describe('who may ask models', () => {
  it('is asked for a key, and told no before the body is read', async () => {
    const response = await gateway.chat({ model: 'small' });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('Bearer');
    expect(await errorOf(response)).toMatchObject({ code: 'auth.missing', type: 'authentication_error' });
    const wrong = await gateway.chat({ model: 'small' }, as('wk-wrong'));
    expect((await errorOf(wrong)).code).toBe('auth.invalid');
    // A body that never comes is not waited for.
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
      socket.write('POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n{');
      let text = '';
      socket.setEncoding('utf8').on('data', part => {
        text += String(part);
      });
      socket.on('end', () => resolve(text)).on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1.1 401 /);
    expect(answer.toLowerCase()).toContain('connection: close');
    expect(small.seen).toHaveLength(0);
  });

  it('shows the key in any of the usual ways, and is recorded by its id, never by its secret', async () => {
    const { secret, key: made } = await key({ models: ['small', 'auto'] });
    const basic = `Basic ${Buffer.from(`x:${secret}`).toString('base64')}`;
    for (const headers of [
      { authorization: `Bearer ${secret}` },
      { 'x-api-key': secret },
      { 'api-key': secret },
      { authorization: basic },
    ]) {
      const response = await gateway.chat({ model: 'small' }, { headers: headers as Record<string, string> });
      expect(response.status).toBe(200);
      const record = await gateway.recordOf(response);
      expect(record.caller).toMatchObject({ key: made.id });
      expect(JSON.stringify(record)).not.toContain(secret);
    }
    expect(JSON.stringify(small.seen.map(({ headers }) => headers))).not.toContain(secret);
  });

  it('is held to its models: what it may use it can list', async () => {
    const { secret } = await key({ models: ['sm*', 'auto'] });
    const refused = await gateway.chat({ model: 'large' }, as(secret));
    expect([refused.status, (await errorOf(refused)).code]).toEqual([403, 'auth.model']);
    expect((await gateway.chat({ model: 'auto' }, as(secret))).status).toBe(200);
    const list = (await (await fetch(`${gateway.url}/v1/models`, as(secret))).json()) as { data: { id: string }[] };
    expect(list.data.map(({ id }) => id).sort()).toEqual(['auto', 'small']);
    expect((await fetch(`${gateway.url}/v1/models`)).status).toBe(401);
    // Nor is it told of others when it asks for one that there is not.
    const wrong = await gateway.chat({ model: 'smal' }, as(secret));
    expect((await errorOf(wrong)).message).toBe('There is no model "smal". Expected one of small, auto.');
    const looked = await fetch(`${gateway.url}/v1/models/larg`, as(secret));
    expect((await errorOf(looked)).message).toBe('There is no model "larg". Expected one of auto, small.');
  });

  it('is held to its networks, its time, and its role', async () => {
    const elsewhere = await key({ cidrs: ['10.0.0.0/8'] });
    expect((await errorOf(await gateway.chat({ model: 'small' }, as(elsewhere.secret)))).code).toBe('auth.address');
    const end = Date.now() + 60_000;
    const over = await key({ expiresAt: end });
    expect((await gateway.chat({ model: 'small' }, as(over.secret))).status).toBe(200);
    const wall = vi.spyOn(Date, 'now').mockReturnValue(end);
    const late = await gateway.chat({ model: 'small' }, as(over.secret));
    wall.mockRestore();
    expect((await errorOf(late)).code).toBe('auth.expired');
    const viewer = await key({ role: 'viewer' });
    expect((await errorOf(await gateway.chat({ model: 'small' }, as(viewer.secret)))).code).toBe('auth.role');
    expect((await fetch(`${gateway.url}/metrics`, as(viewer.secret))).status).toBe(200);
    expect((await fetch(`${gateway.url}/metrics`)).status).toBe(401);
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  });

  it('has a key for models that there are, by the admin API too, and by the configuration of now', async () => {
    const made = async (models: readonly string[]) => {
      const response = await fetch(`${gateway.url}/api/keys`, {
        method: 'POST',
        headers: { authorization: 'Bearer an-admin-key-of-the-test', 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'k', models }),
      });
      return { status: response.status, body: (await response.json()) as { error?: object } };
    };
    expect((await made(['auto', 'small', 'sm*', 'to-come-*'])).status).toBe(200);
    const { status, body } = await made(['small', 'lrage']);
    expect(status).toBe(400);
    expect(body.error).toMatchObject({
      code: 'identity.invalid',
      type: 'invalid_request_error',
      message: 'There is no model "lrage"',
      param: 'models[1]',
      hint: 'did you mean "large"?',
    });
    expect((await made(['new'])).status).toBe(400);
    gateway.gateway.reload(configOf(yaml().replace('free: {', 'new: {').replace('model: free', 'model: new')));
    expect((await made(['new'])).status).toBe(200);
  });

  it('loses the key at once, though a stream that runs may end', async () => {
    small.behaviour = { kind: 'answer', words: 30, pace: 10 };
    const { secret, key: made } = await key();
    const stream = await gateway.chat({ model: 'small', stream: true }, as(secret));
    const reader = stream.body!.getReader();
    await reader.read();
    await identity().governance.revokeKey(SYSTEM, made.id);
    const next = await gateway.chat({ model: 'small' }, as(secret));
    expect([next.status, (await errorOf(next)).code]).toEqual([401, 'auth.revoked']);
    let text = '';
    for (let part = await reader.read(); !part.done; part = await reader.read())
      text += Buffer.from(part.value).toString();
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    await identity().flush();
    expect(identity().accounts.of('key', made.id).places.open).toBe(0);
  });

  it('may go on with the old secret for a while after a rotation, and loses it with a disabled team', async () => {
    await identity().governance.createTeam(SYSTEM, { id: 't' });
    const first = await key({ team: 't' });
    const second = await identity().governance.rotateKey(SYSTEM, first.key.id, 60_000);
    for (const { secret } of [first, second])
      expect((await gateway.chat({ model: 'small' }, as(secret))).status).toBe(200);
    const third = await identity().governance.rotateKey(SYSTEM, first.key.id, 0);
    expect((await gateway.chat({ model: 'small' }, as(second.secret))).status).toBe(401);
    expect((await gateway.chat({ model: 'small' }, as(third.secret))).status).toBe(200);
    await identity().governance.changeTeam(SYSTEM, 't', { disabled: true });
    expect((await errorOf(await gateway.chat({ model: 'small' }, as(third.secret)))).message).toContain(
      'team is disabled',
    );
  });
});

describe('limits', () => {
  it('on requests say how much is left and when to come back', async () => {
    const { secret } = await key({ limits: { requestsPerMinute: 2 } });
    const first = await gateway.chat({ model: 'small' }, as(secret));
    expect(first.headers.get('x-ratelimit-limit-requests')).toBe('2');
    expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('1');
    await gateway.chat({ model: 'small' }, as(secret));
    const third = await gateway.chat({ model: 'small' }, as(secret));
    expect([third.status, (await errorOf(third)).code]).toEqual([429, 'limit.requests']);
    const wait = Number(third.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(50);
    expect(wait).toBeLessThanOrEqual(61);
    // The refusal, too: clients read there how long they have to wait.
    expect(third.headers.get('x-ratelimit-limit-requests')).toBe('2');
    expect(third.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    expect(third.headers.get('x-ratelimit-reset-requests')).toMatch(/^\d+\.\d{3}s$/);
    const counted = await fetch(`${gateway.url}/v1/messages/count_tokens`, {
      method: 'POST',
      ...as(secret, { 'content-type': 'application/json' }),
      body: JSON.stringify({ model: 'small', messages: [{ role: 'user', content: 'x' }] }),
    });
    expect([counted.status, counted.headers.get('x-ratelimit-remaining-requests')]).toEqual([429, '0']);
  });

  it('on tokens are estimated before and corrected after', async () => {
    const { secret } = await key({ limits: { tokensPerMinute: 1000 } });
    const answer = await gateway.chat({ model: 'small', max_tokens: 900 }, as(secret));
    expect(answer.headers.get('x-ratelimit-limit-tokens')).toBe('1000');
    await answer.text();
    const window = identity().accounts.of('key', (await identity().governance.keys(SYSTEM))[0]!.id).tokens!;
    expect(window.remaining(Date.now())).toBe(1000 - 15);
    await gateway.chat({ model: 'small', messages: [{ role: 'user', content: 'x'.repeat(3900) }] }, as(secret));
    const refused = await gateway.chat(
      { model: 'small', messages: [{ role: 'user', content: 'x'.repeat(4000) }] },
      as(secret),
    );
    expect([refused.status, (await errorOf(refused)).code]).toEqual([429, 'limit.tokens']);
    expect((await gateway.recordOf(refused)).outcome.status).toBe('refused');
  });

  it('on requests at once give the place back, whatever becomes of the request', async () => {
    const { secret, key: made } = await key({ limits: { concurrency: 1 } });
    small.behaviour = { kind: 'answer', words: 20, pace: 10 };
    const stream = await gateway.chat({ model: 'small', stream: true }, as(secret));
    const second = await gateway.chat({ model: 'small' }, as(secret));
    expect([second.status, (await errorOf(second)).code]).toEqual([429, 'limit.concurrency']);
    await stream.body!.cancel();
    await expect.poll(() => identity().accounts.of('key', made.id).places.open).toBe(0);
    small.behaviour = { kind: 'answer' };
    expect((await gateway.chat({ model: 'nothing' }, as(secret))).status).toBe(404);
    expect((await gateway.chat({ model: 'small', messages: 1 }, as(secret))).status).toBe(400);
    expect((await gateway.chat({ model: 'small' }, as(secret))).status).toBe(200);
  });
});

describe('budgets', () => {
  const spent = (kind: 'key' | 'team', id: string) => {
    const [meter] = identity().accounts.of(kind, id).meters;
    return { spent: meter!.spent(Date.now()), reserved: meter!.reserved };
  };

  it('of 1.00 USD, with 50 callers at once, are overspent by at most the requests in flight when they closed', async () => {
    // 4 answer tokens and 11 of prompt at 1,000 and 2,000 USD a million: 0.019 USD a request.
    large.behaviour = { kind: 'answer', pace: 1 };
    const { secret, key: made } = await key({ budgets: [{ amount: 1, window: 'day' }], models: ['large'] });
    let answered = 0;
    let costs = 0;
    let inFlight = 0;
    let inFlightAtClose = -1;
    const codes = new Set<string>();
    const caller = async () => {
      for (let at = 0; at < 8; at++) {
        inFlight++;
        const response = await gateway.chat({ model: 'large', max_tokens: 4, stream: at % 2 === 0 }, as(secret));
        await response.clone().text();
        inFlight--;
        if (response.status === 200) {
          answered++;
          costs += (await gateway.recordOf(response)).outcome.costUsd!;
        } else {
          const { code } = await errorOf(response);
          codes.add(code);
          if (code === 'budget.exhausted' && inFlightAtClose < 0) inFlightAtClose = inFlight;
        }
      }
    };
    await Promise.all(Array.from({ length: 50 }, caller));
    expect(codes).toContain('budget.exhausted');
    expect([...codes].filter(code => !code.startsWith('budget.'))).toEqual([]);
    const each = 0.019;
    expect(costs).toBeLessThanOrEqual(1 + each * Math.min(50, inFlightAtClose + 1));
    // And hardly any of it is left unused.
    expect(costs).toBeGreaterThan(0.9);
    expect(spent('key', made.id)).toEqual({ spent: toNano(costs), reserved: 0 });
    await identity().flush();
    const usage = await identity().governance.usage(SYSTEM, 'key', 0, Date.now() + 1);
    expect(usage).toEqual([
      {
        kind: 'key',
        id: made.id,
        nanoUsd: toNano(costs),
        promptTokens: 11 * answered,
        completionTokens: 4 * answered,
        requests: usage[0]!.requests,
      },
    ]);
  });

  it('that are used up refuse with 402 in the form of the API, and with the time of the reset', async () => {
    const { secret } = await key({ budgets: [{ amount: 0.00004, window: 'month' }] });
    const ask = () => gateway.chat({ model: 'small', stream: true, max_tokens: 4 }, as(secret));
    let refused = await ask();
    for (let at = 0; at < 9 && refused.status === 200; at++) {
      await refused.text();
      refused = await ask();
    }
    expect(refused.status).toBe(402);
    expect(await errorOf(refused)).toMatchObject({ code: 'budget.exhausted', type: 'insufficient_quota' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('x-weir-budget-alert')).toMatch(/^key=key_[0-9a-f]+; window=month; spent=\d+%$/);
  });

  it('with no room for the first model fall back to a cheaper one', async () => {
    await identity().governance.createTeam(SYSTEM, { id: 't', budgets: [{ amount: 0.01, window: 'day' }] });
    const { secret } = await key({ team: 't' });
    const response = await gateway.chat({ model: 'auto', max_tokens: 100 }, as(secret));
    expect(response.status).toBe(200);
    expect(response.headers.get('x-weir-model')).toBe('small');
    expect(large.seen).toHaveLength(0);
    expect((await gateway.recordOf(response)).caller).toMatchObject({ team: 't' });
  });

  it('are settled by what engines report, and by an estimate where they report nothing', async () => {
    const { secret, key: made } = await key({ budgets: [{ unit: 'tokens', amount: 1e6, window: 'total' }] });
    const used = async (behaviour: MockUpstream['behaviour'], stream: boolean, read = true) => {
      small.behaviour = behaviour;
      const before = spent('key', made.id).spent;
      const response = await gateway.chat({ model: 'small', stream }, as(secret));
      if (read) await response.text().catch(() => '');
      else {
        const reader = response.body!.getReader();
        for (let at = 0; at < 5; at++) await reader.read();
        await reader.cancel();
      }
      await expect.poll(() => spent('key', made.id).reserved).toBe(0);
      const record = await gateway.recordOf(response);
      const { usage, unreported } = record.outcome;
      const noted = usage ?? unreported;
      expect(spent('key', made.id).spent - before).toBe((noted?.promptTokens ?? 0) + (noted?.completionTokens ?? 0));
      return { status: record.outcome.status, usage, unreported };
    };
    expect(await used({ kind: 'answer' }, true)).toMatchObject({ usage: { promptTokens: 11, completionTokens: 4 } });
    expect(await used({ kind: 'answer' }, false)).toMatchObject({ usage: { completionTokens: 4 } });
    expect((await used({ kind: 'answer', usage: false }, false)).unreported?.completionTokens).toBeGreaterThan(10);
    expect(await used({ kind: 'cut', after: 3 }, true)).toMatchObject({
      status: 'cut',
      unreported: { completionTokens: 3 },
    });
    const cancelled = await used({ kind: 'answer', words: 200, pace: 2 }, true, false);
    expect(cancelled.status).toBe('cancelled');
    expect(cancelled.unreported!.completionTokens).toBeGreaterThanOrEqual(4);
    expect(cancelled.unreported!.completionTokens).toBeLessThan(60);
    expect(await used({ kind: 'status', status: 500 }, false)).toMatchObject({
      status: 'failed',
      usage: undefined,
      unreported: undefined,
    });
    expect(await used({ kind: 'hang_up' }, true)).toMatchObject({ status: 'failed', unreported: undefined });
  });

  it('in USD do not see models without a price, unless told to refuse them', async () => {
    const budgets = [{ amount: 1, window: 'day' }];
    const { secret } = await key({ budgets });
    expect((await gateway.chat({ model: 'free' }, as(secret))).status).toBe(200);
    await gateway.close();
    gateway = await startGateway(yaml(', unpriced: refuse'));
    const strict = await key({ budgets });
    const refused = await gateway.chat({ model: 'free' }, as(strict.secret));
    expect([refused.status, (await errorOf(refused)).code]).toEqual([402, 'budget.unpriced']);
    const tokens = await key({ budgets: [{ unit: 'tokens', amount: 1e6, window: 'day' }] });
    expect((await gateway.chat({ model: 'free' }, as(tokens.secret))).status).toBe(200);
  });
});
