import type { Config } from '#config/load.js';
import type { SharedCounters } from '#contract/shared-counters.js';
import type { Milliseconds } from '#contract/units.js';
import { guardedFetch } from '#gateway/guarded-fetch.js';
import { knownModels } from '#gateway/known-models.js';
import { machineClock } from '#gateway/machine-clock.js';
import { AddressGuard } from '#identity/address-guard.js';
import { type Identity, openIdentity } from '#identity/identity.js';
import { openIdentityDatabase } from '#store/open-identity.js';
import { spendJournal } from '#store/spend-journal.js';
import type { Logger } from '#telemetry/log.js';
import type { Metrics } from '#telemetry/metrics.js';

const COMPLAIN_EVERY: Milliseconds = 10_000;

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
    store: await openIdentityDatabase(auth),
    clock: machineClock,
    counters,
    models: () => knownModels(current()),
    fetchJson: url => guardedFetch(new AddressGuard(current().gateway.network.allow))(url),
    onAlert: ({ kind, id, budget, share, spent, amount }) =>
      log.warn('a budget runs low', { kind, id, window: budget, share, spent, amount }),
    onError: seldom(error =>
      log.error('the identity database could not be used; who is known goes on, and spending is written later', {
        error,
      }),
    ),
    onIssuerError: ({ message, hint }) => log.warn('tokens of an issuer cannot be checked', { why: message, hint }),
    ...(auth.postgres !== undefined && { journal: spendJournal(auth.path) }),
    ...(onChange === undefined ? undefined : { onChange }),
  });
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
  metrics.gauge(
    'weir_identity_up',
    '1 when the identity database took what it was last given and told what it was last asked.',
    [],
    () => [{ labels: {}, value: identity.reachable ? 1 : 0 }],
    'min',
  );
  metrics.gauge(
    'weir_spend_unwritten_usd',
    'Spending that waits to be written to the identity database. A request counts for its key, its user and its team.',
    ['kind'],
    () => {
      const sums = { key: 0, team: 0, user: 0 };
      for (const { kind, nanoUsd } of identity.unwritten) sums[kind] += nanoUsd / 1e9;
      return Object.entries(sums).map(([kind, value]) => ({ labels: { kind }, value }));
    },
  );
}

/** Passes on at most one error in ten seconds: what is away is tried several times a second. */
function seldom(tell: (error: unknown) => void): (error: unknown) => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  return error => {
    const now = machineClock.now();
    if (now - toldAt < COMPLAIN_EVERY) return;
    toldAt = now;
    tell(error);
  };
}
