import { useState } from 'preact/hooks';
import { call } from '../api/client.js';
import type { PlanFiles, PlanReport } from '../api/types.js';
import { JobForm, useJob } from '../ui/job.js';
import { NumberField } from '../ui/number-field.js';
import { ErrorNote, Loading, Panel } from '../ui/parts.js';
import { useResource } from '../ui/resource.js';
import { CatalogueField } from './catalogue-field.js';
import { FIRST_OPTIONS, OptionFields, optionsOf } from './option-fields.js';
import { PlanFilesPanel } from './plan-files.js';
import { PlanView } from './plan-view.js';
import { FIRST_TRACE, sourceOf, TraceFields } from './trace-fields.js';

const FIRST_GPUS = ['h100', 'a100'];

/** Trace, SLO and hardware in; the cheapest fleet that held in the twin out. */
export function PlannerPage() {
  const [own, setOwn] = useState('');
  const [ownRead, setOwnRead] = useState('');
  const catalogue = useResource('catalogue', signal => call('GET /api/catalogue', { signal }));
  const withOwn = useResource(ownRead, signal =>
    ownRead === '' ? Promise.resolve(undefined) : call('POST /api/catalogue', { body: { catalogue: ownRead }, signal }),
  );
  const { gpus: offered, models } = withOwn.value ?? catalogue.value ?? { gpus: [], models: [] };
  const [trace, setTrace] = useState(FIRST_TRACE);
  const [model, setModel] = useState('llama-3.1-8b');
  const [gpus, setGpus] = useState<readonly string[]>(FIRST_GPUS);
  const [ttft, setTtft] = useState(500);
  const [tpot, setTpot] = useState(50);
  const [price, setPrice] = useState<'on_demand' | 'reserved' | 'spot'>('on_demand');
  const [options, setOptions] = useState(FIRST_OPTIONS);
  const [report, setReport] = useState<PlanReport | undefined>(undefined);
  const [files, setFiles] = useState<PlanFiles['files']>([]);
  const job = useJob('/api/plans');

  const quoteOf = ({ prices }: (typeof offered)[number]) =>
    prices.find(({ kind, provider }) => kind === price && (options.provider === '' || options.provider === provider));
  const usable = gpus.filter(name => offered.some(gpu => gpu.name === name && quoteOf(gpu) !== undefined));
  const providers = [...new Set(offered.flatMap(({ prices }) => prices.map(({ provider }) => provider)))].sort();

  const plan = (): void => {
    const source = sourceOf(trace);
    if (typeof source === 'string') {
      job.refuse(source);
      return;
    }
    setReport(undefined);
    setFiles([]);
    const body = {
      ...{ trace: source, model, gpus: usable, slo: { ttft_ms: ttft, tpot_ms: tpot }, price },
      ...optionsOf(options),
      ...(ownRead === '' ? {} : { catalogue: ownRead }),
    };
    void job.run(body, event => {
      if (event.name === 'plan') setReport(event.data);
      else setFiles(event.data.files);
    });
  };

  return (
    <>
      <h1>Planner</h1>
      <Panel title="What is to be served" id="plan-input">
        <p class="hint">
          Sought is the cheapest fleet that keeps both times; whatever is shown has answered these requests, one by one,
          in virtual time.
        </p>
        <ErrorNote error={catalogue.error} retry={catalogue.reload} />
        {catalogue.value === undefined ? (
          catalogue.error === undefined ? (
            <Loading what="Reading the catalogue" />
          ) : undefined
        ) : (
          <JobForm job={job} verb="Plan" doing="Planning…" ready={usable.length > 0} onStart={plan}>
            <TraceFields draft={trace} onChange={setTrace} onTrouble={job.refuse} />
            <label class="field">
              <span>Model</span>
              <select value={model} onChange={event => setModel(event.currentTarget.value)}>
                {models.map(({ name }) => (
                  <option key={name} value={name}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
            <NumberField label="P99 of the first token, ms" value={ttft} min={1} max={1e6} onChange={setTtft} />
            <NumberField label="Time per output token, mean, ms" value={tpot} min={0.1} max={1e5} onChange={setTpot} />
            <label class="field">
              <span>GPUs are paid for</span>
              <select value={price} onChange={event => setPrice(event.currentTarget.value as typeof price)}>
                <option value="on_demand">on demand</option>
                <option value="reserved">reserved</option>
                <option value="spot">spot</option>
              </select>
            </label>
            <label class="field">
              <span>Whose prices</span>
              <select
                value={options.provider}
                onChange={event => setOptions({ ...options, provider: event.currentTarget.value })}
              >
                <option value="">the first in the catalogue</option>
                {providers.map(name => (
                  <option key={name} value={name}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
            <OptionFields draft={options} onChange={setOptions} />
            <fieldset class="gpu-choices">
              <legend>GPUs that may be used</legend>
              {offered.map(gpu => {
                const { name } = gpu;
                const quote = quoteOf(gpu);
                return (
                  <label key={name}>
                    <input
                      type="checkbox"
                      disabled={quote === undefined}
                      checked={gpus.includes(name) && quote !== undefined}
                      onChange={event =>
                        setGpus(event.currentTarget.checked ? [...gpus, name] : gpus.filter(other => other !== name))
                      }
                    />
                    <span>
                      {name}
                      <small title={quote?.source}>
                        {quote === undefined
                          ? 'no such price'
                          : `$${quote.usd_per_hour.toFixed(2)} · ${quote.provider}, ${quote.date}`}
                      </small>
                    </span>
                  </label>
                );
              })}
            </fieldset>
            <CatalogueField text={own} onChange={setOwn} />
            {own === ownRead ? undefined : (
              <button type="button" onClick={() => setOwnRead(own.trim() === '' ? '' : own)}>
                Use these rows
              </button>
            )}
            <ErrorNote error={withOwn.error} retry={withOwn.reload} />
          </JobForm>
        )}
      </Panel>
      {report === undefined ? undefined : <PlanView plan={report} />}
      {report === undefined ? undefined : <PlanFilesPanel files={files} />}
    </>
  );
}
