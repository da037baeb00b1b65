import { TimeChart } from '../charts/time-chart.js';
import { duration, short, usd } from '../format.js';
import type { Overview } from './page.js';

export function OverviewCharts({ overview }: { overview: Overview }) {
  const { points, step_ms: stepMs, best_model: best } = overview;
  const at = points.map(point => point.at);
  const common = { at, stepMs };
  return (
    <div class="charts">
      <TimeChart
        {...common}
        id="chart-traffic"
        title="Requests"
        form="bars"
        format={short}
        empty="No request in this time."
        series={[
          { name: 'answered', kind: 'answered', values: points.map(({ answered }) => answered) },
          { name: 'refused or left', kind: 'refused', values: points.map(p => p.refused + p.cancelled) },
          { name: 'failed', kind: 'failed', values: points.map(({ failed }) => failed) },
        ]}
      />
      <TimeChart
        {...common}
        id="chart-latency"
        title="Time to first token"
        form="lines"
        format={duration}
        empty="No answer was streamed in this time."
        series={[
          { name: 'median', kind: 'median', values: points.map(({ ttft_ms: times }) => times?.p50) },
          { name: 'p95', kind: 'p95', values: points.map(({ ttft_ms: times }) => times?.p95) },
        ]}
      />
      <TimeChart
        {...common}
        id="chart-cost"
        title="Cost"
        form="lines"
        format={usd}
        empty="Nothing was charged in this time."
        series={[
          { name: 'with Weir', kind: 'cost', values: points.map(p => p.cost_usd) },
          {
            name: best === undefined ? 'best model' : `all on ${best}`,
            kind: 'baseline',
            values: points.map(p => p.baseline_usd),
          },
        ]}
      />
      <TimeChart
        {...common}
        id="chart-tokens"
        title="Tokens"
        form="bars"
        format={short}
        empty="No tokens in this time."
        series={[
          { name: 'answers', kind: 'answers', values: points.map(p => p.completion_tokens) },
          { name: 'prompts', kind: 'prefill', values: points.map(p => p.prompt_tokens - p.cached_tokens) },
          { name: 'prompts from cache', kind: 'cached', values: points.map(p => p.cached_tokens) },
        ]}
      />
    </div>
  );
}
