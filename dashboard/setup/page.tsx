import { useState } from 'preact/hooks';
import { type Answer, call } from '../api/client.js';
import type { PageProps } from '../app.js';
import { ErrorNote, Loading } from '../ui/parts.js';
import { useResource } from '../ui/resource.js';
import { AddBackend } from './add-backend.js';
import { BackendList } from './backend-list.js';
import { type Backend, backendOf } from './backends.js';
import { Found } from './found.js';
import { Review } from './review.js';
import { Running } from './running.js';
import { SetupStep } from './setup-step.js';

/** From nothing to a first answer: find backends, choose models, keep the weir.yaml, see them healthy, ask. */
export function SetupPage({ state, session, changed }: PageProps) {
  const discovery = useResource('discovery', signal => call('GET /api/discovery', { signal }));
  const [backends, setBackends] = useState<readonly Backend[]>([]);
  const [answered, setAnswered] = useState(false);
  const [saved, setSaved] = useState<Answer<'POST /api/configuration'> | undefined>(undefined);
  const demonstration = session?.demonstration ?? true;
  const add = (backend: Backend): void => {
    setBackends(before => [...before.filter(({ url }) => url !== backend.url), backend]);
    setSaved(undefined);
  };
  const change = (changed: Backend): void => {
    setBackends(before => before.map(backend => (backend.url === changed.url ? changed : backend)));
    setSaved(undefined);
  };
  const any = backends.some(({ chosen }) => chosen.length > 0);
  return (
    <>
      <div class="page-head">
        <h1>{demonstration || saved !== undefined ? 'Set up Weir' : 'Add models'}</h1>
        <button type="button" onClick={discovery.reload}>
          Look again
        </button>
      </div>
      <ol class="setup">
        <SetupStep number={1} title="Where are your models?" done={backends.length > 0}>
          <ErrorNote error={discovery.error} retry={discovery.reload} />
          {discovery.value === undefined ? (
            discovery.error === undefined ? (
              <Loading what="Looking on this machine" />
            ) : undefined
          ) : (
            <Found
              discovery={discovery.value}
              taken={backends.map(({ url }) => url)}
              onUse={({ name, url, models }) => add(backendOf({ name, url, api: 'openai' }, models))}
              onAdd={add}
            />
          )}
          <AddBackend onAdd={add} />
        </SetupStep>
        <SetupStep number={2} title="Which of them should answer?" done={any} waiting={backends.length === 0}>
          <BackendList
            backends={backends}
            onChange={change}
            onRemove={url => setBackends(before => before.filter(backend => backend.url !== url))}
          />
        </SetupStep>
        <SetupStep number={3} title="Keep it as weir.yaml" done={saved !== undefined} waiting={!any}>
          {any ? (
            <Review
              backends={backends}
              demonstration={demonstration}
              saved={saved}
              onSaved={version => {
                setSaved(version);
                changed();
              }}
            />
          ) : undefined}
        </SetupStep>
        <SetupStep number={4} title="See it answer" done={answered} waiting={saved === undefined}>
          {saved === undefined ? undefined : (
            <Running state={state} version={saved.version} backends={backends} onAnswered={() => setAnswered(true)} />
          )}
        </SetupStep>
      </ol>
    </>
  );
}
