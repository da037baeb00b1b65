// deploy/grafana/weir.json: the dashboard for Grafana, described here row by row. test/deploy holds it to the metrics that a gateway exports.

const JOB = 'job=~"$job",instance=~"$instance"';
const rate = (metric, labels = '') => `rate(${metric}{${JOB}${labels && `,${labels}`}}[$__rate_interval])`;
const sum = (by, what) => `sum by (${by}) (${what})`;
const quantile = (q, metric, by) => `histogram_quantile(${q}, ${sum(`${by}, le`, rate(`${metric}_bucket`))})`;
const gauge = metric => `${metric}{${JOB}}`;

/** Title, unit, queries by legend; `stack` for parts of a whole, `bad` for the value from which a single figure is red. */
const ROWS = {
  Overview: [
    { title: 'Requests a second', unit: 'reqps', single: true, queries: { '': sum('', rate('weir_requests_total')) } },
    {
      title: 'Failed',
      unit: 'percentunit',
      single: true,
      bad: 0.01,
      queries: {
        '': `(sum(${rate('weir_requests_total', 'status=~"failed|cut"')}) or vector(0)) / (sum(${rate('weir_requests_total', 'status=~"answered|failed|cut"')}) > 0)`,
      },
    },
    {
      title: 'Time to first byte, p95',
      unit: 's',
      single: true,
      queries: { '': quantile(0.95, 'weir_ttft_seconds', 'job') },
    },
    {
      title: 'USD an hour',
      unit: 'currencyUSD',
      single: true,
      queries: { '': `3600 * sum(${rate('weir_cost_usd_total')})` },
    },
    { title: 'Open requests', unit: 'short', single: true, queries: { '': `sum(${gauge('weir_in_flight')})` } },
    {
      title: 'Databases away',
      unit: 'short',
      single: true,
      bad: 1,
      queries: { '': `count(${gauge('weir_identity_up')} == 0 or ${gauge('weir_records_up')} == 0) or vector(0)` },
    },
  ],
  Traffic: [
    {
      title: 'Requests by outcome',
      unit: 'reqps',
      stack: true,
      queries: { '{{status}}': sum('status', rate('weir_requests_total')) },
    },
    {
      title: 'Requests by model',
      unit: 'reqps',
      stack: true,
      queries: { '{{model}}': sum('model', rate('weir_requests_total')) },
    },
    {
      title: 'Requests by decision',
      unit: 'reqps',
      stack: true,
      queries: { '{{decision}}': sum('decision', rate('weir_requests_total')) },
    },
    {
      title: 'Refused',
      unit: 'reqps',
      stack: true,
      queries: {
        '{{code}}': sum('code', rate('weir_refused_total')),
        'identity: {{code}}': sum('code', rate('weir_identity_refusals_total')),
      },
    },
    {
      title: 'Tokens a second',
      unit: 'short',
      stack: true,
      queries: { '{{model}} {{kind}}': sum('model, kind', rate('weir_tokens_total')) },
    },
    {
      title: 'USD an hour by model',
      unit: 'currencyUSD',
      stack: true,
      queries: { '{{model}}': `3600 * ${sum('model', rate('weir_cost_usd_total'))}` },
    },
  ],
  Latency: [
    {
      title: 'Arrival to first byte, p95',
      unit: 's',
      queries: { '{{model}}': quantile(0.95, 'weir_ttft_seconds', 'model') },
    },
    { title: 'Time per token, p95', unit: 's', queries: { '{{model}}': quantile(0.95, 'weir_tpot_seconds', 'model') } },
    {
      title: 'Arrival to last byte, p95',
      unit: 's',
      queries: { '{{model}}': quantile(0.95, 'weir_request_duration_seconds', 'model') },
    },
    {
      title: 'Waited for a place, p95',
      unit: 's',
      queries: { '{{pool}}': quantile(0.95, 'weir_queue_seconds', 'pool') },
    },
    { title: 'Signals, p99', unit: 's', queries: { '{{signal}}': quantile(0.99, 'weir_signal_seconds', 'signal') } },
    {
      title: 'Signals that came to be unknown',
      unit: 'ops',
      queries: { '{{signal}}': sum('signal', rate('weir_signals_total', 'state="unknown"')) },
    },
  ],
  Pools: [
    {
      title: 'Load',
      unit: 'percentunit',
      queries: {
        '{{pool}}': `${sum('pool', gauge('weir_pool_in_flight'))} / (${sum('pool', gauge('weir_pool_limit'))} > 0)`,
      },
    },
    {
      title: 'Waiting',
      unit: 'short',
      queries: {
        '{{pool}}': sum('pool', gauge('weir_pool_queued')),
        '{{pool}} limit': sum('pool', gauge('weir_pool_queue_limit')),
      },
    },
    {
      title: 'First in line has waited',
      unit: 's',
      queries: { '{{pool}}': `max by (pool) (${gauge('weir_pool_queue_oldest_seconds')})` },
    },
    {
      title: 'Replicas that take requests',
      unit: 'short',
      queries: { '{{pool}}': `min by (pool) (${gauge('weir_pool_replicas_available')})` },
    },
    {
      title: 'Replicas away',
      unit: 'short',
      queries: { '{{replica}}': `1 - min by (replica) (${gauge('weir_replica_available')})` },
    },
    {
      title: 'Attempts that failed',
      unit: 'reqps',
      queries: { '{{replica}} {{status}}': sum('replica, status', rate('weir_attempts_total', 'status!="answered"')) },
    },
  ],
  Gateways: [
    { title: 'CPU', unit: 'percentunit', queries: { '{{instance}}': rate('process_cpu_seconds_total') } },
    {
      title: 'Memory',
      unit: 'bytes',
      queries: {
        '{{instance}}': gauge('process_resident_memory_bytes'),
        '{{instance}} heap': `nodejs_heap_bytes{${JOB},kind="used"}`,
      },
    },
    {
      title: 'Event loop late, p99',
      unit: 's',
      queries: { '{{instance}}': gauge('nodejs_eventloop_lag_p99_seconds') },
    },
    {
      title: 'Open requests and their limit',
      unit: 'short',
      queries: { '{{instance}}': gauge('weir_in_flight'), '{{instance}} limit': gauge('weir_in_flight_limit') },
    },
    { title: 'Connections of clients', unit: 'short', queries: { '{{instance}}': gauge('weir_connections') } },
    {
      title: 'Configuration in force',
      unit: 'short',
      queries: { '{{version}}': `count by (version) (${gauge('weir_config_info')})` },
    },
  ],
  Stores: [
    { title: 'Records that wait', unit: 'short', queries: { '{{instance}}': gauge('weir_records_backlog') } },
    { title: 'Records dropped, in all', unit: 'short', queries: { '{{instance}}': gauge('weir_records_dropped') } },
    {
      title: 'Spending not yet written',
      unit: 'currencyUSD',
      queries: { '{{instance}} {{kind}}': gauge('weir_spend_unwritten_usd') },
    },
  ],
};

const DATASOURCE = { type: 'prometheus', uid: '$datasource' };
const COLUMNS = 24;

function panel({ title, unit, queries, single = false, stack = false, bad }, id, gridPos) {
  const steps = [{ color: 'green', value: null }, ...(bad === undefined ? [] : [{ color: 'red', value: bad }])];
  return {
    id,
    type: single ? 'stat' : 'timeseries',
    title,
    datasource: DATASOURCE,
    gridPos,
    fieldConfig: {
      defaults: {
        unit,
        thresholds: { mode: 'absolute', steps },
        ...(single
          ? {}
          : { min: 0, custom: { fillOpacity: stack ? 30 : 0, stacking: { mode: stack ? 'normal' : 'none' } } }),
      },
      overrides: [],
    },
    options: single
      ? {
          colorMode: bad === undefined ? 'none' : 'value',
          graphMode: 'area',
          reduceOptions: { calcs: ['lastNotNull'] },
        }
      : {
          legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
          tooltip: { mode: 'multi', sort: 'desc' },
        },
    targets: Object.entries(queries).map(([legendFormat, expr], at) => ({
      refId: String.fromCharCode(65 + at),
      datasource: DATASOURCE,
      expr: expr.replace('sum by () ', 'sum '),
      legendFormat,
    })),
  };
}

function variable(name, label, query) {
  return {
    name,
    label,
    type: 'query',
    datasource: DATASOURCE,
    query: { query, refId: name },
    includeAll: true,
    multi: true,
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
    refresh: 2,
    sort: 1,
  };
}

export function grafanaDashboard() {
  const panels = [];
  let y = 0;
  for (const [title, row] of Object.entries(ROWS)) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
      panels: [],
    });
    y++;
    const single = row[0].single;
    const width = single ? COLUMNS / row.length : 8;
    const height = single ? 4 : 8;
    row.forEach((entry, at) => {
      const x = (at * width) % COLUMNS;
      panels.push(panel(entry, panels.length + 1, { x, y, w: width, h: height }));
      if (x + width === COLUMNS || at === row.length - 1) y += height;
    });
  }
  return {
    uid: 'weir',
    title: 'Weir',
    description:
      'Traffic, latency, cost and health of Weir gateways. Generated by `npm run docs` from scripts/docs/grafana.mjs.',
    tags: ['weir', 'llm'],
    timezone: 'browser',
    editable: true,
    graphTooltip: 1,
    schemaVersion: 39,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
        variable('job', 'Job', 'label_values(weir_build_info, job)'),
        variable('instance', 'Gateway', 'label_values(weir_build_info{job=~"$job"}, instance)'),
      ],
    },
    annotations: { list: [] },
    panels,
  };
}
