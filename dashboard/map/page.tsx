import { call } from '../api/client.js';
import type { PageProps } from '../app.js';
import { Choice, Empty, Loading, Panel } from '../ui/parts.js';
import { useResource } from '../ui/resource.js';
import { link, replacePlace } from '../ui/routing.js';
import { MapTable } from './map-table.js';
import { PoolGroup } from './pool-group.js';
import { ReplicaStory } from './replica-story.js';

/** Recommendations change once a minute. */
const EVERY_MS = 30_000;

/** Every pool a group, every replica a cell, as they stand now; a cell leads to its replica's story. */
export function MapPage({ place, state, session, changed }: PageProps) {
  const advice = useResource(
    // Anew with each configuration: pools of before are not to be advised on.
    `recommendations ${state?.version ?? ''}`,
    signal => call('GET /api/pools/recommendations', { signal }),
    EVERY_MS,
  ).value;
  if (state === undefined) {
    return (
      <>
        <h1>Live map</h1>
        <Loading what="Asking the gateway" />
      </>
    );
  }
  const { part } = place;
  const view = place.query.get('view') === 'table' ? 'table' : undefined;
  const replica = state.replicas.find(({ id }) => id === part);
  return (
    <>
      <h1>Live map</h1>
      <div class="map-head">
        <Choice
          legend="How the fleet is shown"
          name="map-view"
          options={[
            ['map', 'Map'],
            ['table', 'Table'],
          ]}
          value={view ?? 'map'}
          onChange={chosen => replacePlace(link('map', part, { view: chosen === 'table' ? 'table' : undefined }))}
        />
        {view === 'table' ? undefined : <Legend />}
      </div>
      <div class={part === undefined ? 'requests-page' : 'requests-page with-story'}>
        {view === 'table' ? (
          <Panel title="Replicas" id="map">
            <MapTable state={state} current={part} />
          </Panel>
        ) : (
          <div id="map" class="pools">
            {state.pools.map(pool => (
              <PoolGroup
                key={pool.name}
                pool={pool}
                replicas={state.replicas.filter(one => one.pool === pool.name)}
                current={part}
                recommendation={advice?.pools.find(one => one.pool === pool.name)}
              />
            ))}
          </div>
        )}
        {part === undefined ? undefined : (
          <Panel
            title="Story of the replica"
            id="story"
            aside={
              <a class="button small" href={link('map', undefined, { view })}>
                Close
              </a>
            }
          >
            {replica === undefined ? (
              <Empty title="There is no such replica now">
                <p class="id">{part}</p>
              </Empty>
            ) : (
              <ReplicaStory key={part} replica={replica} manages={session?.role === 'admin'} changed={changed} />
            )}
          </Panel>
        )}
      </div>
    </>
  );
}

function Legend() {
  return (
    <p class="hint map-legend">
      <span>
        <i class="running" aria-hidden="true" /> running
      </span>
      <span>
        <i class="waiting" aria-hidden="true" /> waiting for the first token
      </span>
      <span>
        <i class="heat" aria-hidden="true" /> share of prompts found in the prefix cache
      </span>
      <span>running + waiting / places</span>
    </p>
  );
}
