import { useEffect, useRef } from 'preact/hooks';
import { AccessPage } from './access/page.js';
import { SignIn } from './access/sign-in.js';
import { type Answer, type ApiError, call } from './api/client.js';
import { door } from './api/door.js';
import { beginAnew, storedKey } from './api/key.js';
import { ConfigurationPage } from './configuration/page.js';
import { FleetPage } from './fleet/page.js';
import { age } from './format.js';
import { MapPage } from './map/page.js';
import { OverviewPage } from './overview/page.js';
import { PlannerPage } from './planner/page.js';
import { PlaygroundPage } from './playground/page.js';
import { RequestsPage } from './requests/page.js';
import { SetupPage } from './setup/page.js';
import { SimulationPage } from './simulation/page.js';
import { TextsPage } from './texts/page.js';
import { useObserved } from './ui/observed.js';
import { ErrorNote } from './ui/parts.js';
import { useResource } from './ui/resource.js';
import { link, type Place, usePlace } from './ui/routing.js';
import { ThemeSwitch } from './ui/theme.js';
import { WhatIfPage } from './what-if/page.js';
import { WorkloadPage } from './workload/page.js';

export type State = Answer<'GET /api/state'>;
export type Session = Answer<'GET /api/session'>;

/** What every page is given. */
export interface PageProps {
  readonly place: Place;
  readonly state: State | undefined;
  readonly session: Session | undefined;
  /** Something was changed: what every page shows is to be asked for again. */
  readonly changed: () => void;
}

interface Entry {
  readonly title: string;
  /** The least role that it is for. */
  readonly role: Session['role'];
  readonly page: (props: PageProps) => preact.JSX.Element;
}

const PAGES: Readonly<Record<string, Entry>> = {
  overview: { title: 'Overview', role: 'viewer', page: OverviewPage },
  requests: { title: 'Requests', role: 'viewer', page: RequestsPage },
  playground: { title: 'Playground', role: 'caller', page: PlaygroundPage },
  texts: { title: 'Texts', role: 'viewer', page: TextsPage },
  fleet: { title: 'Fleet', role: 'viewer', page: FleetPage },
  map: { title: 'Live map', role: 'viewer', page: MapPage },
  workload: { title: 'Workload', role: 'viewer', page: WorkloadPage },
  planner: { title: 'Planner', role: 'admin', page: PlannerPage },
  simulation: { title: 'Simulation', role: 'admin', page: SimulationPage },
  'what-if': { title: 'What if', role: 'admin', page: WhatIfPage },
  configuration: { title: 'Configuration', role: 'viewer', page: ConfigurationPage },
  access: { title: 'Access', role: 'caller', page: AccessPage },
  setup: { title: 'Set up', role: 'admin', page: SetupPage },
};

const RANK: Readonly<Record<Session['role'], number>> = { caller: 0, viewer: 1, admin: 2 };

const STATE_EVERY_MS = 2000;

export function App() {
  useObserved(door);
  const place = usePlace();
  const state = useResource('state', signal => call('GET /api/state', { signal }), STATE_EVERY_MS);
  const session = useResource('session', signal => call('GET /api/session', { signal }));
  // Until the gateway has said who is asking, nothing is hidden: what is not allowed is refused there.
  const role = session.value?.role ?? 'admin';
  const pages = Object.entries(PAGES).filter(([, page]) => RANK[page.role] <= RANK[role]);
  const entry = role === 'caller' && place.page === 'overview' ? PAGES.playground : PAGES[place.page];
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    document.title = `${entry?.title ?? 'Not found'} · Weir`;
    // Who moves by keyboard or listens begins at the top of the new page, not in the middle of the old one.
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
  }, [entry]);
  const changed = (): void => {
    state.reload();
    session.reload();
  };
  const Page = entry?.page;
  const { error: locked } = door;
  // Nobody has been here yet: there is no page to come back to.
  const unseen = locked !== undefined && session.value === undefined;
  return (
    <div class="shell">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the page
      </button>
      <header class="side">
        <a class="brand" href={link('overview')}>
          <img src="/favicon.svg" alt="" width="26" height="26" />
          <span>Weir</span>
        </a>
        <nav aria-label="Pages">
          <ul>
            {pages.map(([name, { title }]) => (
              <li key={name}>
                <a href={link(name)} aria-current={entry === PAGES[name] ? 'page' : undefined}>
                  {title}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="side-end">
          {role === 'caller' ? undefined : <GatewayLine state={state.value} error={locked ?? state.error} />}
          <ThemeSwitch />
          {storedKey() === undefined || locked !== undefined ? undefined : (
            <button type="button" class="small sign-out" onClick={() => beginAnew(undefined)}>
              Sign out
            </button>
          )}
          <p class="hint versions">
            {session.value === undefined ? '' : `Weir ${session.value.version} · ${session.value.name} · `}
            <a href="/api/openapi.json">API</a>
          </p>
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        <div id="trouble">{unseen || role === 'caller' ? undefined : <ErrorNote error={state.error} />}</div>
        {unseen ? undefined : Page === undefined ? (
          <p>
            There is no such page. <a href={link('overview')}>To the overview</a>
          </p>
        ) : (
          <Page place={place} state={state.value} session={session.value} changed={changed} />
        )}
      </main>
      {locked === undefined ? undefined : (
        <SignIn
          error={locked}
          person={session.value?.person}
          onEntered={() => {
            door.open();
            changed();
          }}
        />
      )}
    </div>
  );
}

function GatewayLine({ state, error }: { state: State | undefined; error: ApiError | undefined }) {
  if (error !== undefined) {
    const word = error.status === 0 ? 'not reachable' : error.status === 401 ? 'asks for a key' : 'tells nothing';
    return <p class={`gateway ${error.status === 401 ? 'warn' : 'bad'}`}>{word}</p>;
  }
  if (state === undefined) return <p class="gateway">asking the gateway</p>;
  const source = state.source === 'demonstration' ? 'the demonstration' : (state.source.split(/[\\/]/).pop() ?? '');
  const out = state.replicas.filter(({ unavailable }) => unavailable !== undefined).length;
  return (
    <p class={`gateway ${state.draining ? 'warn' : out > 0 ? 'warn' : 'good'}`}>
      <span>
        {state.draining ? 'draining' : `serving ${source}`}
        <small>
          {state.replicas.length - out} of {state.replicas.length} replicas · up {age(state.uptime_ms)}
        </small>
      </span>
    </p>
  );
}
