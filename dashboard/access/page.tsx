import { call } from '../api/client.js';
import type { PageProps } from '../app.js';
import { Empty, ErrorNote, Loading } from '../ui/parts.js';
import { useResource } from '../ui/resource.js';
import { link } from '../ui/routing.js';
import { Audit } from './audit.js';
import { Keys } from './keys.js';
import { People } from './people.js';
import { Spending } from './spending.js';
import type { Who } from './who.js';

const PARTS = [
  ['keys', 'Keys', Keys],
  ['people', 'Teams and users', People],
  ['spending', 'Budgets and usage', Spending],
  ['audit', 'Audit', Audit],
] as const;

/** The audit log tells of everyone's doings. */
function readsAudit({ role, team }: Who): boolean {
  return role === 'admin' || (role === 'viewer' && team === undefined);
}

/** Who may ask, for how much, and what was changed by whom. */
export function AccessPage({ place, session }: PageProps) {
  const who = useResource(`who ${session?.name ?? ''}`, signal => call('GET /api/whoami', { signal }));
  const [name, , Part] = PARTS.find(([part]) => part === place.part) ?? PARTS[0];
  if (who.error?.code === 'identity.off') {
    return (
      <>
        <h1>Access</h1>
        <section class="panel" aria-label="Callers are not asked for a key">
          <Empty title="Callers are asked for no key">
            <p>Whoever can reach this gateway may use every model.</p>
            <p>
              To give out keys, set budgets and keep an audit log, put <code>auth: {'{ required: true }'}</code> under{' '}
              <code>gateway:</code> in <a href={link('configuration')}>the configuration</a> and start Weir again: it
              prints a first key.
            </p>
          </Empty>
        </section>
      </>
    );
  }
  const shown = PARTS.filter(([part]) => part !== 'audit' || who.value === undefined || readsAudit(who.value));
  return (
    <>
      <h1>Access</h1>
      <nav aria-label="Access" class="tabs">
        {shown.map(([part, title]) => (
          <a key={part} href={link('access', part)} aria-current={part === name ? 'page' : undefined}>
            {title}
          </a>
        ))}
      </nav>
      <ErrorNote error={who.error} />
      {who.value === undefined ? (
        who.error === undefined ? (
          <Loading what="Asking who you are" />
        ) : undefined
      ) : (
        <Part who={who.value} />
      )}
    </>
  );
}
