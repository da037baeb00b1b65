import type { GatewayConfig } from '#gateway/schema.js';

/** What of `gateway` is read when the process starts and not again: settings, and blocks of them. All else a reload puts in force. */
export const READ_ONCE = [
  'listen.host',
  'listen.port',
  'record.path',
  'record.postgres',
  'record.keep_for',
  'record.keep_size',
  'responses',
  'state',
  'workers',
  'shared',
  'telemetry',
  'log.format',
  'auth.required',
  'auth.path',
  'auth.postgres',
] as const;

interface WithGateway {
  readonly gateway: GatewayConfig;
}

/** The settings in which a configuration differs from the one that the process began with and that wait for its next start. */
export function awaitsRestart({ gateway: began }: WithGateway, { gateway: wanted }: WithGateway): readonly string[] {
  return READ_ONCE.filter(setting => valueAt(began, setting) !== valueAt(wanted, setting)).map(
    setting => `gateway.${setting}`,
  );
}

/** As text, which can be compared. */
function valueAt(gateway: GatewayConfig, setting: string): string | undefined {
  const value = setting
    .split('.')
    .reduce<unknown>((block, name) => (block as Readonly<Record<string, unknown>>)[name], gateway);
  return JSON.stringify(value);
}
