import { lookup } from 'node:dns/promises';
import { z } from 'zod';
import { isWeirError, WeirError } from '#contract/errors.js';
import { adminRoute } from '#gateway/admin/route.js';
import { checkReport, text } from '#gateway/admin/schemas/configuration.js';
import { askForModels } from '#gateway/discovery/probe.js';
import { propose } from '#gateway/discovery/proposal.js';
import { engineNamed, enginesToFind, PROVIDERS } from '#gateway/discovery/providers.js';
import { guardedLookup } from '#gateway/guarded-fetch.js';
import { Connections } from '#gateway/upstream/connections.js';
import { AddressGuard } from '#identity/address-guard.js';
import { shownReport } from './configuration.js';

/** Engines of this machine answer in milliseconds or not at all. */
const LOCAL_TIMEOUT_MS = 800;
const TEST_TIMEOUT_MS = 5000;

const kind = z.enum(['chat', 'embedding']);
const foundModel = z.object({ id: z.string(), kind, context: z.number().optional() });
const api = z.enum(['openai', 'anthropic', 'responses']).describe('What its servers speak.');
const url = z.url({ protocol: /^https?$/, error: 'expected a base URL, such as http://127.0.0.1:8000' }).max(1024);

export const discoveryRoute = adminRoute({
  method: 'GET',
  path: '/api/discovery',
  role: 'admin',
  summary: 'Engines that answer on this machine, and provider keys in the environment: their names only',
  answer: z.object({
    engines: z.array(
      z.object({ name: z.string(), url: z.string(), models: z.array(foundModel), latency_ms: z.number() }),
    ),
    looked_at: z.array(z.object({ name: z.string(), url: z.string() })),
    keys: z.array(z.object({ provider: z.string(), variable: z.string(), url: z.string(), api })),
  }),
  async handle({ gateway, ports: { env }, request }) {
    const own = request.socket.localPort;
    const others = enginesToFind(env).filter(engine => Number(new URL(engine.url).port) !== own);
    const found = await Promise.all(
      others.map(engine =>
        askForModels(gateway.runtime, engine.url, { timeoutMs: LOCAL_TIMEOUT_MS }).then(
          server => (server.weir ? [] : [{ name: engineNamed(server.owner) ?? engine.name, ...server }]),
          () => [],
        ),
      ),
    );
    return {
      engines: found.flat().map(({ name, url: at, models, latencyMs }) => ({
        name,
        url: at,
        models: [...models],
        latency_ms: latencyMs,
      })),
      looked_at: others.map(({ name, url: at }) => ({ name, url: at })),
      keys: PROVIDERS.filter(({ variable }) => (env[variable] ?? '') !== '').map(({ name, url: at, ...rest }) => ({
        provider: name,
        url: at,
        ...rest,
      })),
    };
  },
});

export const backendTestRoute = adminRoute({
  method: 'POST',
  path: '/api/discovery/test',
  role: 'admin',
  summary: 'Asks a backend for its models: whether it can be reached, and with this key',
  body: z.object({
    url,
    api_key: z
      .string()
      .max(8192)
      .regex(/^[\x21-\x7e]+$/)
      .optional()
      .describe('Used once; never kept or returned.'),
    variable: z.string().max(128).optional().describe('Known variable that holds the key of this provider.'),
    api: api.default('openai'),
  }),
  answer: z.object({
    reachable: z.boolean(),
    url: z.string(),
    name: z.string().optional().describe('What it is, where it says so.'),
    models: z.array(foundModel),
    latency_ms: z.number().optional(),
    problem: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).optional(),
  }),
  async handle({ gateway, ports: { env }, body }) {
    await checkPlace(body.url);
    const apiKey = body.api_key ?? keyOf(env, body.variable, body.url);
    const { clock } = gateway.runtime;
    // Of its own: the address is looked at where it is connected to, and nothing stays of a server that may never be configured.
    const connections = new Connections(clock, guardedLookup(ENGINE_HOSTS));
    try {
      const asked = { timeoutMs: TEST_TIMEOUT_MS, apiKey, api: body.api };
      const { url: at, models, owner, latencyMs } = await askForModels({ clock, connections }, body.url, asked);
      const name = engineNamed(owner);
      const said = { reachable: true, url: at, models: [...models], latency_ms: latencyMs };
      return name === undefined ? said : { ...said, name };
    } catch (error) {
      if (!isWeirError(error)) throw error;
      const { code, message, hint } = error;
      return {
        reachable: false,
        url: body.url,
        models: [],
        problem: { code, message, ...(hint === undefined ? undefined : { hint }) },
      };
    } finally {
      connections.destroy();
    }
  },
});

export const proposalRoute = adminRoute({
  method: 'POST',
  path: '/api/discovery/proposal',
  role: 'viewer',
  summary: 'A weir.yaml with these backends, checked; nothing is changed',
  body: z.object({
    backends: z
      .array(
        z.object({
          url,
          api: api.default('openai'),
          models: z
            .array(
              z.object({
                id: z.string().min(1).max(128),
                context: z.number().min(1).optional(),
                kind: kind.default('chat'),
                price: z
                  .object({ prompt: z.number().min(0), completion: z.number().min(0) })
                  .optional()
                  .describe('USD per 1M tokens.'),
              }),
            )
            .max(64),
          variable: z
            .string()
            .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/)
            .optional(),
        }),
      )
      .min(1)
      .max(32),
    add: z.boolean().default(false).describe('Add them to the configuration in force instead of beginning anew.'),
  }),
  answer: z.object({
    text,
    base: z.string().optional().describe('Version that it takes the place of: `base` of `POST /api/configuration`.'),
    check: checkReport.optional(),
  }),
  async handle({ ports: { configuration }, body: { backends, add } }) {
    if (configuration === undefined) return { text: propose(backends, undefined) };
    const { text: current, version: base } = await configuration.shown();
    const proposed = propose(backends, add ? current : undefined);
    return { text: proposed, base, check: shownReport(await configuration.check(proposed)) };
  },
});

/** A key goes to the provider it belongs to, and nowhere else. */
function keyOf(
  env: Readonly<Record<string, string | undefined>>,
  variable: string | undefined,
  to: string,
): string | undefined {
  if (variable === undefined) return undefined;
  const provider = PROVIDERS.find(known => known.variable === variable);
  if (provider === undefined || new URL(provider.url).origin !== new URL(to).origin) {
    throw new WeirError('request.invalid', `${variable} holds no key for ${new URL(to).origin}`, {
      path: 'variable',
      hint: 'give the key itself to test with, and name the variable in the configuration',
    });
  }
  return env[variable];
}

/** Keeps the test of a backend from asking where a machine's credentials are. @throws WeirError `network.blocked`. */
async function checkPlace(to: string): Promise<void> {
  const host = ENGINE_HOSTS.checkUrl(to, 'url').hostname.replace(/^\[|\]$/g, '');
  // A name that cannot be found is for the test itself to say.
  const addresses = await lookup(host, { all: true }).catch(() => []);
  if (addresses.length === 0) return;
  const texts = addresses.map(({ address }) => address);
  ENGINE_HOSTS.checkResolved(host, texts, 'url');
}

const ENGINE_HOSTS = AddressGuard.forEngines();
