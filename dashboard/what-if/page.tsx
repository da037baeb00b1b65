import { useState } from 'preact/hooks';
import type { WhatIfReport } from '../api/types.js';
import type { PageProps } from '../app.js';
import { CatalogueField } from '../planner/catalogue-field.js';
import { FIRST_TRACE, sourceOf, TraceFields } from '../planner/trace-fields.js';
import { ArrivalFields, arrivalsOf, FIRST_ARRIVALS } from '../simulation/arrival-fields.js';
import { ConfigurationField, useKnownConfigurations } from '../simulation/configuration-field.js';
import { JobForm, useJob } from '../ui/job.js';
import { NumberField } from '../ui/number-field.js';
import { Panel } from '../ui/parts.js';
import { Comparison } from './comparison.js';

const MOST_PATTERNS = 16;

/** The same requests through two configurations, in virtual time: what the second would change. */
export function WhatIfPage({ state }: PageProps) {
  const known = useKnownConfigurations();
  const [trace, setTrace] = useState(FIRST_TRACE);
  const [arrivals, setArrivals] = useState(FIRST_ARRIVALS);
  const [patterns, setPatterns] = useState(5);
  const [first, setFirst] = useState<string | undefined>(undefined);
  const [second, setSecond] = useState<string | undefined>(undefined);
  const [catalogue, setCatalogue] = useState('');
  const [report, setReport] = useState<WhatIfReport | undefined>(undefined);
  const job = useJob('/api/what-if');

  const compare = (): void => {
    const source = sourceOf(trace);
    if (typeof source === 'string') {
      job.refuse(source);
      return;
    }
    if (second === undefined) {
      job.refuse('Change something in the second configuration first, or begin with another version of it.');
      return;
    }
    setReport(undefined);
    const body = {
      ...{ trace: source, second, seeds: patterns, ...arrivalsOf(arrivals) },
      ...(first === undefined ? {} : { first }),
      ...(catalogue.trim() === '' ? {} : { catalogue }),
    };
    void job.run(body, event => setReport(event.data));
  };

  return (
    <>
      <h1>What if</h1>
      <Panel title="What is to be compared" id="what-if-input">
        <p class="hint">
          The same requests go through both, in virtual time, begun at several places; nothing is sent to an engine, and
          nothing of what is written here is put in force.
        </p>
        <JobForm job={job} verb="Compare" doing="Comparing…" onStart={compare}>
          <TraceFields draft={trace} onChange={setTrace} onTrouble={job.refuse} />
          <ArrivalFields draft={arrivals} state={state} onChange={setArrivals} />
          <NumberField
            label="Arrival patterns"
            value={patterns}
            min={2}
            max={MOST_PATTERNS}
            onChange={given => setPatterns(Math.round(given))}
          />
          <ConfigurationField
            titles={['As it is: the configuration in force', 'As it is: another configuration']}
            label="The first weir.yaml"
            known={known}
            text={first}
            onChange={setFirst}
          />
          <ConfigurationField
            titles={['As it might be: not changed yet', 'As it might be: changed']}
            label="The second weir.yaml"
            open
            known={known}
            text={second}
            onChange={setSecond}
          />
          <CatalogueField text={catalogue} onChange={setCatalogue} />
        </JobForm>
      </Panel>
      {report === undefined ? undefined : <Comparison report={report} />}
    </>
  );
}
