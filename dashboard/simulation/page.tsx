import { useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, asApiError, call } from '../api/client.js';
import { runJob } from '../api/jobs.js';
import type { FleetMoment, SimulationReport } from '../api/types.js';
import { FIRST_TRACE, NumberField, sourceOf, TraceFields } from '../planner/trace-fields.js';
import { ErrorNote, Panel } from '../ui/parts.js';
import { useResource } from '../ui/resource.js';
import { Moments } from './moments.js';
import { SimulationResult } from './result.js';

/** Moments come faster than anybody can see them. */
const SHOWN_EVERY_MS = 200;

/** A trace through the configuration, in virtual time: pools, queues, KV and power as they move, then what came of it. */
export function SimulationPage() {
  const configuration = useResource('configuration', signal => call('GET /api/configuration', { signal }));
  const [trace, setTrace] = useState(FIRST_TRACE);
  const [scale, setScale] = useState(1);
  const [text, setText] = useState<string | undefined>(undefined);
  const [trouble, setTrouble] = useState<string | undefined>(undefined);
  const [progress, setProgress] = useState('');
  const [moments, setMoments] = useState<readonly FleetMoment[]>([]);
  const [report, setReport] = useState<SimulationReport | undefined>(undefined);
  const [error, setError] = useState<ApiError | undefined>(undefined);
  const [running, setRunning] = useState<AbortController | undefined>(undefined);
  const current = useRef(running);
  current.current = running;
  useEffect(() => () => current.current?.abort(), []);

  const simulate = async (): Promise<void> => {
    const source = sourceOf(trace);
    if (source === undefined) {
      setTrouble('Choose a trace file first.');
      return;
    }
    const stop = new AbortController();
    setRunning(stop);
    setError(undefined);
    setReport(undefined);
    setMoments([]);
    const seen: FleetMoment[] = [];
    const shown = window.setInterval(() => setMoments(seen.slice()), SHOWN_EVERY_MS);
    setProgress('starting');
    try {
      const body = { trace: source, rate_scale: scale, ...(text === undefined ? {} : { configuration: text }) };
      await runJob('/api/simulations', body, stop.signal, event => {
        if (event.name === 'progress') setProgress(event.data.text);
        else if (event.name === 'moment') seen.push(event.data);
        else if (event.name === 'simulation') setReport(event.data);
      });
    } catch (wrong) {
      if (!stop.signal.aborted) setError(asApiError(wrong));
    }
    window.clearInterval(shown);
    setMoments(seen);
    setProgress('');
    setRunning(undefined);
  };

  return (
    <>
      <h1>Simulation</h1>
      <Panel title="What is to be played" id="simulation-input">
        <form
          class="plan-form"
          onSubmit={event => {
            event.preventDefault();
            void simulate();
          }}
        >
          <TraceFields draft={trace} onChange={setTrace} onTrouble={setTrouble} />
          <NumberField label="Times as fast" value={scale} min={0.01} max={1000} onChange={setScale} />
          <details class="simulated-file">
            <summary>
              {text === undefined ? 'Through the configuration in force' : 'Through a changed configuration'}
            </summary>
            <label class="field">
              <span>weir.yaml to be played; nothing of it is put in force</span>
              <textarea
                rows={14}
                spellcheck={false}
                value={text ?? configuration.value?.text ?? ''}
                onInput={event => setText(event.currentTarget.value)}
              />
            </label>
            {text === undefined ? undefined : (
              <button type="button" onClick={() => setText(undefined)}>
                As in force
              </button>
            )}
          </details>
          <div class="actions">
            <button type="submit" class="primary" disabled={running !== undefined}>
              {running === undefined ? 'Simulate' : 'Playing…'}
            </button>
            {running === undefined ? undefined : (
              <button type="button" onClick={() => running.abort()}>
                Stop
              </button>
            )}
          </div>
        </form>
        {trouble === undefined ? undefined : (
          <div class="alert" role="alert">
            <p>{trouble}</p>
          </div>
        )}
        <p class="hint" role="status">
          {progress}
        </p>
        <ErrorNote error={error} />
      </Panel>
      {moments.length === 0 ? undefined : <Moments moments={moments} />}
      {report === undefined ? undefined : <SimulationResult report={report} />}
    </>
  );
}
