import type { PageProps } from '../app.js';
import { count, counted, duration } from '../format.js';
import { Loading, Panel } from '../ui/parts.js';
import { ModelsTable } from './models-table.js';
import { ReplicaCard } from './replica-card.js';

/** Each pool with its replicas, and the models that they serve. */
export function FleetPage({ state, session, changed }: PageProps) {
  if (state === undefined) {
    return (
      <>
        <h1>Fleet</h1>
        <Loading what="Asking the gateway" />
      </>
    );
  }
  const manages = session?.role === 'admin';
  return (
    <>
      <h1>Fleet</h1>
      <div id="fleet" class="pools">
        {state.pools.map(pool => (
          <Panel
            key={pool.name}
            id={`pool-${pool.name}`}
            className="pool"
            title={
              <>
                {pool.name} <small>serves {pool.model}</small>
              </>
            }
            aside={<p class="hint">{loadText(pool)}</p>}
          >
            <ul class="cards">
              {state.replicas
                .filter(replica => replica.pool === pool.name)
                .map(replica => (
                  <ReplicaCard key={replica.id} replica={replica} manages={manages} changed={changed} />
                ))}
            </ul>
            <p class="hint pool-counts">
              {count(pool.counts.granted)} placed since the start · {count(pool.counts.waited)} had to wait ·{' '}
              {count(pool.counts.saturated)} found the queue full · {count(pool.counts.timedOut)} waited too long
            </p>
          </Panel>
        ))}
      </div>
      <Panel title="Models" id="models">
        <ModelsTable state={state} />
      </Panel>
    </>
  );
}

function loadText(pool: NonNullable<PageProps['state']>['pools'][number]): string {
  const { inFlight, limit, queued, available, placement, predictedWaitMs } = pool;
  const wait = queued > 0 && predictedWaitMs !== undefined ? `, a wait of about ${duration(predictedWaitMs)}` : '';
  return `${inFlight} of ${limit} places taken, ${queued} queued${wait} · ${counted(available, 'replica')} available · placement ${placement}`;
}
