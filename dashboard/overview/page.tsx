import { type Answer, call } from '../api/client.js';
import type { PageProps } from '../app.js';
import { Choice, Empty, ErrorNote, Loading, Panel } from '../ui/parts.js';
import { useResource } from '../ui/resource.js';
import { link, replacePlace } from '../ui/routing.js';
import { Breakdown } from './breakdown.js';
import { OverviewCharts } from './charts.js';
import { Figures } from './figures.js';
import { Welcome } from './welcome.js';

export type Overview = Answer<'GET /api/overview'>;

const WINDOWS = [
  ['15m', '15 min'],
  ['1h', '1 hour'],
  ['24h', '24 hours'],
  ['7d', '7 days'],
  ['30d', '30 days'],
] as const;
type WindowName = (typeof WINDOWS)[number][0];

const EVERY_MS = 4000;

/** Traffic, latency, errors, cost and savings over a window of time. */
export function OverviewPage({ place, state, session }: PageProps) {
  const asked = place.query.get('window');
  // Who tries the demonstration has been here for minutes.
  const unasked = session?.demonstration === true ? '15m' : '1h';
  const name: WindowName = WINDOWS.find(([option]) => option === asked)?.[0] ?? unasked;
  const overview = useResource(
    `overview ${name}`,
    signal => call('GET /api/overview', { query: { window: name }, signal }),
    EVERY_MS,
  );
  const { value, error } = overview;
  return (
    <>
      <div class="page-head">
        <h1>Overview</h1>
        <Choice
          legend="Time shown"
          name="window"
          options={WINDOWS}
          value={name}
          onChange={next => replacePlace(link('overview', undefined, { window: next }))}
        />
      </div>
      {session?.demonstration === true ? <Welcome looks={session.role === 'admin'} /> : undefined}
      <ErrorNote error={error} retry={value === undefined ? overview.reload : undefined} />
      {value === undefined ? (
        error === undefined ? (
          <Loading what="Counting" />
        ) : undefined
      ) : (
        <>
          <Figures overview={value} upMs={state?.uptime_ms} />
          {value.total.requests === 0 ? (
            <Empty title="No request in this time">
              <p>
                <a href={link('playground')}>Send one from the playground</a>, point a client at{' '}
                <code>{`${location.origin}/v1`}</code>, or choose a longer time.
              </p>
            </Empty>
          ) : (
            <>
              <OverviewCharts overview={value} />
              <div class="columns">
                <Panel title="By model" id="by-model">
                  <Breakdown rows={value.models} total={value.total.requests} of="model" />
                </Panel>
                <Panel title="By decision" id="by-decision">
                  <Breakdown rows={value.decisions} total={value.total.requests} of="decision" />
                </Panel>
              </div>
            </>
          )}
        </>
      )}
    </>
  );
}
