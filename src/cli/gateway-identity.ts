import type { Config } from '#config/load.js';
import { guardedFetch } from '#gateway/guarded-fetch.js';
import { machineClock } from '#gateway/machine-clock.js';
import { AddressGuard } from '#identity/address-guard.js';
import { type Identity, openIdentity } from '#identity/identity.js';
import { openIdentityStore } from '#store/threaded-identity-store.js';
import type { Logger } from '#telemetry/log.js';
import type { Metrics } from '#telemetry/metrics.js';

/**
 * Opens identity for a gateway: database, alerts to log and metrics, and, at the very first start, a key to begin with, which is
 * printed this once.
 */
export async function openGatewayIdentity(
  config: Config,
  current: () => Config,
  log: Logger,
  metrics: Metrics,
): Promise<Identity> {
  const { auth } = config.gateway;
  const identity = await openIdentity(auth, {
    store: await openIdentityStore(auth.path),
    clock: machineClock,
    fetchJson: url => guardedFetch(new AddressGuard(current().gateway.network.allow))(url),
    onAlert: ({ kind, id, budget, share, spent, amount }) =>
      log.warn('a budget runs low', { kind, id, window: budget, share, spent, amount }),
    onError: error => log.error('the identity database could not be used', { error }),
  });
  metrics.counter(
    'weir_identity_refusals_total',
    'Callers and requests refused by identity, limits and budgets.',
    ['code'],
    () => [...identity.refused].map(([code, value]) => ({ labels: { code }, value })),
  );
  metrics.counter('weir_budget_alerts_total', 'Budgets that crossed one of their alert shares.', [], () => [
    { labels: {}, value: identity.alerted },
  ]);
  const issued = await identity.bootstrap();
  if (issued !== undefined) {
    process.stderr.write(
      `weir: the first admin key, shown this once: ${issued.secret}\n` +
        '  keep it; with it: weir keys create NAME --url URL, or the page\n',
    );
  }
  return identity;
}
