import { useState } from 'preact/hooks';
import { call } from '../api/client.js';
import type { WhatIfReport } from '../api/types.js';
import { CatalogueField } from '../planner/catalogue-field.js';
import { FIRST_TRACE, NumberField, OptionalNumberField, sourceOf, TraceFields } from '../planner/trace-fields.js';
import { ConfigurationField } from '../simulation/configuration-field.js';
import { JobForm, useJob } from '../ui/job.js';
import { Panel } from '../ui/parts.js';
import { useResource } from '../ui/resource.js';
import { Comparison } from './comparison.js';

const MOST_PATTERNS = 16;

/** The same requests through two configurations, in virtual time: what the second would change. */
export function WhatIfPage() {
  const inForce = useResource('configuration', signal => call('GET /api/configuration', { signal }));
  const [trace, setTrace] = useState(FIRST_TRACE);
  const [scale, setScale] = useState(1);
  const [rate, setRate] = useState('');
  const [patterns, setPatterns] = useState(5);
  const [first, setFirst] = useState<string | undefined>(undefined);
  const [second, setSecond] = useState<string | undefined>(undefined);
  const [catalogue, setCatalogue] = useState('');
  const [report, setReport] = useState<WhatIfReport | undefined>(undefined);
  const job = useJob('/api/what-if');

  const compare = (): void => {
    const source = sourceOf(trace);
    if (source === undefined) {
      job.refuse('Choose a trace file first.');
      return;
    }
    if (second === undefined) {
      job.refuse('Change something in the second configuration first.');
      return;
    }
    setReport(undefined);
    const body = {
      ...{ trace: source, second, seeds: patterns },
      ...(rate === '' ? { rate_scale: scale } : { rate: Number(rate) }),
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
          <NumberField label="Times as fast" value={scale} min={0.01} max={1000} onChange={setScale} />
          <OptionalNumberField
            label="Drawn at so many requests a second"
            value={rate}
            placeholder="as they came"
            min={0.01}
            max={1e6}
            onChange={setRate}
          />
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
            inForce={inForce}
            text={first}
            onChange={setFirst}
          />
          <ConfigurationField
            titles={['As it might be: not changed yet', 'As it might be: changed']}
            label="The second weir.yaml"
            open
            inForce={inForce}
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
