import { z } from 'zod';
import { adminRoute } from '#gateway/admin/route.js';
import { model, pool, replica } from '#gateway/admin/schemas/fleet.js';
import { bestModel } from '#gateway/best-model.js';
import { examplesOf } from '#gateway/examples.js';
import { standingOfAll } from '#gateway/standing.js';
import { modelsOf, poolsOf, replicasOf } from './fleet.js';

export const stateRoute = adminRoute({
  method: 'GET',
  path: '/api/state',
  role: 'viewer',
  summary: 'What is configured and how the fleet stands',
  answer: z.object({
    version: z.string().describe('Version of the configuration in force.'),
    source: z.string(),
    uptime_ms: z.number(),
    draining: z.boolean(),
    in_flight: z.number(),
    names: z.array(z.string()).describe('Model names that ask for a decision.'),
    models: z.array(model),
    best_model: z.string().optional().describe('What savings are measured against.'),
    signals: z.array(
      z.object({ name: z.string(), type: z.string(), tier: z.enum(['inline', 'learned']), microseconds: z.number() }),
    ),
    decisions: z.array(
      z.object({
        name: z.string(),
        when: z.string(),
        tier: z.number(),
        priority: z.number(),
        models: z.array(z.string()).optional(),
        respond: z.string().optional(),
      }),
    ),
    examples: z
      .array(z.object({ label: z.string(), prompt: z.string() }))
      .describe('Requests to try, from the tests, routes and preferences of the configuration.'),
    pools: z.array(pool),
    replicas: z.array(replica),
    records_dropped: z.number(),
  }),
  async handle({ gateway }) {
    const { config, router, models } = gateway.runtime;
    const best = bestModel(models.values())?.name;
    const standing = await standingOfAll(gateway);
    return {
      version: config.version,
      source: config.source,
      uptime_ms: standing.uptimeMs,
      draining: standing.draining,
      in_flight: standing.inFlight,
      names: [...router.virtualNames],
      models: modelsOf(gateway),
      ...(best === undefined ? undefined : { best_model: best }),
      signals: router.signals.map(({ name, type, cost }) => ({ name, type, ...cost })),
      decisions: config.router.decisions.map(({ name, when, tier, priority, models, respond }) => ({
        name,
        when: String(when),
        tier,
        priority,
        ...(models === undefined ? undefined : { models: models.map(String) }),
        ...(respond === undefined ? undefined : { respond }),
      })),
      examples: [...examplesOf(config)],
      pools: poolsOf(standing),
      replicas: replicasOf(gateway, standing),
      records_dropped: standing.recordsDropped,
    };
  },
});

export const sessionRoute = adminRoute({
  method: 'GET',
  path: '/api/session',
  role: 'caller',
  summary: 'Who is calling, and which Weir answers',
  answer: z.object({
    name: z.string(),
    person: z
      .string()
      .describe(
        'Who that is: the same for all keys of a user, and for keys of nobody that have one name, role and team.',
      ),
    role: z.enum(['caller', 'viewer', 'admin']),
    version: z.string().describe('Version of Weir.'),
    demonstration: z.boolean().describe('No configuration has been written yet.'),
  }),
  handle: ({ gateway, ports, principal }) => ({
    name: principal.name,
    person: principal.person,
    role: principal.role,
    version: ports.version,
    demonstration: gateway.runtime.config.source === 'demonstration',
  }),
});
