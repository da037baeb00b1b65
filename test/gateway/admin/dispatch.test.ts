import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WeirError } from '#contract/errors.js';
import type { Principal } from '#gateway/admin/guard.js';
import { ADMIN_ROUTES } from '#gateway/admin/routes.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';
import { ask } from './support.js';

const YAML = `
router: { decisions: [{ name: default, when: otherwise, models: [m] }] }
pool:
  models: { m: {} }
  pools: { p: { model: m, health: false, replicas: ["http://127.0.0.1:9"] } }
gateway: { admin: { hosts: [weir.example] } }
`;

let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway(YAML);
});
afterAll(() => gateway.close());

const get = (headers: Record<string, string>, path = '/api/state') => ask(gateway.url, 'GET', path, { headers });
const post = (headers: Record<string, string>, body: unknown = {}) =>
  ask(gateway.url, 'POST', '/api/replicas/p%2Fnone/drain', { headers, body });

describe('who may call', () => {
  it('answers addresses, localhost and configured names, and no other name', async () => {
    for (const host of [
      '127.0.0.1:8080',
      '[::1]:8080',
      'localhost:1',
      'a.localhost',
      'weir.example',
      'WEIR.example:8080',
    ]) {
      expect((await get({ host })).status, host).toBe(200);
    }
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'xweir.example']) {
      const { status, body } = await get({ host });
      expect([status, body.error.code], host).toEqual([403, 'admin.unknown_host']);
    }
  });

  it('takes nobody for local who comes through a proxy on this machine', async () => {
    for (const [name, value] of [
      ['x-forwarded-for', '203.0.113.9'],
      ['forwarded', 'for=203.0.113.9'],
      ['via', '1.1 proxy'],
    ] as const)
      expect((await get({ host: '127.0.0.1:8080', [name]: value })).body.error?.code, name).toBe('admin.forbidden');
  });

  it('refuses pages of other sites, to read as to write', async () => {
    const host = '127.0.0.1:8080';
    for (const headers of [
      { host, 'sec-fetch-site': 'cross-site' },
      { host, 'sec-fetch-site': 'same-site' },
      { host, origin: 'https://evil.example' },
      { host, origin: 'null' },
      { host, origin: 'http://127.0.0.1:9999' },
    ]) {
      expect((await get(headers)).body.error?.code, JSON.stringify(headers)).toBe('admin.foreign_origin');
      expect((await post(headers)).body.error?.code, JSON.stringify(headers)).toBe('admin.foreign_origin');
    }
    // A page cannot make a browser say `none` with anything but a visit.
    expect((await post({ host, 'sec-fetch-site': 'none' })).body.error.code).toBe('admin.foreign_origin');
    expect((await get({ host, 'sec-fetch-site': 'none' })).status).toBe(200);
    expect((await get({ host, 'sec-fetch-site': 'same-origin', origin: `http://${host}` })).status).toBe(200);
    expect((await post({ host, 'sec-fetch-site': 'same-origin', origin: `http://${host}` })).body.error.code).toBe(
      'store.not_found',
    );
  });

  it('asks the guard before anything is read, and the role before anything is done', async () => {
    const viewer: Principal = { name: 'vera', person: 'vera', role: 'viewer', may: role => role !== 'admin' };
    const guarded = await startGateway(YAML, {
      guard: ({ headers }) =>
        headers.authorization === 'Bearer v' ? viewer : new WeirError('admin.forbidden', 'No credential'),
    });
    try {
      expect((await ask(guarded.url, 'GET', '/api/state')).status).toBe(403);
      const headers = { authorization: 'Bearer v' };
      expect((await ask(guarded.url, 'GET', '/api/state', { headers })).status).toBe(200);
      expect((await ask(guarded.url, 'GET', '/api/session', { headers })).body).toMatchObject({ name: 'vera' });
      const drain = await ask(guarded.url, 'POST', '/api/replicas/p%2F127.0.0.1%3A9/drain', { headers, body: {} });
      expect([drain.status, drain.body.error.code]).toEqual([403, 'admin.forbidden']);
      expect(guarded.gateway.runtime.pool.replicas()[0]?.drained).toBe(false);
    } finally {
      await guarded.close();
    }
  });
});

describe('what may be said', () => {
  const code = async (...args: Parameters<typeof ask> extends [string, ...infer Rest] ? Rest : never) => {
    const { status, body } = await ask(gateway.url, ...args);
    return [status, body.error.code, body.error.param];
  };

  it('is told what is wrong in one shape, with the path', async () => {
    expect(await code('GET', '/api/nothing')).toEqual([404, 'request.unknown_path', null]);
    expect(await code('GET', '/api/toString')).toEqual([404, 'request.unknown_path', null]);
    expect(await code('DELETE', '/api/state')).toEqual([405, 'request.method_not_allowed', null]);
    expect(await code('GET', '/api/overview?window=2h')).toEqual([400, 'request.invalid', 'query.window']);
    expect(await code('GET', '/api/records?limit=many')).toEqual([400, 'request.invalid', 'query.limit']);
    expect(await code('GET', `/api/records?q=${'x'.repeat(9000)}`)).toEqual([400, 'request.invalid', 'query']);
    expect(await code('POST', '/api/explain', { body: '{' })).toEqual([400, 'request.not_json', null]);
    expect(await code('POST', '/api/explain', { body: '{}', headers: { 'content-type': 'text/plain' } })).toEqual([
      400,
      'request.invalid',
      'content-type',
    ]);
    expect(await code('POST', '/api/configuration', { body: { text: 1 } })).toEqual([400, 'request.invalid', 'text']);
    expect(await code('GET', '/api/records/%E0%A4%A')).toEqual([404, 'store.not_found', null]);
  });

  it('is what a route takes of a query, and nothing else', async () => {
    const said = async (path: string) => {
      const { status, body } = await ask(gateway.url, 'GET', path);
      return { status, ...(body.error as { code: string; param: string; hint: string }) };
    };
    expect(await said('/api/records?limit=5&modle=small')).toMatchObject({
      ...{ status: 400, code: 'request.invalid', param: 'query.modle' },
      hint: 'one of model, decision, status, session, since, before, limit, q',
    });
    expect(await said('/api/state?verbose=1')).toMatchObject({
      ...{ status: 400, code: 'request.invalid', param: 'query.verbose', hint: 'no parameter at all' },
    });
    expect(await said('/api/records/live?since=1')).toMatchObject({ status: 400, param: 'query.since' });
    expect(await said('/api/overview?windows=1h')).toMatchObject({ status: 400, hint: 'window' });
    expect(await said('/api/records?model=a&model=b')).toMatchObject({
      ...{ status: 400, code: 'request.invalid', param: 'query.model' },
    });
    for (const path of ['/api/records', '/api/records/live']) {
      expect(await said(`${path}?status=answerd`)).toMatchObject({ status: 400, param: 'query.status' });
    }
    expect((await ask(gateway.url, 'GET', '/api/records?status=cut')).status).toBe(200);
    for (const name of ['__proto__', 'toString', 'constructor', '']) {
      expect(await said(`/api/records?${name}=1`)).toMatchObject({ status: 400, code: 'request.invalid' });
    }
    expect((await ask(gateway.url, 'GET', '/api/records?')).status).toBe(200);
  });

  it('is the same for every route there is', async () => {
    for (const route of ADMIN_ROUTES) {
      const path = route.path.replace(/\{\w+\}/g, '1');
      const wrong = await ask(gateway.url, route.method, `${path}?not-there=1`, {
        ...(route.method === 'GET' ? {} : { body: {} }),
      });
      expect([wrong.status, wrong.body.error.param], `${route.method} ${path}`).toEqual([400, 'query.not-there']);
    }
  });

  it('is bounded', async () => {
    const large = JSON.stringify({ text: 'x'.repeat(5 * 1024 * 1024) });
    const answer = await ask(gateway.url, 'POST', '/api/configuration/check', { body: large }).catch(
      (error: NodeJS.ErrnoException) => error.code,
    );
    // The connection may be gone before all of the body is written.
    if (typeof answer === 'string') expect(['EPIPE', 'ECONNRESET']).toContain(answer);
    else expect([answer?.status, answer?.body.error.code]).toEqual([413, 'request.too_large']);
  });

  it('is answered with headers that keep it out of caches and pages', async () => {
    for (const { headers } of [await get({}), await get({}, '/api/nothing')]) {
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });
});
