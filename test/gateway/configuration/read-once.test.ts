import { describe, expect, it } from 'vitest';
import { awaitsRestart, READ_ONCE } from '#gateway/configuration/read-once.js';
import { type GatewayConfig, gatewaySchema } from '#gateway/schema.js';

/** What a reload puts in force: settings, and blocks of them. */
const RELOADED = [
  'listen.insecure',
  'limits',
  'record.prompts',
  'admin',
  'auth.admin_key',
  'auth.unpriced',
  'auth.unreported',
  'auth.open_metrics',
  'auth.jwt',
  'auth.proxy',
  'trusted_proxies',
  'identity_headers',
  'network',
  'drain',
  'drain_delay',
  'log.level',
  'log.requests',
];

const gateway = (given: object = {}): { gateway: GatewayConfig } => ({ gateway: gatewaySchema.parse(given) });

describe('settings that wait for a restart', () => {
  it('are told apart from those that come into force at once, each of them', () => {
    const known = [...READ_ONCE, ...RELOADED];
    const optional = { record: ['postgres'], auth: ['postgres', 'admin_key'] } as Readonly<Record<string, string[]>>;
    const all = Object.entries(gateway().gateway).flatMap(([block, value]) =>
      known.includes(block)
        ? [block]
        : [...Object.keys(value), ...(optional[block] ?? [])].map(key => `${block}.${key}`),
    );
    expect(all.sort()).toEqual([...known].sort());
  });

  it.each([
    ['gateway.log.format', { log: { format: 'json' } }],
    ['gateway.auth.required', { auth: { required: true } }],
    ['gateway.auth.path', { auth: { path: 'elsewhere.db' } }],
    ['gateway.auth.postgres', { auth: { postgres: 'postgres://db/weir' } }],
    ['gateway.listen.port', { listen: { port: 1 } }],
    ['gateway.record.keep_for', { record: { keep_for: '1d' } }],
    ['gateway.responses', { responses: { keep: 5 } }],
    ['gateway.telemetry', { telemetry: { endpoint: 'http://127.0.0.1:4318' } }],
  ])('%s is one', (setting, given) => {
    expect(awaitsRestart(gateway(), gateway(given))).toEqual([setting]);
    expect(awaitsRestart(gateway(given), gateway(given))).toEqual([]);
  });

  it('are none of those that a reload puts in force', () => {
    const given = { log: { level: 'debug', requests: 'all' }, limits: { body: '1MB' }, record: { prompts: true } };
    expect(awaitsRestart(gateway(), gateway(given))).toEqual([]);
  });
});
