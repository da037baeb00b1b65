import type { Config } from '#config/load.js';
import type { SharedCounters } from '#contract/shared-counters.js';
import { guardedFetch } from '#gateway/guarded-fetch.js';
import { machineClock } from '#gateway/machine-clock.js';
import { AddressGuard } from '#identity/address-guard.js';
import { type Identity, openIdentity } from '#identity/identity.js';
import { openIdentityStore } from '#store/threaded-identity-store.js';
import type { Logger } from '#telemetry/log.js';
import type { Metrics } from '#telemetry/metrics.js';

export interface GatewayIdentityOptions {
  readonly log: Logger;
  /** The configuration in force. */
  readonly current: () => Config;
  /** What limits and budgets are shared by with other processes. */
  readonly counters?: SharedCounters | undefined;
  /** See `IdentityPorts.onChange`. */
  readonly onChange?: (() => Promise<void>) | undefined;
}

/** Opens identity for a gateway: its database, and alerts to the log. */
export async function openGatewayIdentity(
  config: Config,
  { log, current, counters, onChange }: GatewayIdentityOptions,
): Promise<Identity> {
  const { auth } = config.gateway;
  return openIdentity(auth, {
    store: await openIdentityStore(auth.path),
    clock: machineClock,
    counters,
    fetchJson: url => guardedFetch(new AddressGuard(current().gateway.network.allow))(url),
    onAlert: ({ kind, id, budget, share, spent, amount }) =>
      log.warn('a budget runs low', { kind, id, window: budget, share, spent, amount }),
    onError: error => log.error('the identity database could not be used', { error }),
    ...(onChange === undefined ? undefined : { onChange }),
  });
}

export function addIdentityMetrics(metrics: Metrics, identity: Identity): void {
  metrics.counter(
    'weir_identity_refusals_total',
    'Callers and requests refused by identity, limits and budgets.',
    ['code'],
    () => [...identity.refused].map(([code, value]) => ({ labels: { code }, value })),
  );
  metrics.counter('weir_budget_alerts_total', 'Budgets that crossed one of their alert shares.', [], () => [
    { labels: {}, value: identity.alerted },
  ]);
}

/** At the very first start, makes a key to begin with and prints it, this once. */
export async function printFirstKey(identity: Identity): Promise<void> {
  const issued = await identity.bootstrap();
  if (issued === undefined) return;
  process.stderr.write(
    `weir: the first admin key, shown this once: ${issued.secret}\n` +
      '  keep it; with it: weir keys create NAME --url URL, or the page\n',
  );
}
