import { useEffect, useRef } from 'preact/hooks';
import { type Answer, call } from './api/client.js';
import { ConfigurationPage } from './configuration/page.js';
import { FleetPage } from './fleet/page.js';
import { duration } from './format.js';
import { OverviewPage } from './overview/page.js';
import { PlaygroundPage } from './playground/page.js';
import { RequestsPage } from './requests/page.js';
import { SetupPage } from './setup/page.js';
import { ErrorNote } from './ui/parts.js';
import { useResource } from './ui/resource.js';
import { link, type Place, usePlace } from './ui/routing.js';
import { ThemeSwitch } from './ui/theme.js';

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
  readonly page: (props: PageProps) => preact.JSX.Element;
}

const PAGES: Readonly<Record<string, Entry>> = {
  overview: { title: 'Overview', page: OverviewPage },
  requests: { title: 'Requests', page: RequestsPage },
  playground: { title: 'Playground', page: PlaygroundPage },
  fleet: { title: 'Fleet', page: FleetPage },
  configuration: { title: 'Configuration', page: ConfigurationPage },
  setup: { title: 'Set up', page: SetupPage },
};

const STATE_EVERY_MS = 2000;

export function App() {
  const place = usePlace();
  const state = useResource('state', signal => call('GET /api/state', { signal }), STATE_EVERY_MS);
  const session = useResource('session', signal => call('GET /api/session', { signal }));
  const entry = PAGES[place.page];
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
            {Object.entries(PAGES).map(([name, { title }]) => (
              <li key={name}>
                <a href={link(name)} aria-current={place.page === name ? 'page' : undefined}>
                  {title}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="side-end">
          <GatewayLine state={state.value} gone={state.error !== undefined} />
          <ThemeSwitch />
          <p class="hint versions">
            {session.value === undefined ? '' : `Weir ${session.value.version} · ${session.value.name} · `}
            <a href="/api/openapi.json">API</a>
          </p>
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        <div id="trouble">
          <ErrorNote error={state.error} />
        </div>
        {Page === undefined ? (
          <p>
            There is no such page. <a href={link('overview')}>To the overview</a>
          </p>
        ) : (
          <Page place={place} state={state.value} session={session.value} changed={changed} />
        )}
      </main>
    </div>
  );
}

function GatewayLine({ state, gone }: { state: State | undefined; gone: boolean }) {
  if (gone) return <p class="gateway bad">not reachable</p>;
  if (state === undefined) return <p class="gateway">asking the gateway</p>;
  const source = state.source === 'demonstration' ? 'the demonstration' : (state.source.split(/[\\/]/).pop() ?? '');
  const out = state.replicas.filter(({ unavailable }) => unavailable !== undefined).length;
  return (
    <p class={`gateway ${state.draining ? 'warn' : out > 0 ? 'warn' : 'good'}`}>
      <span>
        {state.draining ? 'draining' : `serving ${source}`}
        <small>
          {state.replicas.length - out} of {state.replicas.length} replicas · up {duration(state.uptime_ms)}
        </small>
      </span>
    </p>
  );
}
