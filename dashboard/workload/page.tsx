import { type Answer, call } from '../api/client.js';
import type { WorkloadSeries } from '../api/types.js';
import { seriesKind } from '../charts/series-kinds.js';
import { TimeChart } from '../charts/time-chart.js';
import { count, percent, short } from '../format.js';
import { Empty, ErrorNote, Loading, Panel, Share } from '../ui/parts.js';
import { useResource } from '../ui/resource.js';
import { numbers, Table } from '../ui/table.js';

type Workload = Answer<'GET /api/workload'>;

const EVERY_MS = 60_000;
/** Colours of kinds, in their order. */
const ARCHETYPES = {
  'concentrated-below': 'concentrated below: most requests are short',
  dispersed: 'dispersed: most are short, with a long tail',
  'concentrated-above': 'concentrated above: many are long',
} as const;

/** What arrives here: lengths, kinds and their rates, and what is expected of the next quarter of an hour. */
export function WorkloadPage() {
  const { value, error, reload } = useResource('workload', signal => call('GET /api/workload', { signal }), EVERY_MS);
  return (
    <>
      <h1>Workload</h1>
      <ErrorNote error={error} retry={reload} />
      {value === undefined ? (
        error === undefined ? (
          <Loading what="Reading the last day" />
        ) : undefined
      ) : value.requests === 0 ? (
        <Empty title="Nothing to learn from yet.">
          <p class="hint">Requests are counted in windows of five minutes; the first shows when it is whole.</p>
        </Empty>
      ) : (
        <Learned workload={value} />
      )}
    </>
  );
}

function Learned({ workload }: { workload: Workload }) {
  const { lengths, at, window_ms: windowMs, kinds, models, scores, requests } = workload;
  const { prompt, output, archetype } = lengths;
  return (
    <>
      <Panel
        title="What it is like"
        id="workload-shape"
        aside={<p class="hint">{short(requests)} requests in the last day</p>}
      >
        <ul class="reasons">
          {archetype === undefined ? undefined : (
            <li>
              {ARCHETYPES[archetype]}; {percent(lengths.short_share)} of requests have at most 8,192 tokens, and lengths
              a squared coefficient of variation of {lengths.cv2.toFixed(2)}
            </li>
          )}
          {prompt === undefined || output === undefined ? undefined : (
            <li>
              prompts of {short(prompt.p50)} tokens in the median and {short(prompt.p99)} at the 99th percentile,
              answers of {short(output.p50)} and {short(output.p99)}
            </li>
          )}
        </ul>
        <div class="charts">
          <TimeChart
            id="chart-kinds"
            title="Requests by kind, in five minutes"
            form="bars"
            at={at}
            stepMs={windowMs}
            format={short}
            empty="No requests."
            series={kinds.map(({ name, requests: values }, i) => ({
              ...{ name, values },
              kind: seriesKind(i),
            }))}
          />
        </div>
        <SeriesTable of="Kind" rows={kinds} />
      </Panel>
      <Panel title="By model" id="workload-models">
        <SeriesTable of="Model" rows={models} />
      </Panel>
      <Panel title="How good the forecasts were" id="workload-scores">
        <p class="hint">
          Mean absolute error of the last three hours, in requests a window: each forecast made from what came before
          it, beside two controls.
        </p>
        <Table
          label="Errors of the forecasts"
          columns={['Ahead', ...numbers('Forecast', 'As it is now', 'All, by share', 'Compared')]}
          rows={scores}
        >
          {({ minutes, forecast, last_value: last, aggregate, count: compared }) => (
            <tr key={minutes}>
              <th scope="row">{minutes} min</th>
              <td class="number">{compared === 0 ? '–' : forecast.toFixed(2)}</td>
              <td class="number">{compared === 0 ? '–' : last.toFixed(2)}</td>
              <td class="number">{compared === 0 ? '–' : aggregate.toFixed(2)}</td>
              <td class="number">{count(compared)}</td>
            </tr>
          )}
        </Table>
      </Panel>
    </>
  );
}

function SeriesTable({ of, rows }: { of: string; rows: readonly WorkloadSeries[] }) {
  return (
    <Table
      label={`Requests by ${of.toLowerCase()}`}
      columns={[
        of,
        ...numbers('Share', 'Prompt, mean', 'Answer, mean', 'Last 5 min', 'In 5 min', 'In 10 min', 'In 15 min'),
      ]}
      rows={rows}
    >
      {({ name, share, prompt_tokens: prompt, output_tokens: output, requests, forecasts }) => (
        <tr key={name}>
          <th scope="row">
            {name}
            <Share value={share} />
          </th>
          <td class="number">{percent(share)}</td>
          <td class="number">{short(prompt)}</td>
          <td class="number">{short(output)}</td>
          <td class="number">{count(requests.at(-1) ?? 0)}</td>
          {forecasts.map(({ minutes, requests: expected, low, high }) => (
            <td key={minutes} class="number">
              {expected.toFixed(1)}{' '}
              <small>
                {low.toFixed(0)}–{high.toFixed(0)}
              </small>
            </td>
          ))}
        </tr>
      )}
    </Table>
  );
}
