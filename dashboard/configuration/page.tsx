import { useEffect } from 'preact/hooks';
import { type Answer, call } from '../api/client.js';
import type { PageProps } from '../app.js';
import { ErrorNote, Loading, Panel } from '../ui/parts.js';
import { useResource } from '../ui/resource.js';
import { Edit } from './edit.js';
import { History } from './history.js';

export type InForce = Answer<'GET /api/configuration'>;

/** weir.yaml: read, changed, checked while it is typed, put in force, and gone back on. */
export function ConfigurationPage({ state, session, changed }: PageProps) {
  const inForce = useResource('configuration', signal => call('GET /api/configuration', { signal }));
  const versions = useResource('versions', signal =>
    call('GET /api/configuration/versions', { query: { limit: 50 }, signal }),
  );
  const { value } = inForce;
  const read = (): void => {
    inForce.reload();
    versions.reload();
  };
  const reload = (): void => {
    read();
    changed();
  };
  // The state is asked for every few seconds: it is the first to tell that somebody else has changed the configuration.
  useEffect(() => {
    if (state !== undefined && value !== undefined && state.version !== value.version) read();
  }, [state?.version, value?.version]);
  const writable = session?.role === 'admin';
  return (
    <>
      <h1>Configuration</h1>
      <ErrorNote error={inForce.error} retry={inForce.reload} />
      {value === undefined ? (
        inForce.error === undefined ? (
          <Loading what="Reading the configuration" />
        ) : undefined
      ) : (
        <Edit inForce={value} writable={writable} reload={reload} />
      )}
      <Panel title="History" id="history">
        <ErrorNote error={versions.error} />
        <History
          versions={versions.value?.versions ?? []}
          inForce={value?.version}
          writable={writable}
          rolledBack={reload}
        />
      </Panel>
    </>
  );
}
