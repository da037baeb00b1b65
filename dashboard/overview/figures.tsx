import type { ComponentChildren } from 'preact';
import { count, duration, percent, short, usd } from '../format.js';
import type { Overview } from './page.js';

/** The numbers that matter, each with what it means. */
export function Figures({ overview, upMs }: { overview: Overview; upMs: number | undefined }) {
  const { total, best_model: best, in_flight: open, queued } = overview;
  const perSecond = total.requests / Math.max(1, watchedMs(overview, upMs) / 1000);
  const saved = total.baseline_usd - total.cost_usd;
  const ended = total.answered + total.failed;
  return (
    <dl class="figures">
      <Figure name="Requests" value={short(total.requests)}>
        {total.requests === 0 ? 'none' : rate(perSecond)} · {count(open)} open, {count(queued)} queued
      </Figure>
      <Latency overview={overview} />
      <Figure
        name="Failed"
        value={ended === 0 ? '–' : percent(total.failed / ended)}
        tone={total.failed > 0 ? 'bad' : undefined}
      >
        {count(total.failed)} of {count(ended)} · {count(total.refused)} refused, {count(total.cancelled)} left
      </Figure>
      <Figure name="Tokens" value={short(total.prompt_tokens + total.completion_tokens)}>
        {short(total.prompt_tokens)} in · {short(total.completion_tokens)} out ·{' '}
        {total.prompt_tokens === 0 ? 'no' : percent(total.cached_tokens / total.prompt_tokens)} cached
      </Figure>
      <Figure name="Cost" value={usd(total.cost_usd)}>
        {total.answered === 0 ? 'at configured prices' : `${usd(total.cost_usd / total.answered)} an answer`}
      </Figure>
      <Figure
        name="Saved"
        value={total.baseline_usd === 0 ? '–' : percent(saved / total.baseline_usd)}
        tone={saved > 0 ? 'good' : undefined}
      >
        {best === undefined || total.baseline_usd === 0
          ? 'against always asking the best model'
          : `${usd(Math.abs(saved))} ${saved < 0 ? 'more' : 'less'} than ${best} for all`}
      </Figure>
    </dl>
  );
}

/** Of the window, how much this gateway can have seen: it may have begun within it, and with nothing kept of before. */
function watchedMs({ from, to, step_ms: step, points }: Overview, upMs = Number.POSITIVE_INFINITY): number {
  const first = points.find(({ requests }) => requests > 0)?.at ?? from;
  return to - Math.max(from, Math.min(first + step, to - upMs));
}

function rate(perSecond: number): string {
  return perSecond >= 0.1 ? `${perSecond.toPrecision(2)} a second` : `${(perSecond * 60).toPrecision(2)} a minute`;
}

/** To the first token, or to the end where no answer was streamed. */
function Latency({ overview: { ttft_ms: ttft, e2e_ms: whole } }: { overview: Overview }) {
  const times = ttft ?? whole;
  return (
    <Figure
      name={ttft === undefined && whole !== undefined ? 'Whole answer, median' : 'First token, median'}
      value={times === undefined ? '–' : duration(times.p50)}
    >
      {times === undefined ? 'nothing answered yet' : `p95 ${duration(times.p95)} · p99 ${duration(times.p99)}`}
    </Figure>
  );
}

function Figure(props: {
  name: string;
  value: string;
  tone?: 'good' | 'bad' | undefined;
  children: ComponentChildren;
}) {
  const { name, value, tone, children } = props;
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>
        <span class={`figure-value ${tone ?? ''}`}>{value}</span>
        <span class="figure-more">{children}</span>
      </dd>
    </div>
  );
}
