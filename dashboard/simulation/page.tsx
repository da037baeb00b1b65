import { useState } from 'preact/hooks';
import type { FleetMoment, SimulationReport } from '../api/types.js';
import type { PageProps } from '../app.js';
import { CatalogueField } from '../planner/catalogue-field.js';
import { FIRST_TRACE, sourceOf, TraceFields } from '../planner/trace-fields.js';
import { JobForm, useJob } from '../ui/job.js';
import { NumberField, OptionalNumberField } from '../ui/number-field.js';
import { Panel } from '../ui/parts.js';
import { ArrivalFields, arrivalsOf, FIRST_ARRIVALS } from './arrival-fields.js';
import { ConfigurationField, useKnownConfigurations } from './configuration-field.js';
import { Moments } from './moments.js';
import { SimulationResult } from './result.js';

/** Moments come faster than anybody can see them. */
const SHOWN_EVERY_MS = 200;

const MOST_RUNS = 16;

/** A trace through the configuration, in virtual time: pools, queues, KV and power as they move, then what came of it. */
export function SimulationPage({ state }: PageProps) {
  const known = useKnownConfigurations();
  const [trace, setTrace] = useState(FIRST_TRACE);
  const [arrivals, setArrivals] = useState(FIRST_ARRIVALS);
  const [warmUp, setWarmUp] = useState('');
  const [runs, setRuns] = useState(1);
  const [text, setText] = useState<string | undefined>(undefined);
  const [catalogue, setCatalogue] = useState('');
  const [moments, setMoments] = useState<readonly FleetMoment[]>([]);
  const [report, setReport] = useState<SimulationReport | undefined>(undefined);
  const job = useJob('/api/simulations');

  const simulate = async (): Promise<void> => {
    const source = sourceOf(trace);
    if (typeof source === 'string') {
      job.refuse(source);
      return;
    }
    setReport(undefined);
    setMoments([]);
    const seen: FleetMoment[] = [];
    const shown = window.setInterval(() => setMoments(seen.slice()), SHOWN_EVERY_MS);
    const body = {
      ...{ trace: source, seeds: runs, ...arrivalsOf(arrivals) },
      ...(warmUp === '' ? {} : { warm_up_s: Number(warmUp) }),
      ...(text === undefined ? {} : { configuration: text }),
      ...(catalogue.trim() === '' ? {} : { catalogue }),
    };
    await job.run(body, event => {
      if (event.name === 'moment') seen.push(event.data);
      else if (event.name === 'simulation') setReport(event.data);
    });
    window.clearInterval(shown);
    setMoments(seen);
  };

  return (
    <>
      <h1>Simulation</h1>
      <Panel title="What is to be played" id="simulation-input">
        <p class="hint">
          The requests go through the router and the pools of a weir.yaml, in virtual time: nothing is sent to an
          engine.
        </p>
        <JobForm job={job} verb="Simulate" doing="Playing…" onStart={() => void simulate()}>
          <TraceFields draft={trace} onChange={setTrace} onTrouble={job.refuse} />
          <ArrivalFields draft={arrivals} state={state} onChange={setArrivals} />
          <OptionalNumberField
            label="Not counted at the beginning, s"
            value={warmUp}
            placeholder="all are counted"
            min={0.01}
            max={31_536_000}
            onChange={setWarmUp}
          />
          <NumberField
            label="Runs, each with other draws"
            value={runs}
            min={1}
            max={MOST_RUNS}
            onChange={given => setRuns(Math.round(given))}
          />
          <ConfigurationField
            titles={['Through the configuration in force', 'Through a changed configuration']}
            label="weir.yaml to be played; nothing of it is put in force"
            known={known}
            text={text}
            onChange={setText}
          />
          <CatalogueField text={catalogue} onChange={setCatalogue} />
        </JobForm>
      </Panel>
      {moments.length === 0 ? undefined : <Moments moments={moments} />}
      {report === undefined ? undefined : <SimulationResult report={report} />}
    </>
  );
}
