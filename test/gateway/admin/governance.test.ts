import { afterAll, beforeAll, expect, it } from 'vitest';
import type { z } from 'zod';
import { WeirError } from '#contract/errors.js';
import { ADMIN_ROUTES } from '#gateway/admin/routes.js';
import { SYSTEM } from '#identity/identity.js';
import { createLogger } from '#telemetry/log.js';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';
import { type Answer, ask } from './support.js';

const ADMIN = 'an-admin-key-of-the-test';
let upstream: MockUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  upstream = await startMockUpstream();
  gateway = await startGateway(`
pool:
  models: { m: { price: { prompt: 1, completion: 2 }, context: 32k } }
  pools: { p: { model: m, health: false, replicas: ["${upstream.url}"] } }
gateway: { auth: { required: true, admin_key: ${ADMIN} } }
`);
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const call = (name: string, body?: unknown, secret = ADMIN): Promise<Answer> => {
  const [method = '', path = ''] = name.split(' ');
  const headers = { authorization: `Bearer ${secret}` };
  return ask(gateway.url, method, path, body === undefined ? { headers } : { headers, body });
};

/** The calls of the API about keys, teams, users, budgets and the audit log, in an order in which they make sense. */
const CALLS: readonly (readonly [route: string, path: string, body?: unknown])[] = [
  ['GET /api/whoami', '/api/whoami'],
  ['POST /api/teams', '/api/teams', { id: 'red', name: 'Red', budgets: [{ amount: 1, window: 'day' }] }],
  ['GET /api/teams', '/api/teams'],
  ['PATCH /api/teams/{id}', '/api/teams/red', { name: 'Redder' }],
  ['POST /api/users', '/api/users', { id: 'ada', name: 'Ada', team: 'red' }],
  ['GET /api/users', '/api/users'],
  ['PATCH /api/users/{id}', '/api/users/ada', { disabled: false }],
  ['POST /api/keys', '/api/keys', { name: 'app', team: 'red' }],
  ['GET /api/keys', '/api/keys'],
  ['PATCH /api/keys/{id}', '/api/keys/KEY', { name: 'application' }],
  ['POST /api/keys/{id}/rotate', '/api/keys/KEY/rotate', {}],
  ['POST /api/keys/{id}/revoke', '/api/keys/KEY/revoke', {}],
  ['GET /api/budgets', '/api/budgets'],
  ['GET /api/usage', '/api/usage'],
  ['GET /api/audit', '/api/audit'],
  ['GET /api/audit/verification', '/api/audit/verification'],
];

it('each route answers what its schema says, to an admin, and tells no secret a second time', async () => {
  let id = '';
  const secrets: string[] = [];
  for (const [name, path, body] of CALLS) {
    const route = ADMIN_ROUTES.find(one => `${one.method} ${one.path}` === name)!;
    const answer = await call(`${name.split(' ')[0]} ${path.replace('KEY', id)}`, body);
    expect([name, answer.status, answer.body.error]).toEqual([name, 200, undefined]);
    expect((route.answer as z.ZodType).parse(answer.body), name).toEqual(answer.body);
    for (const secret of secrets) expect(JSON.stringify(answer.body), name).not.toContain(secret);
    if (typeof answer.body.secret === 'string') secrets.push(answer.body.secret);
    if (name === 'POST /api/keys') id = answer.body.key.id;
  }
  expect(secrets).toHaveLength(2);
});

it('the session says who that is, whatever key they show', async () => {
  await call('POST /api/users', { id: 'grace', role: 'admin' });
  const person = async (form: object) => {
    const { secret } = (await call('POST /api/keys', form)).body;
    return (await call('GET /api/session', undefined, secret)).body.person;
  };
  const grace = await person({ name: 'laptop', user: 'grace' });
  expect(await person({ name: 'phone', user: 'grace', role: 'viewer' })).toBe(grace);
  const laptop = await person({ name: 'laptop' });
  expect(await person({ name: 'laptop' })).toBe(laptop);
  const others = [{ name: 'phone' }, { name: 'laptop', role: 'admin' }, { name: 'laptop', team: 'red' }];
  const people = [grace, laptop, ...(await Promise.all(others.map(person)))];
  expect(new Set(people).size).toBe(people.length);
});

it('each asks for a credential, and a viewer changes nothing', async () => {
  const viewer = await gateway.gateway.runtime.identity!.governance.createKey(SYSTEM, { name: 'v', role: 'viewer' });
  for (const [name, path, body] of CALLS) {
    const method = name.split(' ')[0];
    expect((await call(`${method} ${path}`, body, 'wk-wrong')).status, name).toBe(401);
    const asViewer = await call(`${method} ${path}`, body, viewer.secret);
    if (method === 'GET') expect(asViewer.body.error?.code ?? '', name).not.toBe('internal.defect');
    else expect([name, asViewer.status >= 400], name).toEqual([name, true]);
  }
});

/** A call of a route with whatever it takes for names; bodies are not looked at before the role. */
const probe = ({ method, path }: { method: string; path: string }, secret?: string): Promise<Response> =>
  fetch(gateway.url + path.replace(/\{\w+\}/g, 'x'), {
    method,
    headers: { 'content-type': 'application/json', ...(secret && { authorization: `Bearer ${secret}` }) },
    ...(method === 'GET' ? undefined : { body: '{}' }),
  });

it('no route is open: without a key none answers, and a role answers only for what it may', async () => {
  const { governance } = gateway.gateway.runtime.identity!;
  const { secret: user } = await governance.createKey(SYSTEM, { name: 'u', role: 'user' });
  const { secret: viewer } = await governance.createKey(SYSTEM, { name: 'v', role: 'viewer' });
  const limited = ADMIN_ROUTES.filter(({ role }) => role !== 'caller');
  expect(limited.length).toBeGreaterThan(15);
  for (const route of ADMIN_ROUTES) expect([route.path, (await probe(route)).status]).toEqual([route.path, 401]);
  for (const route of limited) expect([route.path, (await probe(route, user)).status]).toEqual([route.path, 403]);
  for (const route of limited.filter(({ role }) => role === 'admin'))
    expect([route.path, (await probe(route, viewer)).status]).toEqual([route.path, 403]);
});

it('every change is in the audit log: by its own entity, or by its route', async () => {
  const changing = ADMIN_ROUTES.filter(({ method }) => method !== 'GET');
  const looking = [
    '/api/explain',
    '/api/classify',
    '/api/embeddings',
    '/api/similarity',
    '/api/configuration/check',
    '/api/discovery/test',
    '/api/discovery/proposal',
    '/api/catalogue',
    '/api/plans',
    '/api/simulations',
    '/api/what-if',
  ];
  const entities = /^\/api\/(?:keys|teams|users)\b/;
  const silent = changing.filter(
    ({ path, audited }) => audited === undefined && !entities.test(path) && !looking.includes(path),
  );
  expect(silent.map(({ path }) => path)).toEqual([]);
  const { id } = gateway.gateway.runtime.pool.replicas()[0]!;
  await call(`POST /api/replicas/${encodeURIComponent(id)}/drain`, {});
  const { entries } = (await call('GET /api/audit?limit=1')).body as { entries: object[] };
  expect(entries[0]).toMatchObject({
    action: 'replica.drain',
    target: { kind: 'replica', id },
    actor: { kind: 'key', id: 'admin' },
  });
  expect((await call('GET /api/audit/verification')).body.broken).toBeUndefined();
  await call(`POST /api/replicas/${encodeURIComponent(id)}/undrain`, {});
});

it('a change that is made is said to be made, though it cannot be written into the audit log: then the log has it', async () => {
  const lines: string[] = [];
  const log = createLogger({ level: 'error', format: 'json', stream: { write: line => lines.push(line) } });
  const yaml = `
pool: { models: { m: {} }, pools: { p: { model: m, health: false, replicas: ["${upstream.url}"] } } }
gateway: { auth: { required: true, admin_key: ${ADMIN} } }
`;
  const failing = await startGateway(yaml, {}, { log });
  try {
    const { pool, identity } = failing.gateway.runtime;
    const note = () => Promise.reject(new WeirError('store.unavailable', 'no room'));
    Object.assign(identity!.governance, { note });
    const [replica] = pool.replicas();
    const path = `/api/replicas/${encodeURIComponent(replica!.id)}/drain`;
    const answer = await ask(failing.url, 'POST', path, { headers: { authorization: `Bearer ${ADMIN}` }, body: {} });
    expect([answer.status, answer.body.error]).toEqual([200, undefined]);
    expect(JSON.parse(lines.join(''))).toMatchObject({
      ...{ level: 'error', action: 'replica.drain', target: { kind: 'replica', id: replica!.id } },
      actor: { kind: 'key', id: 'admin' },
    });
  } finally {
    await failing.close();
  }
});
