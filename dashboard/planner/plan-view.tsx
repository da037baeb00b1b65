import type { PlannedFleet, PlanReport } from '../api/types.js';
import { XyChart } from '../charts/xy-chart.js';
import { count, duration, percent, short, usd } from '../format.js';
import { Empty, Panel } from '../ui/parts.js';
import { numbers, Table } from '../ui/table.js';
import { fleetName } from './fleet-name.js';
import { BuyingPanel, Holds, OverTimePanel, PowerPanel } from './plan-extent.js';
import { TierPanel } from './tier-panel.js';

/** What a budget carries, and what ends it. */
function Carried({ plan: { budget } }: { plan: PlanReport }) {
  if (budget === null) return undefined;
  const { usd_per_hour: sum, left_usd_per_hour: left, rate, times_trace: times, because } = budget;
  return (
    <>
      <li>
        {usd(sum)} an hour carry {rate.toFixed(2)} requests a second, {times.toPrecision(3)} times as many as come;{' '}
        {usd(left)} are left
      </li>
      {because.map(reason => (
        <li key={reason}>{reason}</li>
      ))}
    </>
  );
}

/** A plan: the fleet, why it is that one, what else held, what breaks it. */
export function PlanView({ plan }: { plan: PlanReport }) {
  const { best } = plan;
  if (best === null) {
    return (
      <Panel title="The fleet" id="plan-best">
        <Empty title="No fleet that was tried holds this in the twin.">
          <p class="hint">A later first token, other GPUs or fewer requests may do.</p>
        </Empty>
        <Workload plan={plan} />
      </Panel>
    );
  }
  const [low = 0, high = 0] = best.verified.p99_ttft_interval_ms;
  return (
    <>
      <Panel
        title="The cheapest fleet that held"
        id="plan-best"
        aside={<p class="hint">{`${plan.model}, weights ${plan.weights}, KV ${plan.kv_cache}`}</p>}
      >
        <dl class="figures">
          <Figure name="Fleet" value={fleetName(best)} more={`${count(best.gpus)} GPUs`} />
          <Figure name="An hour" value={usd(best.usd_per_hour)} more={`${usd(best.usd_per_hour * 24 * 365)} a year`} />
          <Figure
            name="First token, P99"
            value={duration(best.verified.p99_ttft_ms)}
            more={`${best.verified.seeds} patterns, ${duration(Math.max(0, low))} to ${duration(high)}`}
          />
          <Figure
            name="Per output token"
            value={duration(best.verified.tpot_ms)}
            more={`at most ${duration(plan.slo.tpot_ms)}`}
          />
          <Figure
            name="Power"
            value={`${(best.watts / 1000).toFixed(1)} kW`}
            more={`${best.tokens_per_joule.toFixed(2)} output tokens a joule`}
          />
          <Figure
            name="Played in the twin"
            value={short(plan.requests_played)}
            more={`requests, in ${plan.wall_s.toFixed(1)} s`}
          />
        </dl>
        <ul class="reasons">
          <Carried plan={plan} />
          {plan.why.map(reason => (
            <li key={reason}>{reason}</li>
          ))}
          {plan.next === null ? undefined : (
            <li>
              the next fleet, {fleetName(plan.next.fleet)}, costs {usd(plan.next.usd_per_hour_more)} an hour more (
              {percent(plan.next.share_more)})
            </li>
          )}
          {plan.screen.trusted ? undefined : (
            <li>
              the closed form only screens here: {plan.screen.because.join('; ')}; what is shown has held in the twin
            </li>
          )}
        </ul>
        <Workload plan={plan} />
      </Panel>
      <Panel title="Fleets that held" id="plan-pareto">
        <div class="charts">
          <XyChart
            id="chart-pareto"
            title="Price and first token"
            xLabel="USD an hour"
            format={duration}
            formatX={usd}
            empty="Nothing held."
            marks={[{ at: plan.slo.ttft_p99_ms, axis: 'y', name: 'SLO' }]}
            series={dots(plan, best, ({ verified }) => verified.p99_ttft_ms)}
          />
          <XyChart
            id="chart-energy"
            title="Price and energy"
            xLabel="USD an hour"
            format={value => value.toFixed(2)}
            formatX={usd}
            empty="Nothing held."
            series={dots(plan, best, fleet => fleet.tokens_per_joule)}
          />
        </div>
        <FleetTable plan={plan} />
      </Panel>
      <Panel title="What breaks it" id="plan-stress">
        <Table
          label="What breaks it"
          columns={['Change', 'The fleet', ...numbers('First token, P99', 'Per token')]}
          rows={plan.sensitivity}
        >
          {({ change, holds, p99_ttft_ms: p99, tpot_ms: time }) => (
            <tr key={change}>
              <th scope="row">{change}</th>
              <td>
                <Holds holds={holds} />
              </td>
              <td class="number">{p99 === null ? '–' : duration(p99)}</td>
              <td class="number">{time === null ? '–' : duration(time)}</td>
            </tr>
          )}
        </Table>
      </Panel>
      <TierPanel tiers={plan.tiers} />
      <BuyingPanel buying={plan.buying} />
      <PowerPanel cuts={plan.demand_response} />
      <OverTimePanel moving={plan.over_time} />
    </>
  );
}

function Workload({ plan }: { plan: PlanReport }) {
  const boundaries = plan.best?.pools.flatMap(({ boundary }) => (boundary === null ? [] : [boundary])) ?? [];
  return (
    <div class="charts">
      <XyChart
        id="chart-lengths"
        title="Length of requests"
        xLabel="tokens of prompt and answer"
        logarithmic
        format={percent}
        formatX={short}
        empty="No requests."
        marks={boundaries.map(at => ({ at, axis: 'x' as const, name: `boundary, ${short(at)}` }))}
        series={[{ name: 'no longer than', kind: 'median', points: plan.workload.lengths }]}
      />
      <XyChart
        id="chart-rate"
        title="Rate"
        xLabel="minutes"
        format={short}
        formatX={minutes => minutes.toFixed(minutes < 10 ? 1 : 0)}
        empty="No requests."
        series={[{ name: 'requests a second', kind: 'median', points: plan.workload.rate_over_time }]}
      />
    </div>
  );
}

function FleetTable({ plan }: { plan: PlanReport }) {
  return (
    <Table
      label="Fleets that held"
      columns={['Fleet', ...numbers('An hour', 'First token, P99', 'Per token', 'Tokens a joule', 'Power')]}
      rows={plan.pareto}
    >
      {fleet => (
        <tr key={fleetName(fleet)}>
          <th scope="row">{fleetName(fleet)}</th>
          <td class="number">{usd(fleet.usd_per_hour)}</td>
          <td class="number">{duration(fleet.verified.p99_ttft_ms)}</td>
          <td class="number">{duration(fleet.verified.tpot_ms)}</td>
          <td class="number">{fleet.tokens_per_joule.toFixed(2)}</td>
          <td class="number">{(fleet.watts / 1000).toFixed(1)} kW</td>
        </tr>
      )}
    </Table>
  );
}

function dots(plan: PlanReport, best: PlannedFleet, of: (fleet: PlannedFleet) => number) {
  const others = plan.pareto.filter(fleet => fleetName(fleet) !== fleetName(best));
  const seriesOf = (name: string, kind: string, fleets: readonly PlannedFleet[]) => ({
    ...{ name, kind, points: fleets.map(fleet => [fleet.usd_per_hour, of(fleet)]) },
    names: fleets.map(fleet => `${fleetName(fleet)}: ${usd(fleet.usd_per_hour)} an hour`),
  });
  return [
    seriesOf('cheapest', 'answered', [best]),
    ...(others.length === 0 ? [] : [seriesOf('others', 'p95', others)]),
  ];
}

function Figure({ name, value, more }: { name: string; value: string; more: string }) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>
        <span class="figure-value">{value}</span>
        <span class="figure-more">{more}</span>
      </dd>
    </div>
  );
}
