import { useEffect, useMemo } from 'preact/hooks';
import { errorOf, reach } from '../api/client.js';
import type { PageProps } from '../app.js';
import { useObserved } from '../ui/observed.js';
import { ErrorNote, Panel } from '../ui/parts.js';
import { useResource } from '../ui/resource.js';
import { AskForm } from './ask-form.js';
import { bench } from './bench.js';
import { examplesUnder } from './examples.js';
import { Examples } from './examples-row.js';
import { LaneStory, LaneView, type ListedModel } from './lane-view.js';

async function listModels(signal: AbortSignal): Promise<readonly ListedModel[]> {
  const response = await reach('/v1/models', { signal });
  if (!response.ok) throw await errorOf(response);
  const { data } = (await response.json()) as { data: readonly ListedModel[] };
  return data.filter(({ kind }) => kind !== 'embedding');
}

/** Ask, see the answer come and why it came from there; up to three models and APIs side by side. */
export function PlaygroundPage({ state }: PageProps) {
  useObserved(bench);
  const models = useResource(`models ${state?.version ?? ''}`, listModels);
  const listed = models.value ?? [];
  // Anew only with the configuration: the state itself comes again every few seconds.
  const examples = useMemo(() => examplesUnder(state), [state?.version, state?.source]);
  const { lanes } = bench;
  const [first] = lanes;
  const alone = lanes.length === 1;
  useEffect(() => {
    const usual = listed.find(({ virtual }) => virtual === true) ?? listed[0];
    if (usual === undefined) return;
    for (const lane of bench.lanes) if (!listed.some(({ id }) => id === lane.model)) lane.choose({ model: usual.id });
  }, [models.value]);
  const another = (): void => {
    const taken = new Set(lanes.map(({ model }) => model));
    bench.add(listed.find(({ id }) => !taken.has(id))?.id ?? first?.model ?? 'auto', first?.api);
  };
  return (
    <>
      <div class="page-head">
        <h1>Playground</h1>
        <button type="button" onClick={another} disabled={bench.full || bench.busy}>
          Compare side by side
        </button>
      </div>
      <ErrorNote error={models.error} retry={models.reload} />
      <div class={alone ? 'playground alone' : 'playground'}>
        <section class="panel compose" aria-label="Ask">
          <Examples
            examples={examples}
            model={listed.find(({ virtual }) => virtual === true)?.id}
            version={state?.version}
            onChoose={({ prompt, headers = '' }) => {
              bench.restart();
              bench.draft({ prompt, headers });
              const field = document.getElementById('prompt');
              field?.focus();
              if (field instanceof HTMLTextAreaElement) field.scrollTop = 0;
            }}
          />
          <div class="lanes">
            {lanes.map((lane, i) => (
              <LaneView
                key={lane.id}
                lane={lane}
                number={alone ? undefined : i + 1}
                models={listed}
                onRemove={() => bench.remove(lane)}
              />
            ))}
          </div>
          <AskForm />
        </section>
        {alone && first !== undefined ? (
          <Panel title="Story of the request" id="story">
            <LaneStory lane={first} state={state} />
          </Panel>
        ) : (
          <div class="stories">
            {lanes.map((lane, i) => (
              <Panel key={lane.id} title={`Story ${i + 1}: ${lane.model}`} id={`story-${lane.id}`}>
                <LaneStory lane={lane} state={state} />
              </Panel>
            ))}
          </div>
        )}
      </div>
    </>
  );
}
