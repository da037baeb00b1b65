import { z } from 'zod';
import { WeirError } from '#contract/errors.js';
import { type AdminCall, adminRoute } from '#gateway/admin/route.js';
import { model, pool, replica } from '#gateway/admin/schemas/fleet.js';
import type { Gateway } from '#gateway/gateway.js';
import { type Standing, standingOfAll } from '#gateway/standing.js';
import { serves } from '#pool/topology/build.js';

export function modelsOf({ runtime }: Gateway): z.input<typeof model>[] {
  return [...runtime.models.values()].map(({ name, contextTokens, price, quality, description }) => ({
    name,
    context: contextTokens,
    price,
    ...(quality === undefined ? undefined : { quality }),
    ...(description === undefined ? undefined : { description }),
  }));
}

/** `undefined` is left out of JSON: what is not known is absent. */
type Known<T> = { [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key] } & {
  [Key in keyof T as undefined extends T[Key] ? Key : never]?: NonNullable<T[Key]>;
};

function known<T extends object>(value: T): Known<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Known<T>;
}

export function poolsOf({ pools }: Standing): z.input<typeof pool>[] {
  return pools.map(known);
}

export function replicasOf({ runtime }: Gateway, { replicas }: Standing): z.input<typeof replica>[] {
  const { pools } = runtime.config.pool;
  return replicas.map(status => ({ ...known(status), simulated: pools[status.pool]?.simulate !== undefined }));
}

async function replicaOf({ gateway, params }: AdminCall<{ id: string }>): Promise<z.input<typeof replica>> {
  const found = replicasOf(gateway, await standingOfAll(gateway)).find(({ id }) => id === params.id);
  if (found === undefined) {
    throw new WeirError('store.not_found', `There is no replica ${JSON.stringify(params.id.slice(0, 80))}`);
  }
  return found;
}

export const modelsRoute = adminRoute({
  method: 'GET',
  path: '/api/models',
  role: 'viewer',
  summary: 'Models as configured, and where each is served',
  answer: z.object({
    models: z.array(model.extend({ pools: z.array(z.string()), available: z.number(), replicas: z.number() })),
  }),
  async handle({ gateway }) {
    const replicas = replicasOf(gateway, await standingOfAll(gateway));
    const entries = Object.entries(gateway.runtime.config.pool.pools);
    return {
      models: modelsOf(gateway).map(entry => {
        const pools = entries.filter(([, one]) => serves(one, entry.name)).map(([name]) => name);
        const own = replicas.filter(one => pools.includes(one.pool));
        return {
          ...entry,
          pools,
          available: own.filter(({ unavailable }) => unavailable === undefined).length,
          replicas: own.length,
        };
      }),
    };
  },
});

export const poolsRoute = adminRoute({
  method: 'GET',
  path: '/api/pools',
  role: 'viewer',
  summary: 'Pools: load, queue and what became of requests',
  answer: z.object({ pools: z.array(pool) }),
  handle: async ({ gateway }) => ({ pools: poolsOf(await standingOfAll(gateway)) }),
});

export const replicasRoute = adminRoute({
  method: 'GET',
  path: '/api/replicas',
  role: 'viewer',
  summary: 'Replicas: health, circuit, load and speed',
  answer: z.object({ replicas: z.array(replica) }),
  handle: async ({ gateway }) => ({ replicas: replicasOf(gateway, await standingOfAll(gateway)) }),
});

const params = z.object({ id: z.string().describe('As `/api/replicas` names it: `POOL/REPLICA`, the slash encoded.') });

const drainTo = (out: boolean) => async (call: AdminCall<{ id: string }>) => {
  const { gateway, params: given, principal } = call;
  const { pool: live, peers, log } = gateway.runtime;
  if (live.drain(given.id, out)) {
    log.info(out ? 'a replica was drained by hand' : 'a replica was put back by hand', {
      replica: given.id,
      by: principal.name,
    });
  }
  await peers?.drain(given.id, out);
  return replicaOf(call);
};

export const drainRoute = adminRoute({
  method: 'POST',
  path: '/api/replicas/{id}/drain',
  role: 'admin',
  summary: 'Takes a replica out: its requests finish, and it gets no more',
  params,
  body: z.object({}),
  answer: replica,
  handle: drainTo(true),
  audited: ({ params: { id } }) => ({ action: 'replica.drain', target: { kind: 'replica', id } }),
});

export const undrainRoute = adminRoute({
  method: 'POST',
  path: '/api/replicas/{id}/undrain',
  role: 'admin',
  summary: 'Puts a drained replica back',
  params,
  body: z.object({}),
  answer: replica,
  handle: drainTo(false),
  audited: ({ params: { id } }) => ({ action: 'replica.undrain', target: { kind: 'replica', id } }),
});

export const faultRoute = adminRoute({
  method: 'POST',
  path: '/api/replicas/{id}/faults',
  role: 'admin',
  summary: 'Hands a fault to a simulated replica; real ones have none to give',
  params,
  body: z.looseObject({ kind: z.string(), for: z.union([z.string(), z.number()]).optional() }),
  answer: z.looseObject({ faults: z.array(z.looseObject({ kind: z.string() })) }),
  async handle({ gateway, params: { id }, bytes }) {
    const { config, pool: live, connections } = gateway.runtime;
    const status = live.replicas().find(one => one.id === id);
    if (status === undefined || config.pool.pools[status.pool]?.simulate === undefined) {
      throw new WeirError('store.not_found', `There is no simulated replica ${JSON.stringify(id.slice(0, 80))}`);
    }
    const answer = await connections.ask(`${status.url}/faults`, 2000, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: bytes,
      timeout: 2000,
    });
    const said = JSON.parse(answer.body.toString('utf8')) as {
      faults?: { kind: string }[];
      error?: { message?: string };
    };
    if (answer.status !== 200 || said.faults === undefined) {
      throw new WeirError('request.invalid', said.error?.message ?? 'The engine does not take this fault', {
        status: answer.status >= 400 ? answer.status : 502,
      });
    }
    return { ...said, faults: said.faults };
  },
  audited: ({ params: { id }, body }) => ({ action: 'replica.fault', target: { kind: 'replica', id }, after: body }),
});
